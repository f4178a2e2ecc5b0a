/**
 * Lists filtered by the same `decide` as everything else. The store is given the folders that can matter, so that a page costs what it
 * shows; each entry is then asked about by itself, so that a list and a single look never disagree.
 */
import type { CompiledAccess, ScopeAccess } from "#access/compile.ts";
import { decide } from "#access/decide.ts";
import type { FolderPool } from "#access/folder-index.ts";
import type { Page } from "#jobs/cursor.ts";
import type { VisibleFolders } from "#jobs/folder-filter.ts";

/** Most pages that are read to fill one answer; a reader who may see almost nothing gets short pages and a cursor. */
const mostReads = 20;

const entriesOf = (pool: FolderPool | null): readonly { readonly path: string; readonly recursive: boolean }[] =>
  pool === null ? [] : [...pool.entries.map(({ path, recursive }) => ({ path, recursive })), ...entriesOf(pool.below)];

/** Every folder in which something may be visible; a superset, never less. */
export const foldersOf = (access: CompiledAccess, controller?: string): VisibleFolders => {
  if (access.unreadable !== null) return [];
  const scopes: readonly ScopeAccess[] =
    controller === undefined ? [access.default, ...access.controllers.values()] : [access.controllers.get(controller) ?? access.default];
  return scopes.some((scope) => scope.folders.empty) ? "all" : scopes.flatMap((scope) => entriesOf(scope.folders));
};

/** One page of what the reader may see. `read` gives a page of all; `targetOf` says what each entry is. */
export const visiblePage = async <T>(
  access: CompiledAccess,
  permission: string,
  query: { readonly limit: number; readonly cursor?: string | undefined },
  read: (limit: number, cursor: string | undefined) => Promise<Page<T>>,
  targetOf: (item: T) => { readonly path: string; readonly controller: string },
): Promise<Page<T>> => {
  const items: T[] = [];
  let cursor = query.cursor;
  for (let reads = 0; reads < mostReads; reads += 1) {
    const page = await read(query.limit - items.length, cursor);
    for (const item of page.items) if (decide({ permission, ...targetOf(item) }, access).effect === "permit") items.push(item);
    if (page.nextCursor === null) return { items, nextCursor: null };
    cursor = page.nextCursor;
    if (items.length >= query.limit) break;
  }
  return { items, nextCursor: cursor ?? null };
};
