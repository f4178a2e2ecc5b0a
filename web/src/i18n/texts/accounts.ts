import { defineTexts } from "#web/i18n/text.ts";

export const accountsTexts = defineTexts({
  about: { en: "Who can sign in here.", de: "Wer sich hier anmelden kann." },
  parts: { en: "Parts of Accounts", de: "Teile der Konten" },
  name: { en: "Account name", de: "Kontoname" },
  groupsText: { en: "names with commas between", de: "Namen, durch Komma getrennt" },
  lastLogin: { en: "Last sign-in", de: "Letzte Anmeldung" },
  created: { en: "Created", de: "Angelegt" },
  search: { en: "Name or group", de: "Name oder Gruppe" },
  newAccount: { en: "New account", de: "Neues Konto" },
  newEffect: {
    en: "A one-time password is made and shown once; it must be changed at the first sign-in.",
    de: "Ein Einmalkennwort wird erzeugt und einmal gezeigt; es muss bei der ersten Anmeldung geändert werden.",
  },
  startDisabled: { en: "Disabled at first", de: "Zunächst gesperrt" },
  create: { en: "Create account", de: "Konto anlegen" },
});

export const accountStateTexts = defineTexts({
  enabled: { en: "enabled", de: "aktiv" },
  passwordDue: { en: "password due", de: "Kennwort fällig" },
  neverSignedIn: { en: "never signed in", de: "nie angemeldet" },
});

export const accountTexts = defineTexts({
  facts: { en: "About this account", de: "Zu diesem Konto" },
  passwordDies: { en: "One-time password until", de: "Einmalkennwort gilt bis" },
  editTitle: { en: "Edit account {name}", de: "Konto {name} bearbeiten" },
  editEffect: {
    en: "A role that is left out is only uncoupled; it stays. A new name ends no session and changes no right.",
    de: "Eine weggelassene Rolle wird dem Konto nur genommen; die Rolle selbst bleibt bestehen. Ein neuer Name beendet keine Sitzung und ändert kein Recht.",
  },
  saved: { en: "Account {name} is saved", de: "Konto {name} ist gespeichert" },
  reset: { en: "Reset password", de: "Kennwort zurücksetzen" },
  resetTitle: { en: "Reset the password of {name}?", de: "Kennwort von {name} zurücksetzen?" },
  resetEffect: {
    en: "The password counts no more, all sessions of the account end, and a one-time password is shown once.",
    de: "Das bisherige Kennwort gilt nicht mehr, alle Sitzungen des Kontos enden, und ein Einmalkennwort wird einmal gezeigt.",
  },
  force: { en: "Force password change", de: "Kennwortwechsel erzwingen" },
  forceTitle: { en: "Force {name} to change the password?", de: "{name} zum Kennwortwechsel zwingen?" },
  forceEffect: {
    en: "From now on the account can only change its password until that is done.",
    de: "Von jetzt an kann das Konto nur noch sein Kennwort ändern, bis das geschehen ist.",
  },
  forced: { en: "{name} must change the password", de: "{name} muss das Kennwort ändern" },
  alreadyForced: { en: "the account must change its password already", de: "das Konto muss sein Kennwort ohnehin ändern" },
  disable: { en: "Disable", de: "Sperren" },
  disableTitle: { en: "Disable account {name}?", de: "Konto {name} sperren?" },
  disableEffect: {
    en: "It cannot sign in, its sessions end at once, and what it submitted is decided again before it starts.",
    de: "Es kann sich nicht anmelden, seine Sitzungen enden sofort, und was es beauftragt hat, wird vor dem Start neu entschieden.",
  },
  disabled: { en: "Account {name} is disabled", de: "Konto {name} ist gesperrt" },
  enable: { en: "Enable", de: "Entsperren" },
  enableTitle: { en: "Enable account {name}?", de: "Konto {name} entsperren?" },
  enableEffect: {
    en: "It can sign in again with its password and its roles.",
    de: "Es kann sich mit Kennwort und Rollen wieder anmelden.",
  },
  enabled: { en: "Account {name} is enabled", de: "Konto {name} ist entsperrt" },
  deleteTitle: { en: "Delete account {name}?", de: "Konto {name} löschen?" },
  deleteEffect: {
    en: "Its sessions end and its roles are uncoupled. A new account of this name would be another one. The record keeps what it did.",
    de: "Seine Sitzungen enden, seine Rollen werden ihm genommen. Ein neues Konto dieses Namens wäre ein anderes. Was es getan hat, bleibt aufgezeichnet.",
  },
  deleted: { en: "Account {name} is deleted", de: "Konto {name} ist gelöscht" },
  noSessions: { en: "Not signed in anywhere.", de: "Nirgends angemeldet." },
  browser: { en: "Browser", de: "Browser" },
  cli: { en: "Command line", de: "Kommandozeile" },
  ends: { en: "ends", de: "endet" },
  endOf: { en: "End session {client}", de: "Sitzung {client} beenden" },
  endAll: { en: "End all sessions", de: "Alle Sitzungen beenden" },
  endAllTitle: { en: "End all sessions of {name}?", de: "Alle Sitzungen von {name} beenden?" },
  endAllEffect: {
    en: "The account is signed out everywhere; what is running keeps running.",
    de: "Das Konto wird überall abgemeldet; was läuft, läuft weiter.",
  },
  ended: {
    en: { one: "{count} session ended", other: "{count} sessions ended" },
    de: { one: "{count} Sitzung beendet", other: "{count} Sitzungen beendet" },
  },
  permissionsAbout: { en: "All its roles together", de: "Alle Rollen zusammen" },
});

export const mergedTexts = defineTexts({
  title: { en: "Merged permissions", de: "Zusammengeführte Rechte" },
  everyFolder: { en: "Its roles do not limit folders.", de: "Seine Rollen schränken keine Ordner ein." },
  folders: { en: "Of objects in folders only those in {folders}.", de: "Objekte in Ordnern nur in {folders}." },
  disabled: { en: "The account is disabled and can do none of it.", de: "Das Konto ist gesperrt und kann nichts davon." },
  everything: { en: "Also what no role grants", de: "Auch, was keine Rolle erlaubt" },
  notGranted: { en: "not granted", de: "nicht erlaubt" },
  otherwise: { en: "otherwise at {controllers}", de: "anders für {controllers}" },
});

export const failedTexts = defineTexts({
  title: { en: "Failed logins", de: "Fehlgeschlagene Anmeldungen" },
  about: {
    en: "Refused logins, as the record has them. A delayed attempt is not checked and not recorded.",
    de: "Abgelehnte Anmeldungen, wie sie aufgezeichnet sind. Ein Versuch, der warten muss, wird nicht geprüft und nicht aufgezeichnet.",
  },
  client: { en: "From where", de: "Von wo" },
  filter: { en: "Account name, Enter", de: "Kontoname, Eingabetaste" },
  noName: { en: "no name given", de: "kein Name angegeben" },
  invalidName: { en: "not the name of an account", de: "kein Name eines Kontos" },
  empty: { en: "No login has failed", de: "Keine Anmeldung ist fehlgeschlagen" },
});
