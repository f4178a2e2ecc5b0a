/**
 * Problems in German: of each code what it is, and what to do when nothing more exact is known. For whoever reads it in the cockpit: where the command
 * line's hint is a command, the page's own way stands here.
 */
import type { ProblemCode } from "#kernel/problem-codes.ts";

/** Said where no cockpit is: on the command line, while a part starts, or between manager and node as it joins. */
export const elsewhere = [
  "audit.witness-not-found",
  "audit.witness-out-of-step",
  "cli.no-launcher",
  "cli.unexpected-answer",
  "cli.unreachable",
  "cli.unreadable-file",
  "cli.usage",
  "controller.cannot-listen",
  "controller.join-limited",
  "controller.port-taken",
  "delegation.bad-key",
  "delegation.receipt-forged",
  "delegation.receipt-malformed",
  "delegation.rotation-refused",
  "files.unsafe",
  "files.unusable",
  "launch.already-running",
  "launch.credential-not-found",
  "launch.unsafe-installation",
  "link.not-reachable",
  "link.socket-path-too-long",
  "link.socket-taken",
  "manager.already-running",
  "manager.cannot-listen",
  "manager.needs-tls",
  "manager.port-taken",
  "manager.setting",
  "manager.socket-path-too-long",
  "nodes.already-joined",
  "nodes.bad-request",
  "nodes.bad-token",
  "nodes.cannot-reach",
  "nodes.foreign-database",
  "nodes.join-failed",
  "nodes.key-in-use",
  "nodes.keys-incomplete",
  "nodes.not-joined",
  "nodes.refused-by-manager",
  "nodes.wrong-manager",
  "store.altered-migration",
  "store.cannot-open",
  "store.newer-schema",
  "store.not-a-database",
  "store.wrong-url",
  "up.already-running",
  "up.needs-root",
  "up.no-such-account",
  "up.not-started",
  "up.unreadable-code",
] as const satisfies readonly ProblemCode[];

interface GermanProblem {
  readonly title: string;
  readonly hint: string;
}

const words = (title: string, hint: string): GermanProblem => ({ title, hint });

type Told = Exclude<ProblemCode, (typeof elsewhere)[number]> | "cockpit.unreachable" | "cockpit.broken";

export const problems: Readonly<Record<Told, GermanProblem>> = {
  "cockpit.unreachable": words("Der Manager ist nicht erreichbar", "Läuft er noch?"),
  "cockpit.broken": words("Im Cockpit ist etwas schiefgegangen", "Laden Sie die Seite neu."),

  "general.internal": words(
    "Interner Fehler",
    "Geben Sie die Fehlernummer dem Betreiber dieser Instanz: Im Protokoll des Managers steht die Ursache.",
  ),
  "general.not-supported": words("Noch nicht unterstützt", "Was unterstützt wird, steht in der Dokumentation."),
  "general.overloaded": words("Zu viel auf einmal", "Versuchen Sie es in einigen Sekunden noch einmal."),

  "input.malformed-yaml": words("Fehlerhaftes YAML", "Berichtigen Sie den Text an der genannten Zeile und Spalte."),
  "input.malformed-json": words("Fehlerhaftes JSON", "Senden Sie ein JSON-Dokument."),
  "input.unknown-field": words("Unbekanntes Feld", "Entfernen Sie das Feld, oder berichtigen Sie seine Schreibweise."),
  "input.wrong-type": words("Falscher Typ", "Geben Sie einen Wert des erwarteten Typs an."),
  "input.missing-field": words("Fehlende Angabe", "Füllen Sie das Feld aus."),
  "input.invalid-value": words("Ungültiger Wert", "Geben Sie einen Wert an, den das Feld erlaubt."),
  "input.too-large": words("Zu groß", "Senden Sie weniger auf einmal."),
  "input.too-deep": words("Zu tief geschachtelt", "Schachteln Sie weniger tief."),
  "input.forbidden-name": words("Verbotener Name", "Wählen Sie einen anderen Namen."),
  "input.wrong-content-type": words("Falscher Inhaltstyp", "Senden Sie `content-type: application/json`."),
  "input.unknown-route": words("Diese Adresse gibt es nicht", "Die Adressen stehen unter /api/openapi.json."),

  "identity.not-signed-in": words("Nicht angemeldet", "Melden Sie sich an."),
  "identity.wrong-credentials": words(
    "Unbekanntes Konto oder falsches Kennwort",
    "Prüfen Sie Kontoname und Kennwort; nach mehreren Fehlversuchen wird die Wartezeit länger.",
  ),
  "identity.delayed": words(
    "Zu viele fehlgeschlagene Anmeldungen",
    "Warten Sie so lange wie angegeben, und versuchen Sie es dann noch einmal.",
  ),
  "identity.disabled": words("Konto gesperrt", "Bitten Sie einen Administrator, das Konto zu entsperren."),
  "identity.password-expired": words("Einmalkennwort abgelaufen", "Bitten Sie einen Administrator, das Kennwort zurückzusetzen."),
  "identity.password-change-due": words("Zuerst muss das Kennwort geändert werden", "Wählen Sie ein neues Kennwort."),
  "identity.wrong-current-password": words("Bisheriges Kennwort falsch", "Geben Sie das Kennwort an, mit dem Sie sich angemeldet haben."),
  "identity.weak-password": words(
    "Kennwort nicht annehmbar",
    "Wählen Sie ein längeres Kennwort; es kommt auf Länge und Zufall an, nicht auf Arten von Zeichen.",
  ),
  "identity.invalid-name": words("Name nicht annehmbar", "Erlaubt sind Buchstaben einer Schrift, Ziffern und `. _ - @`."),
  "identity.name-taken": words("Name schon vergeben", "Wählen Sie einen anderen Namen."),
  "identity.account-not-found": words("Dieses Konto gibt es nicht", "Sehen Sie in der Liste der Konten nach."),
  "identity.role-not-found": words("Diese Rolle gibt es nicht", "Sehen Sie in der Liste der Rollen nach."),
  "identity.session-not-found": words("Diese Sitzung gibt es nicht", "Vielleicht ist sie schon beendet."),
  "identity.revision-conflict": words(
    "Inzwischen von jemand anderem geändert",
    "Laden Sie neu, wiederholen Sie Ihre Änderung, und speichern Sie.",
  ),
  "identity.last-administrator": words(
    "Der letzte Administrator",
    "Geben Sie vorher einem anderen entsperrten Konto die Rolle `administrator`.",
  ),
  "identity.confirmation-needed": words("Zu bestätigen", "Lesen Sie, was sich ändern würde, und bestätigen Sie es, wenn das gewollt ist."),
  "identity.service-unavailable": words(
    "Identitätsdienst nicht verfügbar",
    "Versuchen Sie es noch einmal; fragen Sie einen Administrator, wenn es anhält.",
  ),

  "policy.test-failed": words("Ein Rechtetest schlägt fehl", "Berichtigen Sie die Änderung, oder ändern Sie zugleich den Test."),
  "policy.test-not-found": words("Diesen Rechtetest gibt es nicht", "Sehen Sie in der Liste der Rechtetests nach."),

  "access.denied": words("Nicht erlaubt", "Bitten Sie einen Administrator um das genannte Recht."),
  "access.not-found": words("Nicht gefunden", "Prüfen Sie die Schreibweise; vielleicht gibt es das auch, wo Sie es nicht sehen dürfen."),
  "access.no-role": words("Keine Rolle zugewiesen", "Bitten Sie einen Administrator um eine Rolle, die `manager:view` erlaubt."),
  "access.no-permission": words(
    "Kein Recht zur Anmeldung",
    "Bitten Sie einen Administrator um eine Rolle, die `manager:view` für alle Controller erlaubt.",
  ),
  "access.unknown-permission": words(
    "Unbekanntes Recht",
    "Berichtigen Sie die Schreibweise: Rechte sind ganze Abschnitte mit `:` dazwischen, etwa `controller:runs:create`.",
  ),
  "access.not-a-leaf": words("Kein einzelnes Recht", "Nennen Sie ein einzelnes Recht, etwa `controller:runs:create`."),
  "access.malformed-folder": words(
    "Fehlerhafter Ordner",
    "Schreiben Sie einen Ordner wie `/finance`, mit allem darunter wie `/finance/*`.",
  ),
  "access.removal-would-widen": words(
    "Das Entfernen kann Rechte erweitern",
    "Bestätigen Sie das Entfernen, oder geben Sie der Rolle ein Recht.",
  ),

  "jobs.not-found": words("Diesen Job gibt es nicht", "Sehen Sie in der Liste der Jobs nach."),
  "jobs.invalid-path": words("Ungültiger Jobpfad", "Schreiben Sie einen Pfad wie `/finance/close-books`."),
  "jobs.duplicate-path": words("Job zweimal angegeben", "Behalten Sie eines der beiden Dokumente."),
  "jobs.revision-conflict": words(
    "Der Job wurde inzwischen geändert",
    "Sehen Sie sich die jetzige Revision an, und speichern Sie dann erneut.",
  ),
  "jobs.not-runnable": words("So lässt sich der Job nicht ausführen", "Berichtigen Sie den Job."),
  "jobs.unknown-argument": words("Unbekanntes Argument", "Die Parameter stehen beim Job."),
  "jobs.missing-argument": words("Fehlendes Argument", "Füllen Sie das Feld des Arguments aus."),
  "jobs.invalid-argument": words("Ungültiges Argument", "Geben Sie einen Wert an, den der Parameter erlaubt."),
  "jobs.idempotency-mismatch": words(
    "Idempotenzschlüssel anders benutzt",
    "Senden Sie dieselbe Anfrage noch einmal, oder nehmen Sie einen neuen Schlüssel.",
  ),
  "jobs.unknown-node": words("Diesen Knoten gibt es nicht", "Sehen Sie in der Liste der Knoten nach."),
  "jobs.too-many": words("Zu viele auf einmal", "Beauftragen Sie höchstens 500 Läufe auf einmal."),
  "jobs.invalid-cursor": words("Ungültiger Cursor", "Beginnen Sie ohne Cursor von vorn."),
  "runs.not-found": words("Diesen Lauf gibt es nicht", "Sehen Sie in der Liste der Läufe nach."),
  "runs.submission-not-found": words("Diesen Auftrag gibt es nicht", "Sehen Sie in der Liste der Läufe nach."),
  "runs.already-ended": words("Der Lauf ist schon beendet", "Es gibt nichts mehr abzubrechen."),

  "nodes.role-missing": words(
    "Die Rolle auf dem Knoten fehlt",
    "Bitten Sie den Administrator des Knotens um die Rolle: `behalf node table grant SUBJECT ROLE`.",
  ),
  "nodes.foreign-realm": words(
    "Der Knoten vertraut diesem Realm nicht",
    "Beauftragen Sie beim Manager des Realms, dem der Knoten vertraut, als eine Identität dieses Realms.",
  ),
  "nodes.foreign-order": words(
    "Startauftrag für einen anderen Knoten",
    "Beauftragen Sie neu; wiederholt es sich, ist der Knoten neu beigetreten: Warten Sie, bis sein Agent sich wieder verbindet.",
  ),
  "nodes.bad-name": words("Kein Name für einen Knoten", "Wählen Sie einen Namen wie `ledger-1`."),
  "nodes.name-taken": words("Name des Knotens vergeben", "Widerrufen Sie zuerst den Knoten dieses Namens."),
  "nodes.not-found": words("Diesen Knoten gibt es nicht", "Sehen Sie in der Liste der Knoten nach."),

  "launch.bad-user-name": words("Nicht unterstützter Benutzername", "Erlaubt sind Buchstaben, Ziffern, Leerzeichen und `_ . - , @`."),
  "launch.bad-credential": words("Fehlerhafte Zugangsdaten", "Berichtigen Sie das genannte Feld."),
  "launch.bad-policy": words("Fehlerhafte Richtlinie des Knotens", "Berichtigen Sie das genannte Feld."),
  "launch.no-such-key": words("Keine Zugangsdaten dieses Schlüssels", "Die Schlüssel des Knotens zeigt `behalf credential list`."),
  "launch.no-default-account": words(
    "Kein Standard-Jobkonto",
    "Nennen Sie eines in der Richtlinie des Knotens (`defaultJobAccount`), oder geben Sie dem Job Zugangsdaten.",
  ),
  "launch.unknown-account": words(
    "Unbekanntes Konto",
    "Legen Sie das Konto auf dem Knoten an, oder berichtigen Sie den Benutzernamen der Zugangsdaten.",
  ),
  "launch.account-lookup-failed": words(
    "Das Konto ließ sich nicht nachschlagen",
    "Sehen Sie sich mit `getent passwd -- NAME` die Namensdienste des Knotens an, und führen Sie den Job dann erneut aus.",
  ),
  "launch.account-locked": words(
    "Konto auf dem Knoten gesperrt",
    "Entsperren Sie das Konto auf dem Knoten, z. B. mit `usermod --unlock NAME`.",
  ),
  "launch.account-expired": words("Konto abgelaufen", "Verlängern Sie das Konto auf dem Knoten, z. B. mit `chage --expiredate -1 NAME`."),
  "launch.account-nologin": words(
    "Konto ohne Shell für Anmeldungen",
    "Erlauben Sie es für diese Zugangsdaten mit `behalf credential set … --allow-nologin`.",
  ),
  "launch.node-nologin": words(
    "Der Knoten nimmt keine Anmeldungen an",
    "Warten Sie, bis der Administrator des Knotens /etc/nologin entfernt.",
  ),
  "launch.folder-not-allowed": words(
    "Zugangsdaten gelten nicht für diesen Ordner",
    "Nehmen Sie den Ordner mit `behalf credential set` in den Eintrag auf.",
  ),
  "launch.submitter-not-allowed": words(
    "Zugangsdaten gelten nicht für diesen Auftraggeber",
    "Nehmen Sie den Auftraggeber mit `behalf credential set` in den Eintrag auf.",
  ),
  "launch.system-account": words(
    "Systemkonto",
    "Nehmen Sie ein anderes Konto, oder nennen Sie die UID in der Richtlinie des Knotens (`namedUids`).",
  ),
  "launch.own-account": words("Konto von Behalf selbst", "Nehmen Sie ein Konto, unter dem keiner von Behalfs eigenen Prozessen läuft."),
  "launch.policy-refuses-account": words(
    "Von der Richtlinie des Knotens abgelehnt",
    "Bitten Sie den Administrator des Knotens um eine Regel unter `accounts` in der Richtlinie.",
  ),
  "launch.directory-unreadable": words(
    "Das Arbeitsverzeichnis lässt sich nicht betreten",
    "Geben Sie dem Konto Zugriff auf das Verzeichnis, oder setzen Sie ein anderes `workingDirectory`.",
  ),
  "launch.program-not-found": words("Programm nicht gefunden", "Berichtigen Sie den Pfad des Programms oder den PATH des Jobs."),
  "launch.program-not-executable": words(
    "Programm nicht ausführbar",
    "Machen Sie es für das Konto ausführbar, und prüfen Sie seinen Interpreter.",
  ),
  "launch.identity-not-taken": words(
    "Die Identität wurde nicht angenommen",
    "Vom Job lief nichts; suchen Sie nach Sicherheitsmodulen, die Rechte oder Gruppen behalten.",
  ),
  "launch.tree-not-held": words(
    "Der Prozessbaum lässt sich nicht halten",
    "Vom Job lief nichts; prüfen Sie, ob der Launcher in die von `behalf doctor` genannte Kontrollgruppe schreiben kann.",
  ),
  "launch.start-failed": words("Start fehlgeschlagen", "Vom Job lief nichts; das Protokoll des Launchers nennt die Ursache."),
  "launch.sudo-not-allowed": words("sudo erlaubt es nicht", "Tragen Sie die genannte Zeile mit `visudo` ein."),
  "launch.not-joined": words("Der Knoten ist keinem Realm beigetreten", "Lassen Sie ihn mit `behalf node join` einem Realm beitreten."),
  "launch.node-file-unusable": words(
    "Eine Datei des Knotens ist unbrauchbar",
    "Berichtigen Sie sie, oder stellen Sie sie wieder her; danach `behalf node refresh`.",
  ),
  "launch.clock-went-back": words("Die Uhr ging zurück", "Stellen Sie die Uhr des Knotens mit `timedatectl`."),
  "launch.issued-before-recovery": words(
    "Vor der Wiederherstellung des Knotens ausgestellt",
    "Beauftragen Sie neu: Der Knoten hat Aufzeichnungen verloren und glaubt nur neueren Startaufträgen.",
  ),
  "launch.wrong-order": words("Nicht der verlangte Startauftrag", "Suchen Sie, was die Token zwischen Manager und Knoten vertauscht hat."),
  "launch.other-order-same-run": words(
    "Ein anderer Startauftrag für denselben Lauf",
    "Suchen Sie, was das Token zwischen Manager und Knoten verändert hat.",
  ),
  "launch.attempt-superseded": words("Ein späterer Versuch ist bekannt", "Es ist nichts zu tun: Der spätere Versuch zählt."),
  "launch.already-ran": words("Schon gelaufen", "Führen Sie den Job erneut aus, wenn er noch einmal laufen soll."),
  "launch.reserved-variable": words(
    "Vorbehaltene Umgebungsvariable",
    "Benennen Sie den Parameter oder die Variable in der Definition des Jobs um.",
  ),
  "launch.exclusive-account": words(
    "Ein anderer Auftraggeber benutzt das Konto gerade",
    "Versuchen Sie es noch einmal, wenn die Läufe des anderen Auftraggebers beendet sind.",
  ),
  "launch.draining": words("Der Knoten nimmt keine neuen Läufe an", "Versuchen Sie es noch einmal, wenn der Knoten wieder da ist."),
  "launch.node-exhausted": words(
    "Kein Platz für einen Prozess auf dem Knoten",
    "Warten Sie, bis dort weniger läuft; oder lassen Sie dem Launcher mehr offene Dateien und Prozesse.",
  ),
  "launch.disk-full": words("Kein Platz auf dem Knoten", "Schaffen Sie Platz auf dem Knoten."),
  "launch.not-recorded": words(
    "Der Start ließ sich nicht aufzeichnen",
    "Schaffen Sie Platz auf dem Knoten: Nichts wird gestartet, was sich nicht aufzeichnen lässt.",
  ),
  "launch.unknown-run": words(
    "Unbekannter Lauf",
    "Der Knoten kennt ihn nicht: Er wurde dort nie gestartet oder vor langer Zeit bestätigt.",
  ),
  "launch.wrong-request": words("Anfrage nicht verstanden", "Bringen Sie beide Seiten auf dieselbe Version."),
  "launch.too-many-refusals": words("Zu viele abgelehnte Token", "Suchen Sie, was diesem Knoten gefälschte Token sendet."),

  "delegation.malformed": words(
    "Fehlerhaftes Delegationstoken",
    "Bringen Sie Manager und Knoten auf dieselbe Version; sind sie es, suchen Sie, was das Token unterwegs verändert hat.",
  ),
  "delegation.too-large": words("Startauftrag zu groß", "Verkleinern Sie Skript, Argumente oder Umgebung des Jobs."),
  "delegation.forged": words(
    "Gefälschtes Delegationstoken",
    "Suchen Sie, was das Token zwischen Manager und Launcher verändert hat; gestartet wurde nichts.",
  ),
  "delegation.unknown-issuer": words(
    "Unbekannter Aussteller",
    "Ein ersetzter Schlüssel wird dem Knoten von selbst angekündigt (`behalf realm show` zeigt zurückgebliebene Knoten); sonst widerrufen Sie den Knoten, und lassen Sie ihn neu beitreten.",
  ),
  "delegation.replaced-issuer": words(
    "Der Aussteller wurde ersetzt",
    "Es ist nichts zu tun: Der Lauf wird mit einem Token des jetzigen Schlüssels erneut angeboten.",
  ),
  "delegation.foreign-realm": words("Token eines anderen Realms", "Beauftragen Sie beim Manager des Realms, zu dem dieser Knoten gehört."),
  "delegation.foreign-node": words(
    "Token für einen anderen Knoten",
    "Ist der Knoten neu beigetreten, warten Sie, bis sein Agent sich wieder verbindet, und beauftragen Sie neu.",
  ),
  "delegation.old-epoch": words(
    "Token einer alten Epoche",
    "Die Datenbank des Managers wurde wiederhergestellt oder ersetzt: Starten Sie den Manager noch einmal, damit seine Epoche steigt.",
  ),
  "delegation.expired": words(
    "Abgelaufenes Delegationstoken",
    "Beauftragen Sie neu; wiederholt es sich, vergleichen Sie mit `timedatectl` die Uhren von Manager und Knoten.",
  ),
  "delegation.not-yet-valid": words(
    "Delegationstoken aus der Zukunft",
    "Vergleichen Sie mit `timedatectl` die Uhren von Manager und Knoten.",
  ),

  "controller.disk-low": words(
    "Kein Platz für Ausgaben",
    "Schaffen Sie Platz auf dem Datenträger mit dem Datenordner des Managers, oder senken Sie die Grenze; begonnene Läufe gehen weiter.",
  ),
  "controller.submitter-unknown": words(
    "Auftraggeber unbekannt oder gesperrt",
    "Beauftragen Sie neu, als ein Konto, das es gibt und das nicht gesperrt ist.",
  ),
  "controller.job-missing": words("Diese Revision des Jobs gibt es nicht mehr", "Speichern Sie den Job erneut, und beauftragen Sie neu."),
  "controller.attempts-used-up": words(
    "Der Lauf ließ sich nicht starten",
    "Prüfen Sie mit `behalf doctor`, ob der Launcher des Knotens erreichbar ist und dessen Uhr stimmt; dann beauftragen Sie neu.",
  ),
  "controller.submission-unreadable": words(
    "Der Auftrag ist nicht lesbar",
    "Beauftragen Sie neu; im Protokoll des Managers steht die Ursache.",
  ),

  "store.unavailable": words("Datenbank nicht erreichbar", "Prüfen Sie, ob der Datenbankserver läuft und dieses Konto annimmt."),
  "store.busy": words("Datenbank beschäftigt", "Ein anderer Prozess hält die Datenbank: Versuchen Sie es in einigen Sekunden noch einmal."),
  "store.full": words(
    "Kein Platz für die Datenbank",
    "Schaffen Sie Platz, wo die Datenbank liegt; von der abgelehnten Änderung wurde nichts gespeichert.",
  ),
  "store.read-only": words("Datenbank nur lesbar", "Machen Sie die Datenbank und ihren Ordner für dieses Konto beschreibbar."),
  "store.damaged": words("Datenbank beschädigt", "Beenden Sie alles, was sie benutzt, und stellen Sie sie aus einer Sicherung wieder her."),
  "store.closed": words("Der Speicher ist geschlossen", "Diese Instanz wird gerade beendet: Versuchen Sie es, wenn sie läuft."),

  "manager.wrong-host": words(
    "Falscher Hostname",
    "Benutzen Sie die Adresse, die `behalf up` ausgegeben hat, oder erlauben Sie diese mit `--allow-host`.",
  ),
  "manager.wrong-origin": words("Fremde Herkunft", "Öffnen Sie die Seite unter der Adresse, die `behalf up` ausgegeben hat."),
  "manager.csrf": words("CSRF-Token fehlt", "Laden Sie die Seite neu."),
  "manager.too-many-streams": words("Zu viele offene Live-Verbindungen", "Schließen Sie vorher eine andere Live-Ansicht dieser Sitzung."),
};
