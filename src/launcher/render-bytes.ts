/** Sizes for people: `10 MB`, `512 bytes`. */
export const renderBytes = (bytes: number): string => {
  for (const [unit, factor] of [
    ["GB", 1e9],
    ["MB", 1e6],
    ["kB", 1e3],
  ] as const)
    if (bytes >= factor) return `${Number((bytes / factor).toFixed(1))} ${unit}`;
  return `${bytes} bytes`;
};
