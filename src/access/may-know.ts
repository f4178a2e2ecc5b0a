/**
 * E11: whether an actor may know that an object is there, which tells 404 from 403; and how much of a folder he may see. What
 * does not belong here: whether he may act on it (`decide.ts`).
 */
import type { CompiledAccess } from "#access/compile.ts";
import { ancestorNames, entryHolding, type FolderPool } from "#access/folder-index.ts";
import { comparablePath, withoutFolderMark } from "#access/folders.ts";
import type { ObjectKind } from "#access/permissions.ts";

/** The pools through which some permission on such objects is held; without a controller, those of any. */
const poolsFor = (access: CompiledAccess, controller: string | undefined, kind: ObjectKind): readonly FolderPool[] => {
  const base = access.default;
  const pools: FolderPool[] = [];
  if (base.managerKinds.has(kind)) pools.push(base.folders);
  if (controller === undefined) {
    if (pools.length === 0 && base.controllerKinds.has(kind)) pools.push(base.folders);
    for (const scope of access.controllers.values()) if (scope.controllerKinds.has(kind)) pools.push(scope.folders);
    return pools;
  }
  const scope = access.controllers.get(controller) ?? base;
  if (scope.controllerKinds.has(kind) && pools[0] !== scope.folders) pools.push(scope.folders);
  return pools;
};

/** What the actor may know of a path: the object or folder itself, only a name on the way to something visible, nothing. */
export type Knowledge = "content" | "name" | "nothing";

/** How a path appears to the actor: with what is there, as a bare name on the way to a visible folder (E9), or not at all. */
export const knowledgeOf = (asked: string, access: CompiledAccess, controller?: string, kind: ObjectKind = "job"): Knowledge => {
  const path = comparablePath(asked);
  if (path === null || access.unreadable !== null) return "nothing";
  const pools = poolsFor(access, controller, kind);
  for (const pool of pools) if (pool.empty || entryHolding(pool, path) !== null) return "content";
  for (const pool of pools) if (ancestorNames(pool).has(withoutFolderMark(path))) return "name";
  return "nothing";
};

/**
 * Whether any permission on objects of this kind is held on the path: without a controller, on any of them. False means that
 * every answer about the object is "not found".
 */
export const mayKnow = (path: string, access: CompiledAccess, controller?: string, kind: ObjectKind = "job"): boolean =>
  knowledgeOf(path, access, controller, kind) === "content";

/** How a folder appears in a tree: with its content, as a bare name, or not at all. */
export const folderVisibility = (folder: string, access: CompiledAccess, controller?: string, kind: ObjectKind = "job"): Knowledge =>
  knowledgeOf(folder.endsWith("/") ? folder : `${folder}/`, access, controller, kind);
