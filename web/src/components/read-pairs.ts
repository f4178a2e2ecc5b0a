/** Names and values as people type them (labels of a node, names of controllers): one `name=value` per line. Pure. */
export type ReadPairs =
  | { readonly ok: true; readonly pairs: Readonly<Record<string, string>> }
  /** From 1. */
  | { readonly ok: false; readonly line: number };

export const readPairs = (text: string): ReadPairs => {
  const pairs = new Map<string, string>();
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "") continue;
    const at = line.indexOf("=");
    const name = line.slice(0, at).trim();
    if (at <= 0 || name === "") return { ok: false, line: index + 1 };
    pairs.set(name, line.slice(at + 1).trim());
  }
  return { ok: true, pairs: Object.fromEntries(pairs) };
};
