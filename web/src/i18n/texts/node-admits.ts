import { defineTexts } from "#web/i18n/text.ts";

/** Its own file: shown on a node's page, and where a node has refused. */
export const admitsTexts = defineTexts({
  title: { en: "Whom its table lets in", de: "Wen seine Tabelle zulässt" },
  whoCan: { en: "Who can, by the table of {node}", de: "Wer darf, nach der Tabelle von {node}" },
  notTold: { en: "The node has not told its table.", de: "Der Knoten hat seine Tabelle nicht mitgeteilt." },
  everybody: { en: "every signed-in account", de: "jedes angemeldete Konto" },
  group: { en: "group {name}", de: "Gruppe {name}" },
  unnamed: {
    en: { one: "{count} entry more; your roles do not show accounts.", other: "{count} entries more; your roles do not show accounts." },
    de: {
      one: "{count} weiterer Eintrag; Ihre Rollen zeigen keine Konten.",
      other: "{count} weitere Einträge; Ihre Rollen zeigen keine Konten.",
    },
  },
  cut: { en: "The table is longer than what the node tells of it.", de: "Die Tabelle ist länger, als der Knoten von ihr mitteilt." },
  hidden: {
    en: "Your roles do not show nodes, so that its table is not shown here.",
    de: "Ihre Rollen zeigen keine Knoten, daher steht seine Tabelle nicht hier.",
  },
});
