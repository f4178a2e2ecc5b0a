/** Which language the cockpit speaks: chosen in Settings or the browser's; and the hook that every component takes its texts from. */
import { createContext, createElement, useContext, useSyncExternalStore } from "react";
import { renderText, type Language, type Translate } from "#web/i18n/text.ts";
import { createStore } from "#web/api/small-store.ts";
import { readLocal, writeLocal } from "#web/api/local.ts";

export type LanguageChoice = Language | "system";
export const languageKey = "behalf.language";

/** Read once: every component asks, and asking the browser takes longer than the rest of the answer. */
const ofBrowser: Language = navigator.language.startsWith("de") ? "de" : "en";
const stored = readLocal(languageKey);
const choice = createStore<LanguageChoice>(stored === "en" || stored === "de" ? stored : "system");

export const chooseLanguage = (chosen: LanguageChoice): void => {
  writeLocal(languageKey, chosen === "system" ? null : chosen);
  choice.set(chosen);
  document.documentElement.lang = chosen === "system" ? ofBrowser : chosen;
};

/** For texts outside of components; what is shown by then does not change with the choice. */
export const languageNow = (): Language => {
  const chosen = choice.get();
  return chosen === "system" ? ofBrowser : chosen;
};
document.documentElement.lang = languageNow();

export const followLanguage = (listener: () => void): (() => void) => choice.subscribe(listener);

export const useLanguageChoice = (): LanguageChoice => useSyncExternalStore(choice.subscribe, choice.get);

const LanguageContext = createContext<Language>(languageNow());

/** Around everything: a list has hundreds of texts, and each that followed the choice by itself would be one more thing to begin and to end. */
export const LanguageProvider = ({ children }: { readonly children: React.ReactNode }): React.ReactElement => {
  const chosen = useLanguageChoice();
  return createElement(LanguageContext, { value: chosen === "system" ? ofBrowser : chosen }, children);
};

export const useLanguage = (): Language => useContext(LanguageContext);

const translators: Readonly<Record<Language, Translate>> = {
  en: (text, ...values) => renderText("en", text, values[0]),
  de: (text, ...values) => renderText("de", text, values[0]),
};

/** `t(texts.title)`, `t(texts.count, { count })`. */
export const useText = (): Translate => translators[useLanguage()];
