/**
 * What all roles of an actor say, sorted once: for each controller and permission who grants and who denies it, and the folders. Explanations
 * are made from it. What does not belong here: any answer, any words, and anything that `decide` reads (`compile.ts`).
 *
 * SECURITY: never older than the roles. It is kept for an actor and used only while he has the very same role objects, which are frozen
 * since they were first read (`policy-shape.ts`); every one of them is looked at each time (`explain.test.ts`, "E12").
 */
import { newFolderFinder, type FolderFinder } from "#access/folder-finder.ts";
import { permissionLeaves, type PermissionLeaf } from "#access/permissions.ts";
import { whatIsUnreadable } from "#access/policy-shape.ts";
import type { Actor, Role } from "#access/question.ts";
import { entriesOf, type FoundFolder, type FoundPermission } from "#access/role-entries.ts";
import { compareRoles } from "#access/role-order.ts";

/** What the roles say to one permission. */
export interface LeafEntries {
  /** What covers it in the scopes that count, best first. */
  readonly grants: readonly FoundPermission[];
  readonly denials: readonly FoundPermission[];
  /** What would cover it in a scope that does not count. */
  readonly elsewhere: readonly FoundPermission[];
  /** Grants in the scopes that count that nearly cover it: neighbours in the tree, and what is not in the tree. Only where nothing grants it. */
  readonly near: readonly FoundPermission[];
  /** The first role that has a neighbour. */
  readonly neighbour: Role | null;
}

/** What the roles say for one controller, or without one. */
export interface ControllerEntries {
  /** By `PermissionLeaf.index`; made at first use. */
  readonly leaves: (LeafEntries | undefined)[];
  /** Folder entries that count (D98). Empty: folders are not limited (E1). */
  readonly folders: FolderFinder;
  /** Entries of all controllers that a controller's own entry for the same path replaces (D98). */
  readonly replaced: FolderFinder;
  /** Entries of scopes that do not count. */
  readonly foldersElsewhere: FolderFinder;
}

export interface ActorEntries {
  readonly roles: readonly Role[];
  /** Why they cannot be read (E12); null: they can. */
  readonly unreadable: string | null;
  /** By controller; null: for a question without one, and for one that no role names. Made at first use. */
  readonly controllers: Map<string | null, ControllerEntries>;
  /** Every controller that a role names. */
  readonly named: ReadonlySet<string>;
}

const byReason = (left: FoundPermission, right: FoundPermission): number => {
  if (left.depth !== right.depth) return right.depth - left.depth;
  const roles = compareRoles(left.role, right.role);
  if (roles !== 0) return roles;
  if (left.scope !== right.scope) return left.scope === "default" ? -1 : 1;
  return left.text < right.text ? -1 : left.text > right.text ? 1 : 0;
};

const isCounted = (scope: string, controller: string | null): boolean => scope === "default" || scope === controller;

const parentOf = (permission: string): string => permission.slice(0, Math.max(0, permission.lastIndexOf(":")));

/** What the scopes that count have and does not speak to the permission. */
const gatherNear = (leaf: PermissionLeaf, controller: string | null, roles: readonly Role[]): Pick<LeafEntries, "near" | "neighbour"> => {
  const near: FoundPermission[] = [];
  let neighbour: Role | null = null;
  const parent = parentOf(leaf.permission);
  for (const role of roles) {
    for (const scope of entriesOf(role)) {
      if (!isCounted(scope.controller, controller)) continue;
      for (const found of scope.permissions) {
        if (found.denied || (leaf.index >= found.firstLeaf && leaf.index < found.afterLastLeaf)) continue;
        if (found.depth === 0 || found.text.startsWith(`${parent}:`)) near.push(found);
        if (neighbour === null && parentOf(found.text) === parent) neighbour = role;
      }
    }
  }
  return { near, neighbour };
};

const gatherLeaf = (leaf: PermissionLeaf, controller: string | null, roles: readonly Role[]): LeafEntries => {
  const grants: FoundPermission[] = [];
  const denials: FoundPermission[] = [];
  const elsewhere: FoundPermission[] = [];
  for (const role of roles)
    for (const scope of entriesOf(role))
      for (const found of scope.byLeaf[leaf.index] ?? [])
        (!isCounted(scope.controller, controller) ? elsewhere : found.denied ? denials : grants).push(found);
  grants.sort(byReason);
  denials.sort(byReason);
  const others = grants.length === 0 ? gatherNear(leaf, controller, roles) : { near: [], neighbour: null };
  return { grants, denials, elsewhere, ...others };
};

const gatherController = (controller: string | null, roles: readonly Role[]): ControllerEntries => {
  const general: FoundFolder[] = [];
  const own: FoundFolder[] = [];
  const elsewhere: FoundFolder[] = [];
  for (const role of roles) {
    for (const scope of entriesOf(role)) {
      const list = scope.controller === "default" ? general : scope.controller === controller ? own : elsewhere;
      for (const folder of scope.folders) list.push(folder);
    }
  }
  const ownPaths = new Set(own.map((folder) => folder.path));
  const isReplaced = (folder: FoundFolder): boolean => ownPaths.has(folder.path);
  return {
    leaves: permissionLeaves.map(() => undefined),
    folders: newFolderFinder(own.length === 0 ? general : [...own, ...general.filter((folder) => !isReplaced(folder))]),
    replaced: newFolderFinder(own.length === 0 ? own : general.filter(isReplaced)),
    foldersElsewhere: newFolderFinder(elsewhere),
  };
};

const isSame = (known: readonly Role[], roles: readonly Role[]): boolean => {
  if (!Array.isArray(roles) || known.length !== roles.length) return false;
  for (let index = 0; index < known.length; index += 1) if (known[index] !== roles[index]) return false;
  return true;
};

const kept = new WeakMap<Actor, ActorEntries>();

export const entriesOfActor = (actor: Actor): ActorEntries => {
  const before = kept.get(actor);
  if (before !== undefined && isSame(before.roles, actor.roles)) return before;
  const unreadable = whatIsUnreadable(actor);
  const roles = unreadable === null ? [...actor.roles] : [];
  const named = new Set(roles.flatMap((role) => entriesOf(role).map((scope) => scope.controller)));
  const made: ActorEntries = { roles, unreadable, controllers: new Map(), named };
  // What cannot be read is not frozen, so it is looked at anew each time.
  if (unreadable === null) kept.set(actor, made);
  return made;
};

/** What the roles say where this controller is asked about; null: none is (E4). */
export const entriesFor = (entries: ActorEntries, controller: string | null): ControllerEntries => {
  const key = controller !== null && entries.named.has(controller) ? controller : null;
  const before = entries.controllers.get(key);
  if (before !== undefined) return before;
  const made = gatherController(key, entries.roles);
  entries.controllers.set(key, made);
  return made;
};

/** What the roles say to the permission there. */
export const leafEntries = (entries: ActorEntries, controller: string | null, leaf: PermissionLeaf): LeafEntries => {
  const there = entriesFor(entries, controller);
  return (there.leaves[leaf.index] ??= gatherLeaf(leaf, entries.named.has(controller ?? "") ? controller : null, entries.roles));
};
