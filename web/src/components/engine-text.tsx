/** A sentence of the engine in the reader's language; where there is none in it, in the engine's, and marked as that. */
import { useEngineWords } from "#web/i18n/engine-words.ts";
import type { Reason, Step } from "#web/i18n/told.ts";
import { useLanguage } from "#web/i18n/language.ts";
import { Words } from "#web/components/words.tsx";

const Told = ({ own, english }: { readonly own: string | null; readonly english: string }): React.ReactElement =>
  own === null ? (
    <span lang="en">
      <Words text={english} />
    </span>
  ) : (
    <span>
      <Words text={own} />
    </span>
  );

/** What a verdict gives as its reason. */
export const ReasonText = ({
  reason,
  steps = null,
}: {
  readonly reason: Reason;
  /** What would flip the answer, where the reason may be about that. */
  readonly steps?: readonly Step[] | null;
}): React.ReactElement => <Told own={useEngineWords()?.reason(reason, steps) ?? null} english={reason.text} />;

/** What it advises about a problem. */
export const HintText = ({ code, hint }: { readonly code: string; readonly hint: string }): React.ReactElement => (
  <Told own={useEngineWords()?.hint(code, hint) ?? null} english={hint} />
);

/** A text for an attribute or a hint, with the language it is in where that is not the page's. */
export interface SaidText {
  readonly text: string;
  readonly lang: string | undefined;
}

/** Its sentences, where no element can hold them. */
export const useSaid = (): ((text: string) => SaidText) => {
  const isEnglish = useLanguage() === "en";
  const words = useEngineWords();
  return (text) => {
    const own = words?.sentence(text) ?? null;
    return { text: own ?? text, lang: own === null && !isEnglish ? "en" : undefined };
  };
};

/** What a permission, or a branch of the tree, means: shown, and found by its words. */
export const useMeaning = (): ((of: { readonly permission: string; readonly meaning: string }) => SaidText) => {
  const isEnglish = useLanguage() === "en";
  const words = useEngineWords();
  return ({ permission, meaning }) => {
    const own = words?.meaning(permission) ?? null;
    return { text: own ?? meaning, lang: own === null && !isEnglish ? "en" : undefined };
  };
};

/** Anything else that it says. */
export const Sentence = ({ text }: { readonly text: string }): React.ReactElement => (
  <Told own={useEngineWords()?.sentence(text) ?? null} english={text} />
);
