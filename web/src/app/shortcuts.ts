/** Keys that work everywhere. What belongs here: which key means what, from plain facts of the event. Pure; `shell.tsx` listens. */
export interface KeyFacts {
  readonly key: string;
  readonly ctrlOrMeta: boolean;
  readonly alt: boolean;
  /** Somebody is typing into a field. */
  readonly typing: boolean;
}

export type KeyMeaning =
  | { readonly kind: "palette" }
  | { readonly kind: "sheet" }
  | { readonly kind: "filter" }
  /** `g` was pressed: the next key is a page's. */
  | { readonly kind: "await-page" }
  | { readonly kind: "page"; readonly key: string }
  | { readonly kind: "nothing" };

/** `awaiting`: whether `g` came just before. */
export const meaningOf = (facts: KeyFacts, awaiting: boolean): KeyMeaning => {
  if (facts.ctrlOrMeta) return facts.key.toLowerCase() === "k" && !facts.alt ? { kind: "palette" } : { kind: "nothing" };
  if (facts.typing || facts.alt) return { kind: "nothing" };
  if (awaiting && /^[a-z]$/.test(facts.key)) return { kind: "page", key: facts.key };
  switch (facts.key) {
    case "?":
      return { kind: "sheet" };
    case "/":
      return { kind: "filter" };
    case "g":
      return { kind: "await-page" };
    default:
      return { kind: "nothing" };
  }
};
