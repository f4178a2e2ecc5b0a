import { defineTexts } from "#web/i18n/text.ts";

/** Its own file: the panel is loaded when it is first wanted. */
export const explainTexts = defineTexts({
  title: { en: "Why", de: "Warum" },
  close: { en: "Close the explanation", de: "Erklärung schließen" },
  asked: { en: "Asked", de: "Gefragt" },
  askedText: { en: "May {actor} {permission}", de: "Darf {actor} {permission}" },
  on: { en: "on {path}", de: "auf {path}" },
  ofController: { en: "of controller {controller}", de: "für Controller {controller}" },
  answer: { en: "Answer", de: "Antwort" },
  decidedBy: { en: "Decided by", de: "Entschieden durch" },
  flip: { en: "Would flip if", de: "Anders wäre es, wenn" },
  ofRole: { en: "of role {role}", de: "der Rolle {role}" },
  changedByYou: {
    en: "The account itself holds {permission} and can make this change.",
    de: "Das Konto hat selbst {permission} und kann das ändern.",
  },
  changedByHolder: { en: "An account with {permission} can make this change.", de: "Ein Konto mit {permission} kann das ändern." },
  changedBy: { en: "Can make this change: {names}", de: "Das ändern können: {names}" },
  whoCanNone: { en: "No account can.", de: "Kein Konto darf das." },
  whoCanMore: {
    en: { one: "and {count} more", other: "and {count} more" },
    de: { one: "und {count} weiteres", other: "und {count} weitere" },
  },
  whoCanCount: { en: { one: "{count} account", other: "{count} accounts" }, de: { one: "{count} Konto", other: "{count} Konten" } },
  whoCanHidden: {
    en: "Your roles do not show other accounts. Ask an account that may manage roles.",
    de: "Ihre Rollen zeigen andere Konten nicht. Fragen Sie ein Konto, das Rollen verwalten darf.",
  },
  asOfNow: { en: "Decided anew just now, from today’s roles.", de: "Eben neu entschieden, nach den heutigen Rollen." },
});
