import { defineTexts } from "#web/i18n/text.ts";

export const auditTexts = defineTexts({
  about: {
    en: "Every act, opened before it happens and completed after, chained by hash.",
    de: "Jede Handlung: eröffnet, bevor sie geschieht, abgeschlossen danach, durch Hashes verkettet.",
  },
  action: { en: "Action", de: "Handlung" },
  object: { en: "Object", de: "Objekt" },
  phase: { en: "Phase", de: "Phase" },
  sequence: { en: "Record", de: "Eintrag" },
  anyPhase: { en: "any", de: "jede" },
  opened: { en: "opened", de: "eröffnet" },
  completed: { en: "completed", de: "abgeschlossen" },
  noted: { en: "noted", de: "vermerkt" },
  actionHint: { en: "exact, or with * at the end", de: "genau, oder mit * am Ende" },
  from: { en: "From", de: "Von" },
  to: { en: "Before", de: "Vor" },
  empty: { en: "No record yet that you may see", de: "Noch kein Eintrag, den Sie sehen dürfen" },
  record: { en: "Record {sequence} of {writer}", de: "Eintrag {sequence} von {writer}" },
  closeRecord: { en: "Close the record", de: "Eintrag schließen" },
  opens: { en: "Completes record", de: "Schließt Eintrag ab" },
  hash: { en: "Hash", de: "Hash" },
  previous: { en: "Hash before", de: "Hash davor" },
  detail: { en: "Detail", de: "Einzelheiten" },
  onlyActor: { en: "Only this actor", de: "Nur dieser Akteur" },
  onlyObject: { en: "Only this object", de: "Nur dieses Objekt" },
  explain: { en: "May the actor do this today?", de: "Darf der Akteur das heute?" },
});

export const chainTexts = defineTexts({
  title: { en: "Chain", de: "Kette" },
  head: { en: "Head", de: "Kopf der Kette" },
  headHint: {
    en: "Keep the head elsewhere: what was recorded up to it can then be proved unchanged.",
    de: "Bewahren Sie den Kopf anderswo auf: Bis zu ihm lässt sich dann beweisen, dass nichts verändert wurde.",
  },
  verify: { en: "Verify all", de: "Alles prüfen" },
  newest: { en: "Newest", de: "Jüngster" },
  checkpoint: { en: "Checkpoint", de: "Prüfpunkt" },
  verified: { en: "Verified", de: "Geprüft" },
  whole: { en: "all of it", de: "alles" },
  place: { en: "record {sequence}", de: "Eintrag {sequence}" },
  upTo: { en: "up to record {sequence}", de: "bis Eintrag {sequence}" },
  never: { en: "none yet", de: "noch keiner" },
  newer: { en: "{count} newer soon", de: "{count} jüngere bald" },
  notYet: {
    en: "Not verified since the manager started: it does that by itself in a moment",
    de: "Seit dem Start des Managers noch nicht geprüft: Er tut das gleich von selbst",
  },
  first: {
    en: {
      one: "Being verified for the first time since the manager started: {count} record so far",
      other: "Being verified for the first time since the manager started: {count} records so far",
    },
    de: {
      one: "Wird seit dem Start des Managers zum ersten Mal geprüft: bisher {count} Eintrag",
      other: "Wird seit dem Start des Managers zum ersten Mal geprüft: bisher {count} Einträge",
    },
  },
  holds: {
    en: { one: "The chain holds: {count} record", other: "The chain holds: {count} records" },
    de: { one: "Die Kette hält: {count} Eintrag", other: "Die Kette hält: {count} Einträge" },
  },
  broken: {
    en: { one: "The chain does not hold: {count} finding", other: "The chain does not hold: {count} findings" },
    de: { one: "Die Kette hält nicht: {count} Befund", other: "Die Kette hält nicht: {count} Befunde" },
  },
  chains: { en: { one: "{count} chain", other: "{count} chains" }, de: { one: "{count} Kette", other: "{count} Ketten" } },
  unfinished: {
    en: { one: "{count} unfinished act", other: "{count} unfinished acts" },
    de: { one: "{count} unvollendete Handlung", other: "{count} unvollendete Handlungen" },
  },
  more: {
    en: { one: "and {count} more finding", other: "and {count} more findings" },
    de: { one: "und {count} weiterer Befund", other: "und {count} weitere Befunde" },
  },
});
