/** The names of the rules by which MAY decides, and the words that verdicts and explanations share. */

/** Rule ids of MAY; never renamed once released. */
export type MayRule =
  | "may.granted"
  | "may.denied"
  | "may.not-granted"
  | "may.folder"
  | "may.folder-missing"
  | "may.folder-malformed"
  | "may.unknown-permission"
  | "may.policy-unreadable";

/** Whoever may change roles may change any answer of MAY. */
export const roleKeeper = "manager:administration:accounts:manage";

export const scopeWords = (scope: string): string => (scope === "default" ? "all controllers" : `controller \`${scope}\``);
