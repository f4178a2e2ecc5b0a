import { defineTexts } from "#web/i18n/text.ts";

export const runsTexts = defineTexts({
  about: { en: "Every run that you may see, newest first.", de: "Alle Läufe, die Sie sehen dürfen, die neuesten zuerst." },
  search: { en: "Search job, node, people, comment, id", de: "Suche in Job, Knoten, Personen, Kommentar, Id" },
  since: { en: "Since", de: "Seit" },
  anyTime: { en: "any time", de: "jederzeit" },
  lastHour: { en: "last hour", de: "letzte Stunde" },
  lastDay: { en: "last 24 hours", de: "letzte 24 Stunden" },
  lastWeek: { en: "last 7 days", de: "letzte 7 Tage" },
  folder: { en: "Folder", de: "Ordner" },
  onlyJob: { en: "Job {job}", de: "Job {job}" },
  onlySubmission: { en: "One submission", de: "Ein Auftrag" },
  onlySubmitter: { en: "Submitter {name}", de: "Auftraggeber {name}" },
  removeFilter: { en: "Remove filter {filter}", de: "Filter {filter} entfernen" },
  runAs: { en: "Ran as", de: "Lief als" },
  took: { en: "Took", de: "Dauer" },
  choose: { en: "Choose", de: "Wählen" },
  select: { en: "Select run of {job}", de: "Lauf von {job} wählen" },
  selectActive: { en: "Select those under way", de: "Laufende wählen" },
  selectNone: { en: "Clear selection", de: "Auswahl aufheben" },
  cancelSelected: {
    en: { one: "Cancel {count} run", other: "Cancel {count} runs" },
    de: { one: "{count} Lauf abbrechen", other: "{count} Läufe abbrechen" },
  },
  cancelTitle: {
    en: { one: "Cancel {count} run?", other: "Cancel {count} runs?" },
    de: { one: "{count} Lauf abbrechen?", other: "{count} Läufe abbrechen?" },
  },
  cancelEffect: {
    en: "A run that waits ends at once. A running one gets SIGTERM, its grace time, and then SIGKILL for all its processes.",
    de: "Ein wartender Lauf endet sofort. Ein laufender bekommt SIGTERM, seine Frist und dann SIGKILL für alle seine Prozesse.",
  },
  more: {
    en: { one: "and {count} more", other: "and {count} more" },
    de: { one: "und {count} weiterer", other: "und {count} weitere" },
  },
  ofJobs: {
    en: { one: "All are of one job:", other: "They are of {count} jobs:" },
    de: { one: "Alle gehören zu einem Job:", other: "Sie gehören zu {count} Jobs:" },
  },
  moreJobs: {
    en: { one: "and of {count} more", other: "and of {count} more" },
    de: { one: "und zu {count} weiteren", other: "und zu {count} weiteren" },
  },
  cancelDone: {
    en: { one: "{count} run cancelled", other: "{count} runs cancelled" },
    de: { one: "{count} Lauf abgebrochen", other: "{count} Läufe abgebrochen" },
  },
  cancelPartly: { en: "{failed} of {count} could not be cancelled", de: "{failed} von {count} ließen sich nicht abbrechen" },
  cancelAll: { en: "Cancel all {count} under way", de: "Alle {count} laufenden abbrechen" },
  cancelMatching: { en: "Cancel all {count} that match", de: "Alle {count} passenden abbrechen" },
  cancelAllTitle: {
    en: { one: "Cancel the {count} run under way?", other: "Cancel all {count} runs under way?" },
    de: { one: "Den einen laufenden Lauf abbrechen?", other: "Alle {count} laufenden Läufe abbrechen?" },
  },
  cancelAllSeen: {
    en: "Every run that waits or runs now and that you may cancel, also of other people.",
    de: "Jeder Lauf, der jetzt wartet oder läuft und den Sie abbrechen dürfen, auch von anderen.",
  },
  cancelAllMatching: {
    en: "Every run that waits or runs now, that you may cancel, and that matches these filters, also those that are not loaded here:",
    de: "Jeder Lauf, der jetzt wartet oder läuft, den Sie abbrechen dürfen und der zu diesen Filtern passt, auch die hier nicht geladenen:",
  },
  progress: {
    en: "{done} of {count} done; closing stops before the next ones",
    de: "{done} von {count} erledigt; Schließen hält vor den nächsten an",
  },
  stop: { en: "Stop here", de: "Hier anhalten" },
  selectLoaded: { en: "Select all loaded", de: "Alle geladenen wählen" },
  againSelected: {
    en: { one: "Run {count} again", other: "Run {count} again" },
    de: { one: "{count} erneut ausführen", other: "{count} erneut ausführen" },
  },
  againMatching: { en: "Run all {count} that match again", de: "Alle {count} passenden erneut ausführen" },
  againTooMany: {
    en: "At most {count} runs are submitted again at once. Narrow the filters.",
    de: "Höchstens {count} Läufe werden auf einmal erneut ausgeführt. Grenzen Sie die Filter ein.",
  },
  againTitle: {
    en: { one: "Run {count} run again?", other: "Run {count} runs again?" },
    de: { one: "{count} Lauf erneut ausführen?", other: "{count} Läufe erneut ausführen?" },
  },
  againAllMatching: {
    en: "Every run that you may see and that matches these filters, whatever became of it, also those that are not loaded here:",
    de: "Jeder Lauf, den Sie sehen dürfen und der zu diesen Filtern passt, was auch aus ihm wurde, auch die hier nicht geladenen:",
  },
  againEffect: {
    en: "Each is submitted anew on your behalf, whoever submitted it before: with its arguments, for its node, by today's definition of its job, and decided again. Those of the same job and arguments become one submission.",
    de: "Jeder läuft neu und in Ihrem Auftrag, wer auch immer ihn zuvor beauftragt hat: mit seinen Argumenten, für seinen Knoten, nach der heutigen Definition seines Jobs, und neu entschieden. Die mit gleichem Job und gleichen Argumenten werden ein Auftrag.",
  },
  againAct: { en: "Run them again", de: "Erneut ausführen" },
  againDone: {
    en: { one: "{count} run submitted again", other: "{count} runs submitted again" },
    de: { one: "{count} Lauf erneut beauftragt", other: "{count} Läufe erneut beauftragt" },
  },
  againPartly: { en: "{failed} of {count} could not be submitted again", de: "{failed} von {count} ließen sich nicht erneut beauftragen" },
  searched: { en: "Search", de: "Suche" },
  submission: { en: "Submission", de: "Auftrag" },
  cancelAct: { en: "Cancel them", de: "Läufe abbrechen" },
  letGoOn: { en: "Let them go on", de: "Weiterlaufen lassen" },
  keep: { en: "Why cancelled", de: "Grund" },
  newRuns: {
    en: { one: "{count} new run", other: "{count} new runs" },
    de: { one: "{count} neuer Lauf", other: "{count} neue Läufe" },
  },
  counts: { en: "Counts by state", de: "Anzahl je Zustand" },
  empty: { en: "Nothing has run yet", de: "Noch ist nichts gelaufen" },
  emptyHint: { en: "Open a job and run it.", de: "Öffnen Sie einen Job und führen Sie ihn aus." },
  toJobs: { en: "To the jobs", de: "Zu den Jobs" },
});
