/**
 * Lists filtered by the same `decide` as everything else. The store is given exactly the places where the permission is held, so that a page
 * costs what it shows and a cursor never names what its reader may not see; each entry is then asked about by itself, so that a list and a
 * single look never disagree.
 */
import type { CompiledAccess, ScopeAccess } from "#access/compile.ts";
import { decide, decideAnywhere } from "#access/decide.ts";
import { folderAbove } from "#access/folders.ts";
import type { Page } from "#jobs/cursor.ts";
import type { VisibleFolders, VisiblePlaces } from "#jobs/folder-filter.ts";

/** Most pages that are read to fill one answer. */
const mostReads = 20;
/** More folders than this are asked for as their parents: a query has room for so many only. `decide` then leaves out what was too much. */
const mostFolders = 400;

type Entries = readonly { readonly path: string; readonly recursive: boolean }[];

/** D98: the entries that count in a scope: its own, and those of all controllers for other paths. */
const entriesOf = ({ folders }: ScopeAccess): Entries => {
  const own = folders.entries;
  const replaced = new Set(own.map((entry) => entry.path));
  const general = folders.below?.entries.filter((entry) => !replaced.has(entry.path)) ?? [];
  return [...own, ...general].map(({ path, recursive }) => ({ path, recursive }));
};

const widened = (entries: Entries): Entries => {
  let rest = entries;
  while (rest.length > mostFolders)
    rest = [...new Set(rest.map((entry) => folderAbove(entry.path)))].map((path) => ({ path, recursive: true }));
  return rest;
};

/** The folders in which the permission is held, of a controller or in the default scope. */
export const foldersOf = (access: CompiledAccess, permission: string, controller?: string): VisibleFolders => {
  const place = controller === undefined ? {} : { controller };
  if (access.unreadable !== null || decideAnywhere({ permission, ...place }, access).effect === "deny") return [];
  const scope = (controller === undefined ? undefined : access.controllers.get(controller)) ?? access.default;
  return scope.folders.empty ? "all" : widened(entriesOf(scope));
};

/** The same for every controller. */
export const placesOf = (access: CompiledAccess, permission: string): VisiblePlaces => ({
  controllers: new Map([...access.controllers.keys()].map((name) => [name, foldersOf(access, permission, name)])),
  others: foldersOf(access, permission),
});

/** Whether no folder is kept from the account: what belongs to no folder is shown to such readers only. */
export const seesEveryFolder = ({ default: scope }: CompiledAccess): boolean =>
  scope.folders.empty || entriesOf(scope).some(({ path, recursive }) => path === "/" && recursive);

/** Where an entry of a list is. */
export interface Place {
  readonly path: string;
  readonly controller: string;
}

/** One page of what the reader may see. `read` gives a page of all; `placeOf` says what each entry is. */
export const visiblePage = async <T>(
  access: CompiledAccess,
  permission: string,
  query: { readonly limit: number; readonly cursor?: string | undefined },
  read: (limit: number, cursor: string | undefined) => Promise<Page<T>>,
  placeOf: (item: T) => Place,
): Promise<Page<T>> => {
  const items: T[] = [];
  let cursor = query.cursor;
  for (let reads = 0; reads < mostReads; reads += 1) {
    const page = await read(query.limit - items.length, cursor);
    for (const item of page.items) if (decide({ permission, ...placeOf(item) }, access).effect === "permit") items.push(item);
    if (page.nextCursor === null) return { items, nextCursor: null };
    cursor = page.nextCursor;
    if (items.length >= query.limit) break;
  }
  return { items, nextCursor: cursor ?? null };
};
