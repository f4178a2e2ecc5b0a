/**
 * What speaks for and against an answer, gathered anew from the entries of the roles: plain lists, no answer remembered. `explain`
 * and `smallestChange` read it. What does not belong here: the words.
 */
import { comparablePath, holds } from "#access/folders.ts";
import type { MayRule } from "#access/may-rules.ts";
import { leafOf, type PermissionLeaf } from "#access/permissions.ts";
import { whatIsUnreadable } from "#access/policy-shape.ts";
import type { Actor, Question } from "#access/question.ts";
import { entriesOf, type FoundFolder, type FoundPermission } from "#access/role-entries.ts";
import { compareRoles } from "#access/role-order.ts";

export interface Findings {
  readonly rule: MayRule;
  readonly leaf: PermissionLeaf | null;
  readonly unreadable: string | null;
  /** The controller whose scopes count beside the default ones; null: none (E4). */
  readonly controller: string | null;
  /** The asked path in comparable form; null: none, or not a path. */
  readonly path: string | null;
  /** What covers the asked permission, best first. */
  readonly grants: readonly FoundPermission[];
  readonly denials: readonly FoundPermission[];
  /** Grants and denials of the scopes that count which do not cover it; gathered only where nothing grants it. */
  readonly otherPermissions: readonly FoundPermission[];
  /** What would cover it in a scope that does not count. */
  readonly elsewhere: readonly FoundPermission[];
  /** Folder entries that count. Empty: folders are not limited (E1). */
  readonly folders: readonly FoundFolder[];
  /** Those that hold the path, nearest first. */
  readonly holding: readonly FoundFolder[];
  /** Entries of all controllers that a controller's own entry for the same path replaces (D98). */
  readonly replaced: readonly FoundFolder[];
  /** Entries of scopes that do not count. */
  readonly foldersElsewhere: readonly FoundFolder[];
}

const byReason = (left: FoundPermission, right: FoundPermission): number => {
  if (left.depth !== right.depth) return right.depth - left.depth;
  const roles = compareRoles(left.role, right.role);
  if (roles !== 0) return roles;
  if (left.scope !== right.scope) return left.scope === "default" ? -1 : 1;
  return left.text < right.text ? -1 : left.text > right.text ? 1 : 0;
};

const byNearness = (left: FoundFolder, right: FoundFolder): number => {
  if (left.path.length !== right.path.length) return right.path.length - left.path.length;
  if (left.recursive !== right.recursive) return left.recursive ? -1 : 1;
  return compareRoles(left.role, right.role);
};

/** What the scopes that count have and does not speak to the permission: looked for only where nothing grants it. */
const gatherOthers = (leaf: PermissionLeaf, controller: string | null, actor: Actor): FoundPermission[] => {
  const others: FoundPermission[] = [];
  for (const role of actor.roles) {
    for (const scope of entriesOf(role)) {
      if (scope.controller !== "default" && scope.controller !== controller) continue;
      for (const found of scope.permissions) if (leaf.index < found.firstLeaf || leaf.index >= found.afterLastLeaf) others.push(found);
    }
  }
  return others;
};

/** Whether a permission that needs no object is held in the default scope. */
export const isHeldByDefault = (permission: string, actor: Actor): boolean => {
  const leaf = leafOf(permission);
  if (leaf === undefined || whatIsUnreadable(actor) !== null) return false;
  let isGranted = false;
  for (const role of actor.roles) {
    for (const scope of entriesOf(role)) {
      if (scope.controller !== "default") continue;
      for (const found of scope.byLeaf[leaf.index] ?? []) {
        if (found.denied) return false;
        isGranted = true;
      }
    }
  }
  return isGranted;
};

const nothing: Omit<Findings, "rule" | "leaf" | "unreadable" | "controller"> = {
  path: null,
  grants: [],
  denials: [],
  otherPermissions: [],
  elsewhere: [],
  folders: [],
  holding: [],
  replaced: [],
  foldersElsewhere: [],
};

/** Gathers what the roles say to a question. */
export const gatherFindings = (question: Question, actor: Actor): Findings => {
  const unreadable = whatIsUnreadable(actor);
  const leaf = leafOf(question.permission) ?? null;
  const controller = leaf?.defaultScopeOnly === true || question.controller === "default" ? null : (question.controller ?? null);
  if (unreadable !== null) return { ...nothing, rule: "may.policy-unreadable", leaf, unreadable, controller };
  if (leaf === null) return { ...nothing, rule: "may.unknown-permission", leaf, unreadable, controller };

  const grants: FoundPermission[] = [];
  const denials: FoundPermission[] = [];
  const elsewhere: FoundPermission[] = [];
  const defaultFolders: FoundFolder[] = [];
  const ownFolders: FoundFolder[] = [];
  const foldersElsewhere: FoundFolder[] = [];
  for (const role of actor.roles) {
    for (const scope of entriesOf(role)) {
      const counts = scope.controller === "default" || scope.controller === controller;
      for (const found of scope.byLeaf[leaf.index] ?? []) {
        if (!counts) elsewhere.push(found);
        else if (found.denied) denials.push(found);
        else grants.push(found);
      }
      const list = scope.controller === "default" ? defaultFolders : counts ? ownFolders : foldersElsewhere;
      for (const folder of scope.folders) list.push(folder);
    }
  }
  const otherPermissions = grants.length === 0 ? gatherOthers(leaf, controller, actor) : [];
  const ownPaths = ownFolders.length === 0 ? null : new Set(ownFolders.map((folder) => folder.path));
  const folders = ownPaths === null ? defaultFolders : [...ownFolders, ...defaultFolders.filter((folder) => !ownPaths.has(folder.path))];
  const path = question.path === undefined ? null : comparablePath(question.path);
  const holding = path === null ? [] : folders.filter((folder) => holds(folder, path));
  grants.sort(byReason);
  denials.sort(byReason);
  holding.sort(byNearness);

  const rule: MayRule =
    denials.length > 0
      ? "may.denied"
      : grants.length === 0
        ? "may.not-granted"
        : question.path === undefined
          ? leaf.object === null
            ? "may.granted"
            : "may.folder-missing"
          : path === null
            ? "may.folder-malformed"
            : folders.length > 0 && holding.length === 0
              ? "may.folder"
              : "may.granted";
  const replaced = ownPaths === null ? [] : defaultFolders.filter((folder) => ownPaths.has(folder.path));
  return {
    rule,
    leaf,
    unreadable,
    controller,
    path,
    grants,
    denials,
    otherPermissions,
    elsewhere,
    folders,
    holding,
    replaced,
    foldersElsewhere,
  };
};
