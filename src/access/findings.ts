/**
 * What speaks for and against an answer, gathered anew from the roles: plain lists, nothing compiled, nothing remembered. `explain`
 * and `smallestChange` read it. What does not belong here: the words.
 */
import { comparablePath, holds } from "#access/folders.ts";
import type { MayRule } from "#access/may-rules.ts";
import { covers, leafOf, nearestKnownAncestor, permissionNodeOf, type PermissionLeaf } from "#access/permissions.ts";
import { whatIsUnreadable } from "#access/policy-shape.ts";
import type { Actor, Question, Role } from "#access/question.ts";
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
  /** Grants and denials of the scopes that count which do not cover it. */
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

const asFound = (role: Role, scope: string, grant: { readonly permission: string; readonly denied: boolean }): FoundPermission => {
  const minus = grant.permission.startsWith("-");
  const text = minus ? grant.permission.slice(1) : grant.permission;
  const denied = grant.denied || minus;
  const node = denied ? nearestKnownAncestor(text) : permissionNodeOf(text);
  return { role, scope, text, denied, depth: node?.depth ?? 0 };
};

/** E12: an unknown grant covers nothing, an unknown denial what its nearest known ancestor covers. */
const speaksTo = (found: FoundPermission, permission: string): boolean => {
  if (!found.denied) return found.depth > 0 && covers(found.text, permission);
  const node = nearestKnownAncestor(found.text);
  return node === null || covers(node.permission, permission);
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
  const otherPermissions: FoundPermission[] = [];
  const elsewhere: FoundPermission[] = [];
  const defaultFolders: FoundFolder[] = [];
  const ownFolders: FoundFolder[] = [];
  const foldersElsewhere: FoundFolder[] = [];
  for (const role of actor.roles) {
    for (const scope of role.scopes) {
      const counts = scope.controller === "default" || scope.controller === controller;
      for (const grant of scope.permissions) {
        const found = asFound(role, scope.controller, grant);
        const speaks = speaksTo(found, leaf.permission);
        if (!counts) {
          if (speaks) elsewhere.push(found);
        } else if (!speaks) otherPermissions.push(found);
        else if (found.denied) denials.push(found);
        else grants.push(found);
      }
      const list = scope.controller === "default" ? defaultFolders : counts ? ownFolders : foldersElsewhere;
      for (const folder of scope.folders) list.push({ role, scope: scope.controller, path: folder.path, recursive: folder.recursive });
    }
  }
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
