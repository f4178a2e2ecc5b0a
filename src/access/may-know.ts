/**
 * E11: whether an actor may know that an object is there, which tells 404 from 403; and how much of a folder he may see. What
 * does not belong here: whether he may act on it (`decide.ts`).
 */
import type { CompiledAccess, ScopeAccess } from "#access/compile.ts";
import { walk, type FolderPool } from "#access/folder-index.ts";
import { comparablePath } from "#access/folders.ts";
import { objectBits, type ObjectKind } from "#access/permissions.ts";

/** What the actor may know of a path: what is there, only a name on the way to something visible (E9), nothing. */
export type Knowledge = "content" | "name" | "nothing";

const inPool = (pool: FolderPool, path: string): Knowledge => {
  if (pool.empty) return "content";
  const found = walk(pool, path);
  return found === null ? "nothing" : found === "name" ? "name" : "content";
};

const better = (left: Knowledge, right: Knowledge): Knowledge => (left === "content" || right === "nothing" ? left : right);

/**
 * As `knowledgeOf`, for a path in comparable form. A caller that walked one pool already and found nothing that holds the path names that
 * pool, and it is not walked again.
 */
export const knowledgeOfComparable = (
  path: string,
  access: CompiledAccess,
  controller: string | undefined,
  kind: ObjectKind,
  walked: FolderPool | null = null,
): Knowledge => {
  if (access.unreadable !== null) return "nothing";
  const bit = objectBits[kind];
  const base = access.default;
  const throughBase = (base.managerKinds & bit) !== 0 || (controller === undefined && (base.controllerKinds & bit) !== 0);
  let known: Knowledge = throughBase && base.folders !== walked ? inPool(base.folders, path) : "nothing";
  if (known === "content") return known;
  const through = (scope: ScopeAccess): void => {
    if ((scope.controllerKinds & bit) === 0 || scope.folders === walked || (throughBase && scope.folders === base.folders)) return;
    known = better(inPool(scope.folders, path), known);
  };
  if (controller !== undefined) through(access.controllers.get(controller) ?? base);
  else for (const scope of access.controllers.values()) through(scope);
  return known;
};

/** How a path appears to the actor: without a controller, on any of them. */
export const knowledgeOf = (asked: string, access: CompiledAccess, controller?: string, kind: ObjectKind = "job"): Knowledge => {
  const path = comparablePath(asked);
  return path === null ? "nothing" : knowledgeOfComparable(path, access, controller, kind);
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
