/**
 * What the engine says, in the reader's language: reasons by their rule and facts, problems by their code, other sentences by themselves. English is the
 * engine's own; German is loaded where it is read, and until then, or where it has no words for something, the engine's stand there.
 */
import { useSyncExternalStore } from "react";
import { createStore } from "#web/api/small-store.ts";
import type { EngineWords } from "#web/i18n/told.ts";
import { followLanguage, languageNow, useLanguage } from "#web/i18n/language.ts";

const loaded = createStore<EngineWords | null>(null);
let isAsked = false;

const follow = (): void => {
  if (isAsked || languageNow() === "en") return;
  isAsked = true;
  void import("#web/i18n/german/german.ts").then(
    ({ german }) => loaded.set(german),
    // The manager was away: asked again with the next choice of language, or the next page.
    () => (isAsked = false),
  );
};
followLanguage(follow);
follow();

/** Null: the engine's own words. */
export const useEngineWords = (): EngineWords | null => {
  const words = useSyncExternalStore(loaded.subscribe, loaded.get);
  return useLanguage() === "en" ? null : words;
};

/** For texts outside of components. */
export const engineWordsNow = (): EngineWords | null => (languageNow() === "en" ? null : loaded.get());
