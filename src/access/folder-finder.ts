/**
 * Folder entries sorted by path, so that those that begin a path or lie below one are found without reading all of them. What does not belong
 * here: which of them counts (`findings.ts`), and anything that `decide` reads (`folder-index.ts`).
 */
import type { FoundFolder } from "#access/role-entries.ts";

/** Entries in the order of the roles; places in it are positions. */
export interface FolderFinder {
  readonly entries: readonly FoundFolder[];
  /** Made at first use. */
  sorted: Sorted | null;
}

interface Sorted {
  /** In order. */
  readonly paths: readonly string[];
  /** The positions of them; of equal paths in their order. */
  readonly positions: readonly number[];
  /** For each of them the place of the next one before it that begins it; -1: none. */
  readonly up: readonly number[];
}

export const newFolderFinder = (entries: readonly FoundFolder[]): FolderFinder => ({ entries, sorted: null });

const sort = ({ entries }: FolderFinder): Sorted => {
  const positions = entries
    .map((_, position) => position)
    .sort((left, right) => {
      const one = entries[left]?.path ?? "";
      const other = entries[right]?.path ?? "";
      return one < other ? -1 : one > other ? 1 : left - right;
    });
  const paths = positions.map((position) => entries[position]?.path ?? "");
  const up: number[] = [];
  for (const [place, path] of paths.entries()) {
    let before = place - 1;
    while (before >= 0 && !path.startsWith(paths[before] ?? "")) before = up[before] ?? -1;
    up.push(before);
  }
  return { paths, positions, up };
};

const sortedOf = (finder: FolderFinder): Sorted => (finder.sorted ??= sort(finder));

/** The first place whose path is not before `text`. */
const placeOf = (paths: readonly string[], text: string): number => {
  let from = 0;
  let to = paths.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((paths[middle] ?? "") < text) from = middle + 1;
    else to = middle;
  }
  return from;
};

const noPositions: readonly number[] = Object.freeze([]);

/** Positions of the entries whose path is the beginning of `path`, letter by letter, or is all of it; the shortest first. */
export const positionsBeginning = (finder: FolderFinder, path: string): readonly number[] => {
  if (finder.entries.length === 0) return noPositions;
  const { paths, positions, up } = sortedOf(finder);
  // What is sorted from a beginning of the path up to the path begins with it too, so the chain from the last one not after it has them all.
  let place = placeOf(paths, path);
  while (paths[place] === path) place += 1;
  place -= 1;
  while (place >= 0 && !path.startsWith(paths[place] ?? "")) place = up[place] ?? -1;
  if (place < 0) return noPositions;
  const found: number[] = [];
  for (; place >= 0; place = up[place] ?? -1) found.push(positions[place] ?? 0);
  return found.toReversed();
};

/** Calls with the position of each entry below the folder, which is not `/`. */
export const eachBelow = (finder: FolderFinder, folder: string, call: (position: number, path: string) => void): void => {
  if (finder.entries.length === 0) return;
  const { paths, positions } = sortedOf(finder);
  const beginning = `${folder}/`;
  for (let place = placeOf(paths, beginning); place < paths.length; place += 1) {
    const path = paths[place] ?? "";
    if (!path.startsWith(beginning)) return;
    call(positions[place] ?? 0, path);
  }
};
