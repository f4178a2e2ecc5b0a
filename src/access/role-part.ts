/**
 * What one role says, compiled once for the role and shared by every account that holds it: per scope the grant and the denial that decide
 * each leaf, and the folders. What does not belong here: what several roles say together (`compile.ts`).
 *
 * SECURITY: a part cannot be older than its role. It is kept by the identity of the role object, and the object is frozen, with
 * everything in it that is read here, before it is read (`policy-shape.ts`). A changed role is therefore another object, and has another part
 * (`laws.test.ts`, "E12: a role that was compiled").
 */
import type { FolderEntry } from "#access/folder-index.ts";
import { nearestKnownAncestor, permissionLeaves, permissionNodeOf, type PermissionLeaf } from "#access/permissions.ts";
import { whatIsUnreadableIn } from "#access/policy-shape.ts";
import type { Role, RoleScope } from "#access/question.ts";
import { compareRoles } from "#access/role-order.ts";
import type { Verdict } from "#access/verdict.ts";
import type { Because } from "#kernel/problem.ts";

/** The grant or denial that decides a leaf. */
export interface Decider {
  readonly role: Role;
  /** `default` or a controller. */
  readonly scope: string;
  /** As the role has it, without the leading `-` of a denial. */
  readonly text: string;
  /** Segments of the tree node it stands for; a deeper one is the better explanation. */
  readonly depth: number;
  /** How a permit names it; made at first use. */
  words: string | null;
  /** The reason of a refusal by it; made at first use. */
  reason: Because | null;
  /** The states of leaves that it alone grants: those whose use is not recorded, and those whose use is. */
  readonly alone: readonly [LeafState, LeafState] | null;
}

/** What one leaf's state is in one scope. `permit` is the shared answer where no folder entry takes part; made at first use. */
export interface LeafState {
  readonly grantedBy: Decider | null;
  readonly deniedBy: Decider | null;
  /** How many denials stand against the leaf. */
  readonly denials: number;
  permit: Verdict | null;
}

/** What one or several roles say in one scope. */
export interface ScopePart {
  /** By `PermissionLeaf.index`, as the two below. */
  readonly grants: readonly (Decider | null)[];
  readonly denials: readonly (Decider | null)[];
  readonly denialCounts: readonly number[];
  /** Every entry, also several for one path. */
  readonly folders: readonly FolderEntry[];
}

/** By `default` or controller. */
export type ScopeParts = ReadonlyMap<string, ScopePart>;

const nothing: readonly null[] = Object.freeze(permissionLeaves.map(() => null));
const zeros: readonly number[] = Object.freeze(permissionLeaves.map(() => 0));
const noFolders: readonly FolderEntry[] = Object.freeze([]);

/** What nobody says anything in. */
export const emptyPart: ScopePart = Object.freeze({ grants: nothing, denials: nothing, denialCounts: zeros, folders: noFolders });

/** INVARIANT: the better of two is the same in whatever order they come, so a verdict never depends on the order of roles. */
const isBetter = (candidate: Decider, current: Decider | null): boolean => {
  if (current === null) return true;
  if (candidate.depth !== current.depth) return candidate.depth > current.depth;
  const roles = candidate.role === current.role ? 0 : compareRoles(candidate.role, current.role);
  if (roles !== 0) return roles < 0;
  if (candidate.scope !== current.scope) return candidate.scope === "default";
  return candidate.text < current.text;
};

const betterOfEach = (parts: readonly ScopePart[], key: "grants" | "denials"): readonly (Decider | null)[] => {
  let merged: readonly (Decider | null)[] = nothing;
  let own: (Decider | null)[] | null = null;
  for (const part of parts) {
    const given = part[key];
    if (given === nothing) continue;
    if (merged === nothing) {
      merged = given;
      continue;
    }
    own ??= [...merged];
    merged = own;
    for (let leaf = 0; leaf < own.length; leaf += 1) {
      const candidate = given[leaf] ?? null;
      if (candidate !== null && isBetter(candidate, own[leaf] ?? null)) own[leaf] = candidate;
    }
  }
  return merged;
};

const sumOfEach = (parts: readonly ScopePart[]): readonly number[] => {
  const told = parts.filter((part) => part.denials !== nothing);
  if (told.length <= 1) return told[0]?.denialCounts ?? zeros;
  const sums = [...zeros];
  for (const { denialCounts } of told)
    for (let leaf = 0; leaf < sums.length; leaf += 1) sums[leaf] = (sums[leaf] ?? 0) + (denialCounts[leaf] ?? 0);
  return sums;
};

/** A concatenation that begins with a frozen list, or with none, is made entry by entry and takes several times as long. */
const foldersOfAll = (parts: readonly ScopePart[]): readonly FolderEntry[] => {
  const [first, ...others] = parts.map((part) => part.folders).filter((folders) => folders.length > 0);
  return first === undefined ? noFolders : others.length === 0 ? first : first.concat(...others);
};

/** What several say together: the best grant and denial of each leaf, all folders. */
export const mergeParts = (parts: readonly ScopePart[]): ScopePart => {
  const [only, second] = parts;
  if (only === undefined) return emptyPart;
  if (second === undefined) return only;
  return {
    grants: betterOfEach(parts, "grants"),
    denials: betterOfEach(parts, "denials"),
    denialCounts: sumOfEach(parts),
    folders: foldersOfAll(parts),
  };
};

const newDecider = (role: Role, scope: string, text: string, depth: number, isGrant: boolean): Decider => {
  const alone: LeafState[] = [];
  const decider: Decider = { role, scope, text, depth, words: null, reason: null, alone: isGrant ? (alone as never) : null };
  if (isGrant) for (let index = 0; index < 2; index += 1) alone.push({ grantedBy: decider, deniedBy: null, denials: 0, permit: null });
  return decider;
};

/** The state of a leaf that only this grants. */
export const aloneState = (decider: Decider, leaf: PermissionLeaf): LeafState =>
  decider.alone?.[leaf.obligations.length === 0 ? 0 : 1] ?? { grantedBy: decider, deniedBy: null, denials: 0, permit: null };

const partOfScope = (role: Role, scope: RoleScope): ScopePart => {
  let grants: (Decider | null)[] | null = null;
  let denials: (Decider | null)[] | null = null;
  let counts: number[] | null = null;
  for (const grant of scope.permissions) {
    const minus = grant.permission.startsWith("-");
    const text = minus ? grant.permission.slice(1) : grant.permission;
    if (grant.denied || minus) {
      // E12: an unknown denial denies its nearest known ancestor; without one, everything.
      const node = nearestKnownAncestor(text);
      const decider = newDecider(role, scope.controller, text, node?.depth ?? 0, false);
      const after = node?.afterLastLeaf ?? permissionLeaves.length;
      denials ??= [...nothing];
      counts ??= [...zeros];
      for (let leaf = node?.firstLeaf ?? 0; leaf < after; leaf += 1) {
        counts[leaf] = (counts[leaf] ?? 0) + 1;
        if (isBetter(decider, denials[leaf] ?? null)) denials[leaf] = decider;
      }
    } else {
      // E12: an unknown grant grants nothing.
      const node = permissionNodeOf(text);
      if (node === undefined) continue;
      const decider = newDecider(role, scope.controller, text, node.depth, true);
      grants ??= [...nothing];
      for (let leaf = node.firstLeaf; leaf < node.afterLastLeaf; leaf += 1)
        if (isBetter(decider, grants[leaf] ?? null)) grants[leaf] = decider;
    }
  }
  const folders = scope.folders.map(({ path, recursive }): FolderEntry => ({
    path,
    recursive,
    role,
    scope: scope.controller,
    words: null,
    rendered: null,
  }));
  return {
    grants: grants ?? nothing,
    denials: denials ?? nothing,
    denialCounts: counts ?? zeros,
    folders: folders.length === 0 ? noFolders : folders,
  };
};

const compiled = new WeakMap<Role, ScopeParts>();

/** What the role says, by scope; a text where it cannot be read (E12), which is asked anew each time. */
export const partOfRole = (role: Role): ScopeParts | string => {
  const kept = typeof role === "object" && role !== null ? compiled.get(role) : undefined;
  if (kept !== undefined) return kept;
  const unreadable = whatIsUnreadableIn(role);
  if (unreadable !== null) return unreadable;
  const parts = new Map<string, ScopePart>();
  for (const scope of role.scopes) {
    const own = partOfScope(role, scope);
    const before = parts.get(scope.controller);
    parts.set(scope.controller, before === undefined ? own : mergeParts([before, own]));
  }
  compiled.set(role, parts);
  return parts;
};
