/**
 * The folders of one scope, ready to be asked: which entry holds a path? The path is read once (`readPath`), with a running hash that is
 * looked up at its slashes. Ancestors of entries are in the table too, for those that are shown as bare names (E9). (A map of strings, cut at each slash, was 2-4 times slower.)
 */
import type { Role } from "#access/question.ts";
import { readPath, renderFolder, type ReadPath } from "#access/folders.ts";

/** A folder entry and the role it comes from. */
export interface FolderEntry {
  readonly path: string;
  readonly recursive: boolean;
  readonly role: Role;
  readonly scope: string;
  /** How a permit names it; made at first use. */
  words: string | null;
  rendered: string | null;
}

/** D98: entries of a controller stand before those of all controllers (`below`). An empty pool is everything (E1). */
export interface FolderPool {
  readonly entries: readonly FolderEntry[];
  readonly below: FolderPool | null;
  readonly empty: boolean;
  /** The entry for `/`, the controller's own first. */
  readonly root: FolderEntry | null;
  /** Segments of the longest entry, here or below: nothing is looked up for a longer path. */
  readonly deepest: number;
  /** Open addressing, two numbers a slot: hash, and reference (0: a free slot). */
  readonly table: Int32Array;
}

const slash = 47;
const stride = 2;
const none = -1;

/** Of a reference: whether the slot is the entry's own path and not only an ancestor of it. */
const ownPath = 1;
/** Of a reference: whether another path of the table has the same hash, so that a look-up must compare the texts too. */
const ambiguous = 2;
const flagBits = 2;

const firstSlot = (hash: number, table: Int32Array): number => ((hash ^ (hash >>> 15)) & (table.length / stride - 1)) * stride;
const slotAfter = (slot: number, table: Int32Array): number => (slot + stride) & (table.length - 1);

const entryOf = (pool: FolderPool, reference: number): FolderEntry | undefined => pool.entries[(reference >> flagBits) - 1];

/** Cutting costs a third of comparing character by character. */
const isPrefixOf = (text: string, length: number, path: string): boolean => path.slice(0, length) === text;

const isPrefixAt = (pool: FolderPool, slot: number, path: string, length: number): boolean => {
  const reference = pool.table[slot + 1] ?? 0;
  const entry = entryOf(pool, reference);
  if (entry === undefined) return false;
  if ((reference & ownPath) !== 0) return entry.path.length === length && isPrefixOf(entry.path, length, path);
  return entry.path.length > length && entry.path.charCodeAt(length) === slash && isPrefixOf(entry.path.slice(0, length), length, path);
};

/**
 * The slot of the first `length` characters of the path, or -1. Texts are compared where it decides (`entryAt`, `isNameAt`), not on
 * the way: reading them costs more than everything else.
 */
const slotOf = (pool: FolderPool, path: string, length: number, hash: number): number => {
  const { table } = pool;
  for (let slot = firstSlot(hash, table); ; slot = slotAfter(slot, table)) {
    const reference = table[slot + 1] ?? 0;
    if (reference === 0) return none;
    if (table[slot] === hash && ((reference & ambiguous) === 0 || isPrefixAt(pool, slot, path, length))) return slot;
  }
};

const insert = (pool: FolderPool, path: string, length: number, hash: number, position: number): boolean => {
  const { table } = pool;
  const isOwn = length === path.length;
  let shared = 0;
  let slot = firstSlot(hash, table);
  for (; table[slot + 1] !== 0; slot = slotAfter(slot, table)) {
    if (table[slot] !== hash) continue;
    const reference = table[slot + 1] ?? 0;
    if (isPrefixAt(pool, slot, path, length)) {
      if (isOwn) table[slot + 1] = (position << flagBits) | (reference & ambiguous) | ownPath;
      return false;
    }
    table[slot + 1] = reference | ambiguous;
    shared = ambiguous;
  }
  table[slot] = hash;
  table[slot + 1] = (position << flagBits) | shared | (isOwn ? ownPath : 0);
  return true;
};

const emptyTable = new Int32Array(stride);

const tableFor = (slots: number): Int32Array => {
  let size = 4;
  while (size < slots * 2) size *= 2;
  return new Int32Array(size * stride);
};

/** A stored path that is not in comparable form holds nothing; it still limits (E1, E12). */
const readEntry = (path: string): ReadPath | null => {
  const read = path === "/" ? null : readPath(path);
  return read === null || read.isFolder ? null : read;
};

/** Puts every entry and its ancestors into the table; false where it would be more than half full. */
const fill = (pool: FolderPool): boolean => {
  let free = pool.table.length / stride / 2;
  for (let index = 0; index < pool.entries.length; index += 1) {
    const path = pool.entries[index]?.path ?? "/";
    const read = readEntry(path);
    if (read === null) continue;
    for (let level = 0; level < read.segments; level += 1) {
      if (free === 0) return false;
      if (insert(pool, path, read.ends[level] ?? 0, read.hashes[level] ?? 0, index + 1)) free -= 1;
    }
  }
  return true;
};

const deepestOf = (entries: readonly FolderEntry[], below: FolderPool | null): number => {
  let deepest = below?.deepest ?? 0;
  for (const { path } of entries) {
    let segments = 0;
    for (let at = 0; at >= 0; at = path.indexOf("/", at + 1)) segments += 1;
    if (segments > deepest) deepest = segments;
  }
  return deepest;
};

/** Builds the pool of the entries, one per path, over the pool of all controllers. */
export const buildFolderPool = (entries: readonly FolderEntry[], below: FolderPool | null): FolderPool => {
  if (entries.length === 0 && below !== null) return below;
  const root = entries.find((entry) => entry.path === "/") ?? below?.root ?? null;
  const deepest = deepestOf(entries, below);
  const poolWith = (table: Int32Array): FolderPool => ({ entries, below, empty: entries.length === 0, root, deepest, table });
  if (entries.length === 0) return poolWith(emptyTable);
  for (let slots = entries.length + 1; ; slots *= 2) {
    const pool = poolWith(tableFor(slots));
    if (fill(pool)) return pool;
  }
};

/** Where an entry of the pool stands; looked up, since there may be many thousands. */
const positionOf = (pool: FolderPool, entry: FolderEntry): number => {
  const read = readEntry(entry.path);
  const level = (read?.segments ?? 0) - 1;
  const slot = read === null ? none : slotOf(pool, entry.path, entry.path.length, read.hashes[level] ?? 0);
  const position = slot === none ? none : ((pool.table[slot + 1] ?? 0) >> flagBits) - 1;
  return pool.entries[position] === entry ? position : pool.entries.indexOf(entry);
};

/** The same pool with entries of roles that changed otherwise: `renewed` says which stands for which. Paths and their order are the same. */
export const renewFolderPool = (pool: FolderPool, below: FolderPool | null, renewed: ReadonlyMap<FolderEntry, FolderEntry>): FolderPool => {
  if (pool.below === null && below !== null) return below;
  if (renewed.size === 0 && pool.below === below) return pool;
  const entries = [...pool.entries];
  for (const [old, entry] of renewed) {
    const position = positionOf(pool, old);
    if (position !== none) entries[position] = entry;
  }
  return { ...pool, entries, below, root: pool.root === null ? null : (renewed.get(pool.root) ?? pool.root) };
};

const entryAt = (pool: FolderPool | null, slot: number, path: string, length: number): FolderEntry | null => {
  if (pool === null || slot === none) return null;
  const reference = pool.table[slot + 1] ?? 0;
  return (reference & ownPath) !== 0 && isPrefixAt(pool, slot, path, length) ? (entryOf(pool, reference) ?? null) : null;
};

const isNameAt = (pool: FolderPool | null, slot: number, path: string, length: number): boolean =>
  pool !== null && slot !== none && isPrefixAt(pool, slot, path, length);

/**
 * Looks up a path (comparable form; a slash at its end marks a folder), itself first and then what is above it: the nearest entry that holds
 * it; `name` where it only leads to an entry and is shown as a bare name (E9); null where it is neither. (From the top down, most look-ups were
 * of folders above the one that decides, and half of those were not in the processor's cache.)
 */
export const walk = (pool: FolderPool, asked: string): FolderEntry | "name" | null => {
  const path = readPath(asked);
  if (path === null) return null;
  const { root, below, deepest } = pool;
  const { segments, isFolder, ends, hashes } = path;
  if (segments === 0) return root ?? (pool.empty ? null : "name");
  const last = segments - 1;
  let isName = false;
  for (let level = last < deepest ? last : deepest - 1; level >= 0; level -= 1) {
    const length = ends[level] ?? 0;
    const hash = hashes[level] ?? 0;
    const own = slotOf(pool, asked, length, hash);
    const general = below === null ? none : slotOf(below, asked, length, hash);
    if (own === none && general === none) continue;
    const entry = entryAt(pool, own, asked, length) ?? entryAt(below, general, asked, length);
    if (level === last) {
      if (entry !== null) return entry;
      isName = isNameAt(pool, own, asked, length) || isNameAt(below, general, asked, length);
    } else if (entry !== null && (entry.recursive || (level === last - 1 && !isFolder))) return entry;
  }
  // The entry at the folder directly above holds its objects even if it is not recursive.
  if (root !== null && (root.recursive || (last === 0 && !isFolder))) return root;
  return isName ? "name" : null;
};

/** The entry as definitions show it: `/finance/*`. */
export const renderEntry = (entry: FolderEntry): string => (entry.rendered ??= renderFolder(entry.path, entry.recursive));
