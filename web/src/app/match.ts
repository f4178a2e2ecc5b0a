/** Which of several texts somebody means: every word he typed stands in it; those that begin with it come first. Pure. */
const plain = (text: string): string => text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();

export const matching = <T extends { readonly text: string }>(all: readonly T[], typed: string): readonly T[] => {
  const words = plain(typed)
    .split(/\s+/)
    .filter((word) => word !== "");
  if (words.length === 0) return all;
  const first = words[0] ?? "";
  const rank = (text: string): number => (text.startsWith(first) ? 0 : text.includes(` ${first}`) ? 1 : 2);
  return all
    .map((one) => ({ one, text: plain(one.text) }))
    .filter(({ text }) => words.every((word) => text.includes(word)))
    .toSorted((a, b) => rank(a.text) - rank(b.text))
    .map(({ one }) => one);
};
