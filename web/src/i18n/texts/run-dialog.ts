import { defineTexts } from "#web/i18n/text.ts";

export const runDialogTexts = defineTexts({
  title: { en: "Run {job}", de: "{job} ausführen" },
  again: { en: "Run {job} again", de: "{job} erneut ausführen" },
  noParameters: { en: "The job has no parameters.", de: "Der Job hat keine Parameter." },
  notShown: {
    en: "The job’s definition is not shown to you; these are the arguments of the run before.",
    de: "Die Definition des Jobs wird Ihnen nicht gezeigt; dies sind die Argumente des vorigen Laufs.",
  },
  gone: {
    en: "The job has no parameter {name} any more; it is left out.",
    de: "Der Job hat keinen Parameter {name} mehr; er entfällt.",
  },
  default: { en: "Default: {value}", de: "Vorgabe: {value}" },
  leftOut: { en: "left out", de: "weggelassen" },
  asDefault: { en: "as the job says: {value}", de: "wie im Job: {value}" },
  typeInteger: { en: "whole number", de: "ganze Zahl" },
  typeNumber: { en: "number", de: "Zahl" },
  targetsNone: { en: "The job names no node. Choose one.", de: "Der Job nennt keinen Knoten. Wählen Sie einen." },
  otherNode: { en: "Another node", de: "Ein anderer Knoten" },
  addNode: { en: "Add node", de: "Knoten hinzufügen" },
  commentHint: { en: "Kept with the run and found by searching.", de: "Bleibt beim Lauf und wird bei der Suche gefunden." },
  preview: { en: "What will happen", de: "Was geschehen wird" },
  who: { en: "Who", de: "Wer" },
  where: { en: "Where", de: "Wo" },
  previewing: { en: "Asking …", de: "Wird geprüft …" },
  nodeDecides: {
    en: "The node decides by its own table: it must give {name} the role {role}.",
    de: "Der Knoten entscheidet nach seiner eigenen Tabelle: sie muss {name} die Rolle {role} geben.",
  },
  nodesHidden: {
    en: "Your roles do not show nodes, so their state is not shown here.",
    de: "Ihre Rollen zeigen keine Knoten, daher steht ihr Zustand nicht hier.",
  },
  asAccount: { en: "on {node}: {account}", de: "auf {node}: {account}" },
  asKey: {
    en: "the account of credential {key}; which one that is, only the node knows",
    de: "das Konto der Zugangsdaten {key}; welches das ist, weiß nur der Knoten",
  },
  warnMissing: { en: "There is no node {node}.", de: "Es gibt keinen Knoten {node}." },
  warnNever: { en: "{node} has never connected; the run waits.", de: "{node} war noch nie verbunden; der Lauf wartet." },
  warnOffline: { en: "{node} is not connected; the run waits for it.", de: "{node} ist nicht verbunden; der Lauf wartet auf ihn." },
  warnLauncher: {
    en: "The launcher of {node} cannot be reached; the run waits for it.",
    de: "Der Launcher von {node} ist nicht erreichbar; der Lauf wartet darauf.",
  },
  warnNoAccount: {
    en: "{node} has no default job account and will refuse the run.",
    de: "{node} hat kein Standard-Jobkonto und wird den Lauf ablehnen.",
  },
  warnKey: {
    en: "{node} has not reported a credential of this key and will probably refuse the run.",
    de: "{node} hat keine Zugangsdaten dieses Schlüssels gemeldet und wird den Lauf wohl ablehnen.",
  },
  warnKeyUnusable: {
    en: "{node} could not use the credential of this key when it last looked.",
    de: "{node} konnte die Zugangsdaten dieses Schlüssels zuletzt nicht nutzen.",
  },
  forecast: { en: "as {node} last told; it decides itself", de: "wie {node} zuletzt mitteilte; er entscheidet selbst" },
  runMany: {
    en: { one: "Start {count} run", other: "Start {count} runs" },
    de: { one: "{count} Lauf starten", other: "{count} Läufe starten" },
  },
  keys: { en: "Ctrl+Enter runs", de: "Strg+Eingabe startet" },
});
