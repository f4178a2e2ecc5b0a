import { defineTexts } from "#web/i18n/text.ts";

export const shellTexts = defineTexts({
  skip: { en: "To the content", de: "Zum Inhalt" },
  navigation: { en: "Pages", de: "Seiten" },
  openMenu: { en: "Open the menu", de: "Menü öffnen" },
  closeMenu: { en: "Close the menu", de: "Menü schließen" },
  search: { en: "Go to …", de: "Gehe zu …" },
  account: { en: "Account {name}", de: "Konto {name}" },
  themeLight: { en: "Light", de: "Hell" },
  themeDark: { en: "Dark", de: "Dunkel" },
  themeSystem: { en: "As the system", de: "Wie das System" },
  signOut: { en: "Sign out", de: "Abmelden" },
  live: { en: "Live", de: "Live" },
  liveHint: { en: "Changes appear as they happen", de: "Änderungen erscheinen sofort" },
  connecting: { en: "Connecting", de: "Verbindet" },
  offline: { en: "Offline", de: "Getrennt" },
  offlineHint: { en: "The manager cannot be reached; trying again", de: "Der Manager ist nicht erreichbar; neuer Versuch läuft" },
  idleTitle: { en: "Still there?", de: "Noch da?" },
  idleText: {
    en: {
      one: "You will be signed out in {count} second for want of use.",
      other: "You will be signed out in {count} seconds for want of use.",
    },
    de: {
      one: "In {count} Sekunde werden Sie mangels Aktivität abgemeldet.",
      other: "In {count} Sekunden werden Sie mangels Aktivität abgemeldet.",
    },
  },
  idleStay: { en: "Stay signed in", de: "Angemeldet bleiben" },
  expiryTitle: { en: "This session ends soon", de: "Diese Sitzung endet bald" },
  expiryText: {
    en: {
      one: "It ends in {count} minute however much it is used. Save what you do and sign in again.",
      other: "It ends in {count} minutes however much it is used. Save what you do and sign in again.",
    },
    de: {
      one: "Sie endet in {count} Minute, auch wenn Sie sie nutzen. Speichern Sie und melden Sie sich neu an.",
      other: "Sie endet in {count} Minuten, auch wenn Sie sie nutzen. Speichern Sie und melden Sie sich neu an.",
    },
  },
  replacedTitle: { en: "Signed in anew in another tab", de: "In einem anderen Tab neu angemeldet" },
  replacedText: {
    en: "This page belongs to the session before. Load it anew to go on.",
    de: "Diese Seite gehört zur vorigen Sitzung. Laden Sie sie neu.",
  },
});

export const navigationTexts = defineTexts({
  overview: { en: "Overview", de: "Übersicht" },
  jobs: { en: "Jobs", de: "Jobs" },
  runs: { en: "Runs", de: "Läufe" },
  nodes: { en: "Nodes", de: "Knoten" },
  access: { en: "Access", de: "Rechte" },
  accounts: { en: "Accounts", de: "Konten" },
  audit: { en: "Audit", de: "Audit" },
  settings: { en: "Settings", de: "Einstellungen" },
  profile: { en: "Profile", de: "Profil" },
});

export const paletteTexts = defineTexts({
  title: { en: "Go to or do", de: "Gehe zu oder führe aus" },
  placeholder: { en: "Page, job, node, action …", de: "Seite, Job, Knoten, Aktion …" },
  actions: { en: "Actions", de: "Aktionen" },
  nothing: { en: "Nothing is called that", de: "Nichts heißt so" },
  results: { en: { one: "{count} result", other: "{count} results" }, de: { one: "{count} Treffer", other: "{count} Treffer" } },
});

export const shortcutTexts = defineTexts({
  title: { en: "Keyboard shortcuts", de: "Tastenkürzel" },
  palette: { en: "Go to a page or do something", de: "Zu einer Seite gehen oder etwas ausführen" },
  sheet: { en: "This list", de: "Diese Liste" },
  goTo: { en: "Go to {page}", de: "Gehe zu {page}" },
  rows: { en: "Move through rows", de: "Durch Zeilen gehen" },
  open: { en: "Open the row", de: "Zeile öffnen" },
  firstLast: { en: "First, last row", de: "Erste, letzte Zeile" },
  filter: { en: "To the filter of the page", de: "Zum Filter der Seite" },
  close: { en: "Close what is open", de: "Schließen, was offen ist" },
  everywhere: { en: "Everywhere", de: "Überall" },
  inTables: { en: "In tables", de: "In Tabellen" },
  /** As they are printed on the keyboards of the language. */
  keyControl: { en: "Ctrl", de: "Strg" },
  keyHome: { en: "Home", de: "Pos1" },
  keyEnd: { en: "End", de: "Ende" },
  keyEnter: { en: "Enter", de: "Eingabe" },
  thenKey: { en: "then", de: "dann" },
});

/** Each language in its own words, so that whoever chose the wrong one finds back. */
export const languageTexts = defineTexts({
  en: { en: "English", de: "English" },
  de: { en: "Deutsch", de: "Deutsch" },
  system: { en: "As the browser", de: "Wie der Browser" },
});
