import { defineTexts } from "#web/i18n/text.ts";

export const nodesTexts = defineTexts({
  about: {
    en: "Machines that run jobs, and the accounts they run them as.",
    de: "Rechner, die Jobs ausführen, und die Konten, unter denen sie laufen.",
  },
  health: { en: "Health", de: "Zustand" },
  account: { en: "Runs jobs as", de: "Führt Jobs aus als" },
  namedOnly: { en: "named credentials only", de: "nur benannte Zugangsdaten" },
  notReported: { en: "not reported yet", de: "noch nicht gemeldet" },
  how: { en: "How", de: "Wie" },
  keys: { en: "Keys", de: "Schlüssel" },
  seen: { en: "Last seen", de: "Zuletzt gesehen" },
  showRevoked: { en: "Show revoked nodes", de: "Widerrufene Knoten zeigen" },
  empty: { en: "No node has joined yet", de: "Noch kein Knoten ist beigetreten" },
  emptyHint: {
    en: "Invite one; it joins with the token you are then shown.",
    de: "Laden Sie einen ein; er tritt mit dem dann gezeigten Token bei.",
  },
  invite: { en: "Invite a node", de: "Knoten einladen" },
});

export const nodeTexts = defineTexts({
  identity: { en: "Identity", de: "Identität" },
  joined: { en: "Joined", de: "Beigetreten" },
  thumbprint: { en: "Key thumbprint", de: "Fingerabdruck des Schlüssels" },
  certificate: { en: "Certificate fingerprint", de: "Fingerabdruck des Zertifikats" },
  platform: { en: "Platform", de: "Plattform" },
  rotation: { en: "Serial of the manager’s keys", de: "Seriennummer der Manager-Schlüssel" },
  asWhom: { en: "As whom jobs run", de: "Als wer Jobs laufen" },
  defaultAccount: { en: "Default job account", de: "Standard-Jobkonto" },
  switching: { en: "Account switched by", de: "Kontowechsel durch" },
  tree: { en: "Processes held by", de: "Prozesse gehalten durch" },
  launcherAccount: { en: "Launcher runs as", de: "Launcher läuft als" },
  agentAccount: { en: "Agent runs as", de: "Agent läuft als" },
  separationNone: { en: "none: the parts share one account", de: "keine: alle Teile laufen unter einem Konto" },
  separationAccounts: { en: "accounts of their own", de: "eigene Konten" },
  keys: { en: "Credential keys", de: "Schlüssel der Zugangsdaten" },
  keysNote: {
    en: "Names and health only: accounts, secrets and who may use a key stay on the node. There, these show and test them:",
    de: "Nur Name und Zustand: Konten, Geheimnisse und wer einen Schlüssel nutzen darf, bleiben auf dem Knoten. Dort zeigen und prüfen ihn diese Befehle:",
  },
  keyUsable: { en: "usable", de: "nutzbar" },
  keyUnusable: { en: "not usable", de: "nicht nutzbar" },
  noKeys: { en: "The node reports no credential key.", de: "Der Knoten meldet keine Zugangsdaten." },
  policy: { en: "Policy of the node", de: "Richtlinie des Knotens" },
  exclusive: { en: "One account for several submitters", de: "Ein Konto für mehrere Auftraggeber" },
  exclusiveNone: { en: "allowed at the same time", de: "gleichzeitig erlaubt" },
  exclusiveSubmitter: { en: "one submitter at a time", de: "nur ein Auftraggeber zur selben Zeit" },
  namedUids: { en: "System accounts allowed by number", de: "Nach Nummer erlaubte Systemkonten" },
  anyAccount: {
    en: "No rule limits an account to folders or roles.",
    de: "Keine Regel beschränkt ein Konto auf Ordner oder Rollen.",
  },
  accountRules: { en: "An account is used only where a rule names it:", de: "Ein Konto wird nur benutzt, wo eine Regel es nennt:" },
  accountRule: { en: "for jobs below {folders}, by {roles}", de: "für Jobs unter {folders}, durch {roles}" },
  policyCut: { en: "There is more of it on the node.", de: "Auf dem Knoten steht noch mehr." },
  policyNote: {
    en: "Policy and authorization table are the node’s own and are changed there only. They refuse what the manager allows, never the other way round:",
    de: "Richtlinie und Berechtigungstabelle gehören dem Knoten und werden nur dort geändert. Sie können ablehnen, was der Manager erlaubt, nie umgekehrt:",
  },
  warnings: { en: "Warnings of the node", de: "Warnungen des Knotens" },
  runs: { en: "Latest runs here", de: "Letzte Läufe hier" },
  noRuns: { en: "No run here that you may see.", de: "Kein Lauf hier, den Sie sehen dürfen." },
  neverConnected: {
    en: "It has not connected yet; what it is, is not known.",
    de: "Er war noch nie verbunden; mehr ist über ihn nicht bekannt.",
  },
  revoke: { en: "Revoke", de: "Widerrufen" },
  revokeTitle: { en: "Revoke node {node}?", de: "Knoten {node} widerrufen?" },
  revokeEffect: {
    en: "Its connection is cut at once and it gets no more runs. What runs there goes on, unreported. The name may join anew with a new invitation.",
    de: "Seine Verbindung wird sofort getrennt, und er erhält keine Läufe mehr. Was dort läuft, läuft weiter, wird aber nicht mehr gemeldet. Unter dem Namen kann mit neuer Einladung wieder ein Knoten beitreten.",
  },
  revoked: { en: "Node {node} is revoked", de: "Knoten {node} ist widerrufen" },
});

export const inviteTexts = defineTexts({
  name: { en: "Name of the node", de: "Name des Knotens" },
  labelsHint: { en: "One name=value per line; may be left empty", de: "Je Zeile ein name=wert; darf leer bleiben" },
  badLabel: { en: "Line {line} is not name=value", de: "Zeile {line} ist nicht name=wert" },
  make: { en: "Make the invitation", de: "Einladung erstellen" },
  madeTitle: { en: "Invitation for {node}", de: "Einladung für {node}" },
  once: {
    en: "This token is shown this once. It works once, for this name, until",
    de: "Dieser Token wird nur jetzt gezeigt. Er gilt einmal, für diesen Namen, bis",
  },
  token: { en: "Join token", de: "Beitrittstoken" },
  onNode: {
    en: "On the node, as the launcher’s account; the token goes to standard input:",
    de: "Auf dem Knoten, als Konto des Launchers; der Token kommt auf die Standardeingabe:",
  },
  done: { en: "Done", de: "Fertig" },
});
