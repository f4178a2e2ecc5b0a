/**
 * The entries of one role as plain lists, for explanations: each grant and denial with the leaves that it speaks to, each folder. They are read
 * once for a role object, which is frozen from then on (`policy-shape.ts`), so they cannot be older than the role. What does not
 * belong here: anything about several roles, any answer, and anything that `decide` reads (`role-part.ts`).
 */
import { nearestKnownAncestor, permissionLeaves, permissionNodeOf } from "#access/permissions.ts";
import type { Role, RoleScope } from "#access/question.ts";
import type { Because } from "#kernel/problem.ts";

/** A grant or denial of a role. */
export interface FoundPermission {
  readonly role: Role;
  readonly scope: string;
  /** Without the leading `-`. */
  readonly text: string;
  readonly denied: boolean;
  /** Segments of the tree node it stands for; 0: everything. */
  readonly depth: number;
  /** The leaves that it speaks to, by `PermissionLeaf.index`: from the first up to, not including, the other. */
  readonly firstLeaf: number;
  readonly afterLastLeaf: number;
  /** How an explanation names it, without its source; made at first use. */
  reason: Because | null;
}

/** A folder entry of a role. */
export interface FoundFolder {
  readonly role: Role;
  readonly scope: string;
  readonly path: string;
  readonly recursive: boolean;
  /** How explanations name it, and its facts without its source; made at first use. */
  words: string | null;
  facts: Because["facts"] | null;
}

export interface ScopeEntries {
  readonly controller: string;
  readonly permissions: readonly FoundPermission[];
  /** Those that speak to a leaf, by `PermissionLeaf.index`. */
  readonly byLeaf: readonly (readonly FoundPermission[])[];
  readonly folders: readonly FoundFolder[];
}

const permissionsOf = (role: Role, scope: RoleScope): FoundPermission[] =>
  scope.permissions.map((grant) => {
    const hasMinus = grant.permission.startsWith("-");
    const text = hasMinus ? grant.permission.slice(1) : grant.permission;
    const common = { role, scope: scope.controller, text, reason: null };
    if (grant.denied || hasMinus) {
      // E12: an unknown denial denies its nearest known ancestor; without one, everything.
      const node = nearestKnownAncestor(text);
      return {
        ...common,
        denied: true,
        depth: node?.depth ?? 0,
        firstLeaf: node?.firstLeaf ?? 0,
        afterLastLeaf: node?.afterLastLeaf ?? permissionLeaves.length,
      };
    }
    // E12: an unknown grant grants nothing.
    const node = permissionNodeOf(text);
    return { ...common, denied: false, depth: node?.depth ?? 0, firstLeaf: node?.firstLeaf ?? 0, afterLastLeaf: node?.afterLastLeaf ?? 0 };
  });

const none: readonly FoundPermission[] = Object.freeze([]);

const sortByLeaf = (permissions: readonly FoundPermission[]): readonly (readonly FoundPermission[])[] => {
  const lists: FoundPermission[][] = [];
  for (const found of permissions) for (let leaf = found.firstLeaf; leaf < found.afterLastLeaf; leaf += 1) (lists[leaf] ??= []).push(found);
  return permissionLeaves.map((leaf) => lists[leaf.index] ?? none);
};

const entries = new WeakMap<Role, readonly ScopeEntries[]>();

/** The entries of a role that can be read. */
export const entriesOf = (role: Role): readonly ScopeEntries[] => {
  const known = entries.get(role);
  if (known !== undefined) return known;
  const made = role.scopes.map((scope): ScopeEntries => {
    const permissions = permissionsOf(role, scope);
    return {
      controller: scope.controller,
      permissions,
      byLeaf: sortByLeaf(permissions),
      folders: scope.folders.map(({ path, recursive }) => ({
        role,
        scope: scope.controller,
        path,
        recursive,
        words: null,
        facts: null,
      })),
    };
  });
  entries.set(role, made);
  return made;
};
