import { defineTexts } from "#web/i18n/text.ts";

export const jobsTexts = defineTexts({
  about: { en: "What can be run, and on whose behalf.", de: "Was ausgeführt werden kann und in wessen Auftrag." },
  allJobs: { en: "All jobs", de: "Alle Jobs" },
  moreFolders: { en: "There are more folders; search for a job.", de: "Es gibt mehr Ordner; suchen Sie nach einem Job." },
  search: { en: "Search path or title", de: "Suche in Pfad oder Titel" },
  author: { en: "Saved by", de: "Gespeichert von" },
  empty: { en: "There is no job that you may see", de: "Es gibt keinen Job, den Sie sehen dürfen" },
  emptyHint: {
    en: "Make one here, or apply a file with {command}.",
    de: "Legen Sie hier einen an, oder wenden Sie eine Datei mit {command} an.",
  },
});

export const jobTexts = defineTexts({
  deleteTitle: { en: "Delete the job {job}?", de: "Den Job {job} löschen?" },
  deleteEffect: {
    en: "Nobody can run it any more. Its revisions, its runs and their output stay. Runs that wait or run go on.",
    de: "Niemand kann ihn mehr ausführen. Seine Revisionen, seine Läufe und deren Ausgaben bleiben. Wartende und laufende Läufe gehen weiter.",
  },
  deleted: { en: "{job} is deleted", de: "{job} ist gelöscht" },
  definition: { en: "Definition", de: "Definition" },
  asWhom: { en: "Runs as", de: "Läuft als" },
  asKey: { en: "the account of credential {key}", de: "das Konto der Zugangsdaten {key}" },
  requires: { en: "Needs the role on the node", de: "Braucht auf dem Knoten die Rolle" },
  nodesNone: { en: "chosen when it is run", de: "beim Ausführen zu wählen" },
  timeout: { en: "Time limit", de: "Zeitgrenze" },
  restartable: { en: "May be started again", de: "Darf erneut gestartet werden" },
  required: { en: "required", de: "erforderlich" },
  defaults: { en: "default {value}", de: "Vorgabe {value}" },
  oneOf: { en: "one of {values}", de: "eines von {values}" },
  recent: { en: "Last runs", de: "Letzte Läufe" },
  recentNone: { en: "It has not run yet.", de: "Er ist noch nicht gelaufen." },
  allRuns: { en: "All runs of this job", de: "Alle Läufe dieses Jobs" },
  runsHidden: { en: "Your roles do not show its runs.", de: "Ihre Rollen zeigen seine Läufe nicht." },
  versions: { en: "Versions", de: "Versionen" },
  current: { en: "current", de: "aktuell" },
  compare: { en: "Compare with the current one", de: "Mit der aktuellen vergleichen" },
  comparison: { en: "Comparison", de: "Vergleich" },
  comparing: { en: "Revision {from} (left) and {to} (right)", de: "Revision {from} (links) und {to} (rechts)" },
  same: { en: "Both say the same.", de: "Beide sagen dasselbe." },
  closeCompare: { en: "Close the comparison", de: "Vergleich schließen" },
  identityChanged: {
    en: "As whom it runs differs: {from} then, {to} now.",
    de: "Er läuft jetzt als jemand anderes: damals {from}, jetzt {to}.",
  },
});
