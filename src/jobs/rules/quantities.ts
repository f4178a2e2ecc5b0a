/** Sizes with units and lists of exit codes, as job definitions write them. Pure. */

const factors: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

/** Bytes of `512KiB`, `100MiB`, `2GiB`; null when the text is no size. */
export const parseSize = (text: string): number | null => {
  const found = /^(\d{1,12}) ?(B|KiB|MiB|GiB)$/.exec(text);
  if (found === null) return null;
  const bytes = Number(found[1]) * (factors[found[2] ?? ""] ?? Number.NaN);
  return Number.isSafeInteger(bytes) ? bytes : null;
};

/** The shortest text of a size: `104857600` -> `100MiB`. */
export const renderSize = (bytes: number): string => {
  for (const unit of ["GiB", "MiB", "KiB"]) {
    const factor = factors[unit] ?? 1;
    if (bytes >= factor && bytes % factor === 0) return `${bytes / factor}${unit}`;
  }
  return `${bytes}B`;
};

export type ExitCodes = readonly (readonly [number, number])[];

/** A process of Linux ends with 0 to 255: what is beyond never comes, and a job that waits for it would always fail. */
export const largestExitCode = 255;
export const mostExitCodeRanges = 100;

const parseRange = (text: string): readonly [number, number] | null => {
  const found = /^(\d{1,10})(?:\.\.(\d{1,10}))?$/.exec(text.trim());
  if (found === null) return null;
  const low = Number(found[1]);
  const high = found[2] === undefined ? low : Number(found[2]);
  return low <= high && high <= largestExitCode ? [low, high] : null;
};

/** Ranges of `0,2,4..8`, in order and merged; null when the text is no such list. */
export const parseExitCodes = (text: string): ExitCodes | null => {
  const ranges: (readonly [number, number])[] = [];
  const parts = text.split(",");
  if (parts.length > mostExitCodeRanges) return null;
  for (const part of parts) {
    const range = parseRange(part);
    if (range === null) return null;
    ranges.push(range);
  }
  const merged: (readonly [number, number])[] = [];
  for (const range of ranges.toSorted((left, right) => left[0] - right[0] || left[1] - right[1])) {
    const last = merged.at(-1);
    if (last !== undefined && range[0] <= last[1] + 1) merged[merged.length - 1] = [last[0], Math.max(last[1], range[1])];
    else merged.push(range);
  }
  return merged;
};

/** `[[0, 0], [4, 8]]` -> `0,4..8`. */
export const renderExitCodes = (codes: ExitCodes): string =>
  codes.map(([low, high]) => (low === high ? String(low) : `${low}..${high}`)).join(",");
