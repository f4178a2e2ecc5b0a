/**
 * The folders of one scope, ready to be asked: which entry holds a path? One pass over the path's characters with a running hash
 * that is looked up at each slash: nothing is cut or allocated, and the number of folders does not matter. (A map of strings,
 * cut at each slash, was 2-4 times slower from 100 folders on.)
 */
import type { Role } from "#access/question.ts";
import { folderAbove, renderFolder } from "#access/folders.ts";

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
  readonly root: FolderEntry | null;
  /** Open addressing: 1 + position in `entries`, 0 for a free slot; `hashes` beside it. */
  readonly slots: Int32Array;
  readonly hashes: Int32Array;
  /** Ancestors of the entries; made at first use. */
  names: ReadonlySet<string> | null;
}

const slash = 47;
const seed = 0x811c9dc5 | 0;
const prime = 0x01000193;

/** Builds the pool of the entries, one per path, over the pool of all controllers. */
export const buildFolderPool = (entries: readonly FolderEntry[], below: FolderPool | null): FolderPool => {
  if (entries.length === 0 && below !== null) return below;
  let size = 4;
  while (size < entries.length * 2) size *= 2;
  const slots = new Int32Array(size);
  const hashes = new Int32Array(size);
  let root: FolderEntry | null = null;
  for (let index = 0; index < entries.length; index += 1) {
    const entry = entries[index];
    if (entry === undefined) continue;
    if (entry.path === "/") {
      root = entry;
      continue;
    }
    let hash = seed;
    for (let at = 0; at < entry.path.length; at += 1) hash = Math.imul(hash ^ entry.path.charCodeAt(at), prime);
    let slot = (hash ^ (hash >>> 15)) & (size - 1);
    while (slots[slot] !== 0) slot = (slot + 1) & (size - 1);
    slots[slot] = index + 1;
    hashes[slot] = hash;
  }
  return { entries, below, empty: entries.length === 0, root, slots, hashes, names: null };
};

const lookUp = (pool: FolderPool, path: string, length: number, hash: number): FolderEntry | null => {
  const { slots, hashes } = pool;
  const mask = slots.length - 1;
  let slot = (hash ^ (hash >>> 15)) & mask;
  for (;;) {
    const position = slots[slot];
    if (position === 0 || position === undefined) break;
    if (hashes[slot] === hash) {
      const entry = pool.entries[position - 1];
      if (entry !== undefined && entry.path.length === length && path.startsWith(entry.path)) return entry;
    }
    slot = (slot + 1) & mask;
  }
  return pool.below === null ? null : lookUp(pool.below, path, length, hash);
};

/** The nearest entry that holds the path (comparable form, a slash at its end marks a folder), or null. */
export const entryHolding = (pool: FolderPool, asked: string): FolderEntry | null => {
  const isFolder = asked.length > 1 && asked.charCodeAt(asked.length - 1) === slash;
  const length = isFolder ? asked.length - 1 : asked.length;
  const root = pool.root ?? pool.below?.root ?? null;
  if (length === 1) return root;
  let best = root !== null && root.recursive ? root : null;
  let parent = root;
  let hash = Math.imul(seed ^ slash, prime);
  for (let at = 1; at < length; at += 1) {
    const code = asked.charCodeAt(at);
    if (code === slash) {
      parent = lookUp(pool, asked, at, hash);
      if (parent !== null && parent.recursive) best = parent;
    }
    hash = Math.imul(hash ^ code, prime);
  }
  return lookUp(pool, asked, length, hash) ?? (isFolder ? best : (parent ?? best));
};

/** Every ancestor of an entry: what may be shown as a bare name on the way to it (E9). */
export const ancestorNames = (pool: FolderPool): ReadonlySet<string> => {
  if (pool.names !== null) return pool.names;
  const names = new Set<string>();
  for (let layer: FolderPool | null = pool; layer !== null; layer = layer.below) {
    for (const { path } of layer.entries) {
      let above = path;
      while (above !== "/") {
        above = folderAbove(above);
        if (names.has(above)) break;
        names.add(above);
      }
    }
  }
  pool.names = names;
  return names;
};

/** The entry as definitions show it: `/finance/*`. */
export const renderEntry = (entry: FolderEntry): string => (entry.rendered ??= renderFolder(entry.path, entry.recursive));
