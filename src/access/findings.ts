/**
 * What speaks for and against an answer, gathered anew from the roles: plain lists, nothing compiled, nothing remembered. `explain`
 * and `smallestChange` read it. What does not belong here: the words.
 */
import { comparablePath, holds } from "#access/folders.ts";
import type { MayRule } from "#access/may-rules.ts";
import { covers, leafOf, nearestKnownAncestor, permissionNodeOf, type PermissionLeaf } from "#access/permissions.ts";
import { whatIsUnreadable } from "#access/policy-shape.ts";
import type { Actor, Grant, Question, Role } from "#access/question.ts";
import { compareRoles } from "#access/role-order.ts";

/** A grant or denial of a role. */
export interface FoundPermission {
  readonly role: Role;
  readonly scope: string;
  /** Without the leading `-`. */
  readonly text: string;
  readonly denied: boolean;
  /** Segments of the tree node it stands for; 0: everything. */
  readonly depth: number;
}

/** A folder entry of a role. */
export interface FoundFolder {
  readonly role: Role;
  readonly scope: string;
  readonly path: string;
  readonly recursive: boolean;
}

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

const isDenial = (grant: Grant): boolean => grant.denied || grant.permission.startsWith("-");
const textOf = (grant: Grant): string => (grant.permission.startsWith("-") ? grant.permission.slice(1) : grant.permission);

const asFound = (role: Role, scope: string, grant: Grant): FoundPermission => {
  const text = textOf(grant);
  const denied = isDenial(grant);
  const node = denied ? nearestKnownAncestor(text) : permissionNodeOf(text);
  return { role, scope, text, denied, depth: node?.depth ?? 0 };
};

/** E12: an unknown grant covers nothing, an unknown denial what its nearest known ancestor covers. */
const speaksTo = (grant: Grant, permission: string): boolean => {
  if (!isDenial(grant)) return covers(grant.permission, permission);
  const text = textOf(grant);
  if (covers(text, permission)) return true;
  const node = nearestKnownAncestor(text);
  return node === null || covers(node.permission, permission);
};

/** What the scopes that count have and does not speak to the permission: looked for only where nothing grants it. */
const gatherOthers = (permission: string, controller: string | null, actor: Actor): FoundPermission[] => {
  const others: FoundPermission[] = [];
  for (const role of actor.roles) {
    for (const scope of role.scopes) {
      if (scope.controller !== "default" && scope.controller !== controller) continue;
      for (const grant of scope.permissions) if (!speaksTo(grant, permission)) others.push(asFound(role, scope.controller, grant));
    }
  }
  return others;
};

/** Whether a permission that needs no object is held in the default scope. */
export const isHeldByDefault = (permission: string, actor: Actor): boolean => {
  if (whatIsUnreadable(actor) !== null) return false;
  let isGranted = false;
  for (const role of actor.roles) {
    for (const scope of role.scopes) {
      if (scope.controller !== "default") continue;
      for (const grant of scope.permissions) {
        if (!speaksTo(grant, permission)) continue;
        if (isDenial(grant)) return false;
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
    for (const scope of role.scopes) {
      const counts = scope.controller === "default" || scope.controller === controller;
      for (const grant of scope.permissions) {
        if (!speaksTo(grant, leaf.permission)) continue;
        const found = asFound(role, scope.controller, grant);
        if (!counts) elsewhere.push(found);
        else if (found.denied) denials.push(found);
        else grants.push(found);
      }
      const list = scope.controller === "default" ? defaultFolders : counts ? ownFolders : foldersElsewhere;
      for (const folder of scope.folders) list.push({ role, scope: scope.controller, path: folder.path, recursive: folder.recursive });
    }
  }
  const otherPermissions = grants.length === 0 ? gatherOthers(leaf.permission, controller, actor) : [];
  const ownPaths = new Set(ownFolders.map((folder) => folder.path));
  const folders = [...ownFolders, ...defaultFolders.filter((folder) => !ownPaths.has(folder.path))];
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
  const replaced = defaultFolders.filter((folder) => ownPaths.has(folder.path));
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
