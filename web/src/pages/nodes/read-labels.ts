/** Labels as people type them: one `name=value` per line. Pure. */
export type ReadLabels =
  | { readonly ok: true; readonly labels: Readonly<Record<string, string>> }
  /** From 1. */
  | { readonly ok: false; readonly line: number };

export const readLabels = (text: string): ReadLabels => {
  const labels = new Map<string, string>();
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "") continue;
    const at = line.indexOf("=");
    const name = line.slice(0, at).trim();
    if (at <= 0 || name === "") return { ok: false, line: index + 1 };
    labels.set(name, line.slice(at + 1).trim());
  }
  return { ok: true, labels: Object.fromEntries(labels) };
};
