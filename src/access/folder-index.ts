/**
 * The folders of one scope, ready to be asked: which entry holds a path? One pass over the path's characters with a running hash that
 * is looked up at each slash: nothing is cut or allocated. Ancestors of entries are in the table too, so a walk ends at the first segment
 * that leads to no entry, however many folders there are. (A map of strings, cut at each slash, was 2-4 times slower.)
 */
import type { Role } from "#access/question.ts";
import { renderFolder } from "#access/folders.ts";

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
  /**
   * Open addressing, two numbers a slot: hash, and entry + 1 for the entry's own path, -(entry + 1) for an ancestor of it, 0 for a
   * free slot.
   */
  readonly table: Int32Array;
  /** Whether two paths of the table have the same hash, so that a look-up must compare the texts too. */
  collides: boolean;
}

const slash = 47;
const seed = 0x811c9dc5 | 0;
const prime = 0x01000193;
const stride = 2;
const none = -1;

const nextHash = (hash: number, code: number): number => Math.imul(hash ^ code, prime);
const firstSlot = (hash: number, table: Int32Array): number => ((hash ^ (hash >>> 15)) & (table.length / stride - 1)) * stride;
const slotAfter = (slot: number, table: Int32Array): number => (slot + stride) & (table.length - 1);

const hasSamePrefix = (left: string, right: string, length: number): boolean => {
  for (let at = 0; at < length; at += 1) if (left.charCodeAt(at) !== right.charCodeAt(at)) return false;
  return true;
};

const isPrefixAt = (pool: FolderPool, slot: number, path: string, length: number): boolean => {
  const reference = pool.table[slot + 1] ?? 0;
  const entry = pool.entries[Math.abs(reference) - 1];
  return (
    entry !== undefined &&
    (reference > 0 ? entry.path.length === length : entry.path.length > length && entry.path.charCodeAt(length) === slash) &&
    hasSamePrefix(entry.path, path, length)
  );
};

/**
 * The slot of the first `length` characters of the path, or -1. Texts are compared where it decides (`entryAt`, `isNameAt`), not on
 * the way: reading them costs more than everything else.
 */
const slotOf = (pool: FolderPool, path: string, length: number, hash: number): number => {
  const { table } = pool;
  for (let slot = firstSlot(hash, table); table[slot + 1] !== 0; slot = slotAfter(slot, table)) {
    if (table[slot] === hash && (!pool.collides || isPrefixAt(pool, slot, path, length))) return slot;
  }
  return none;
};

const insert = (pool: FolderPool, path: string, length: number, hash: number, position: number): boolean => {
  const { table } = pool;
  const isEntry = length === path.length;
  let slot = firstSlot(hash, table);
  for (; table[slot + 1] !== 0; slot = slotAfter(slot, table)) {
    if (table[slot] !== hash) continue;
    if (isPrefixAt(pool, slot, path, length)) {
      if (isEntry) table[slot + 1] = position;
      return false;
    }
    pool.collides = true;
  }
  table[slot] = hash;
  table[slot + 1] = isEntry ? position : -position;
  return true;
};

const emptyTable = new Int32Array(stride);

const tableFor = (slots: number): Int32Array => {
  let size = 4;
  while (size < slots * 2) size *= 2;
  return new Int32Array(size * stride);
};

/** Puts the entry and its ancestors into the table; returns how many slots that took, or -1 where it would be more than half full. */
const addEntry = (pool: FolderPool, path: string, position: number, free: number): number => {
  let hash = seed;
  let taken = 0;
  for (let at = 0; at <= path.length; at += 1) {
    if (at === path.length || (at > 0 && path.charCodeAt(at) === slash)) {
      if (taken >= free) return none;
      if (insert(pool, path, at, hash, position)) taken += 1;
    }
    hash = nextHash(hash, path.charCodeAt(at));
  }
  return taken;
};

const fill = (pool: FolderPool): boolean => {
  let free = pool.table.length / stride / 2;
  for (let index = 0; index < pool.entries.length; index += 1) {
    const path = pool.entries[index]?.path ?? "/";
    if (path === "/") continue;
    const taken = addEntry(pool, path, index + 1, free);
    if (taken === none) return false;
    free -= taken;
  }
  return true;
};

/** Builds the pool of the entries, one per path, over the pool of all controllers. */
export const buildFolderPool = (entries: readonly FolderEntry[], below: FolderPool | null): FolderPool => {
  if (entries.length === 0 && below !== null) return below;
  const root = entries.find((entry) => entry.path === "/") ?? below?.root ?? null;
  const poolWith = (table: Int32Array): FolderPool => ({ entries, below, empty: entries.length === 0, root, table, collides: false });
  if (entries.length === 0) return poolWith(emptyTable);
  for (let slots = entries.length + 1; ; slots *= 2) {
    const pool = poolWith(tableFor(slots));
    if (fill(pool)) return pool;
  }
};

const entryAt = (pool: FolderPool | null, slot: number, path: string, length: number): FolderEntry | null => {
  if (pool === null || slot === none) return null;
  const reference = pool.table[slot + 1] ?? 0;
  return reference > 0 && isPrefixAt(pool, slot, path, length) ? (pool.entries[reference - 1] ?? null) : null;
};

const isNameAt = (pool: FolderPool | null, slot: number, path: string, length: number): boolean =>
  pool !== null && slot !== none && isPrefixAt(pool, slot, path, length);

/**
 * Walks down a path (comparable form; a slash at its end marks a folder): the nearest entry that holds it; `name` where it only leads
 * to an entry and is shown as a bare name (E9); null where it is neither.
 */
export const walk = (pool: FolderPool, asked: string): FolderEntry | "name" | null => {
  const isFolder = asked.length > 1 && asked.charCodeAt(asked.length - 1) === slash;
  const length = isFolder ? asked.length - 1 : asked.length;
  const { root, below } = pool;
  if (length === 1) return root ?? (pool.empty ? null : "name");
  let best = root !== null && root.recursive ? root : null;
  // The entry at the folder directly above holds its objects even if it is not recursive.
  let parent = root;
  let hash = nextHash(seed, slash);
  for (let at = 1; at < length; at += 1) {
    const code = asked.charCodeAt(at);
    if (code === slash) {
      const own = slotOf(pool, asked, at, hash);
      const general = below === null ? none : slotOf(below, asked, at, hash);
      // INVARIANT: every ancestor of an entry has a slot, so nothing below this segment can hold the path.
      if (own === none && general === none) return best;
      parent = entryAt(pool, own, asked, at) ?? entryAt(below, general, asked, at);
      if (parent !== null && parent.recursive) best = parent;
    }
    hash = nextHash(hash, code);
  }
  const own = slotOf(pool, asked, length, hash);
  const general = below === null ? none : slotOf(below, asked, length, hash);
  const entry = entryAt(pool, own, asked, length) ?? entryAt(below, general, asked, length) ?? (isFolder ? best : (parent ?? best));
  return entry ?? (isNameAt(pool, own, asked, length) || isNameAt(below, general, asked, length) ? "name" : null);
};

/** The entry as definitions show it: `/finance/*`. */
export const renderEntry = (entry: FolderEntry): string => (entry.rendered ??= renderFolder(entry.path, entry.recursive));
