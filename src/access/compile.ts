/**
 * The effective access of one actor, compiled once per policy revision: per scope one cell for each leaf of the tree and the pool of
 * folders, so that a check costs no more than the depth of the path, however many roles and folders there are. What does not
 * belong here: what one role says (`role-part.ts`), answering (`decide.ts`), explaining (`explain.ts`, which never reads this).
 *
 * Roles are merged in groups of groups, and groups of the very same roles are taken over from the access that the actor had before: after a
 * change of one of 10,000 roles, five groups are made anew.
 *
 * SECURITY: nothing here can be stale. Only what was made from the very same role objects is taken over, those are frozen when
 * they are first read (`role-part.ts`), and every role of the actor is looked at each time. What a role is today is the caller's to
 * say: it gives another object for another content (`laws.test.ts`, "an access made from the one before").
 */
import type { Actor, Role } from "#access/question.ts";
import { buildFolderPool, renewFolderPool, type FolderEntry, type FolderPool } from "#access/folder-index.ts";
import { objectBits, permissionLeaves } from "#access/permissions.ts";
import { compareRoles } from "#access/role-order.ts";
import { aloneState, emptyPart, mergeParts, partOfRole, type LeafState, type ScopePart, type ScopeParts } from "#access/role-part.ts";

export interface ScopeAccess {
  readonly controller: string;
  /** One per leaf, by `PermissionLeaf.index`. */
  readonly leaves: readonly LeafState[];
  readonly folders: FolderPool;
  /** `objectBits` of the kinds on which at least one leaf is held (E11), apart for `manager:…` and `controller:…`. */
  readonly managerKinds: number;
  readonly controllerKinds: number;
}

export interface CompiledAccess {
  readonly actor: Actor;
  /** E12: why the policy cannot be read; everything is then denied. Null: it can. */
  readonly unreadable: string | null;
  readonly default: ScopeAccess;
  /** Only controllers that some role names; any other is answered by `default`. */
  readonly controllers: ReadonlyMap<string, ScopeAccess>;
  /** What the next access of the same actor is made from: the roles merged in groups, those in groups again, the last level of at most one. */
  readonly levels: readonly Level[];
}

/** Members and what each group of them says, in their order. All roles stand in one list, since comparing it is most of what is left to do. */
interface Level {
  readonly members: readonly (Role | ScopeParts)[];
  readonly groups: readonly ScopeParts[];
}

const mostMembers = 8;
const nobody: LeafState = Object.seal({ grantedBy: null, deniedBy: null, denials: 0, permit: null });

const isSame = (before: Level["members"], members: Level["members"], from: number, to: number): boolean => {
  for (let index = from; index < to; index += 1) if (before[index] !== members[index]) return false;
  return true;
};

const mergeScopes = (all: readonly ScopeParts[]): ScopeParts => {
  const [only, second] = all;
  if (only !== undefined && second === undefined) return only;
  const lists = new Map<string, ScopePart[]>();
  for (const parts of all) {
    for (const [controller, part] of parts) {
      const list = lists.get(controller);
      if (list === undefined) lists.set(controller, [part]);
      else list.push(part);
    }
  }
  const merged = new Map<string, ScopePart>();
  for (const [controller, list] of lists) merged.set(controller, mergeParts(list));
  return merged;
};

/** One level of groups over `members`; a text where a role cannot be read. */
const groupUp = <M extends Role | ScopeParts>(
  members: readonly M[],
  before: Level | undefined,
  partsOf: (member: M) => ScopeParts | string,
): Level | string => {
  const groups: ScopeParts[] = [];
  for (let from = 0; from < members.length; from += mostMembers) {
    const to = Math.min(from + mostMembers, members.length);
    const old = before?.groups[groups.length];
    if (before !== undefined && old !== undefined && to === Math.min(from + mostMembers, before.members.length)) {
      if (isSame(before.members, members, from, to)) {
        groups.push(old);
        continue;
      }
    }
    const parts: ScopeParts[] = [];
    for (let index = from; index < to; index += 1) {
      const member = members[index];
      const part = member === undefined ? "a role cannot be read" : partsOf(member);
      if (typeof part === "string") return part;
      parts.push(part);
    }
    groups.push(mergeScopes(parts));
  }
  return { members, groups };
};

const levelsOf = (roles: readonly Role[], before: CompiledAccess["levels"]): Level[] | string => {
  const first = groupUp([...roles], before[0], partOfRole);
  if (typeof first === "string") return first;
  const levels = [first];
  for (let { groups } = first; groups.length > 1;) {
    const next = groupUp(groups, before[levels.length], (parts) => parts);
    if (typeof next === "string") return next;
    levels.push(next);
    ({ groups } = next);
  }
  return levels;
};

const partsOfAll = (levels: CompiledAccess["levels"]): ScopeParts => levels.at(-1)?.groups[0] ?? new Map<string, ScopePart>();

const isBetterEntry = (candidate: FolderEntry, current: FolderEntry | undefined): boolean => {
  if (current === undefined) return true;
  if (candidate.recursive !== current.recursive) return candidate.recursive;
  return candidate.role !== current.role && compareRoles(candidate.role, current.role) < 0;
};

/** One entry for each path. */
const bestEntries = (folders: readonly FolderEntry[]): readonly FolderEntry[] => {
  if (folders.length <= 1) return folders;
  const best = new Map<string, FolderEntry>();
  for (const entry of folders) if (isBetterEntry(entry, best.get(entry.path))) best.set(entry.path, entry);
  return [...best.values()];
};

/**
 * Whether the entries are those from before, but for roles that changed otherwise; then the pool keeps its table. Notes which entry stands for
 * which.
 */
const notesRenewed = (before: readonly FolderEntry[], after: readonly FolderEntry[], renewed: Map<FolderEntry, FolderEntry>): boolean => {
  if (before === after) return true;
  if (before.length !== after.length) return false;
  for (let index = 0; index < after.length; index += 1) {
    const old = before[index];
    const entry = after[index];
    if (old === entry) continue;
    if (old === undefined || entry === undefined || old.path !== entry.path || old.recursive !== entry.recursive) return false;
    if (compareRoles(old.role, entry.role) !== 0) return false;
    renewed.set(old, entry);
  }
  return true;
};

/** `base` is the default scope where a controller's is made: what is the same there is shared. */
const finish = (controller: string, part: ScopePart, folders: FolderPool, base: ScopeAccess | null): ScopeAccess => {
  let managerKinds = 0;
  let controllerKinds = 0;
  const leaves = permissionLeaves.map((leaf): LeafState => {
    const grantedBy = part.grants[leaf.index] ?? null;
    const deniedBy = part.denials[leaf.index] ?? null;
    if (deniedBy === null) {
      if (grantedBy === null) return nobody;
      if (leaf.object !== null) {
        if (leaf.defaultScopeOnly) managerKinds |= objectBits[leaf.object];
        else controllerKinds |= objectBits[leaf.object];
      }
      return aloneState(grantedBy, leaf);
    }
    const denials = part.denialCounts[leaf.index] ?? 0;
    const general = base?.leaves[leaf.index];
    return general !== undefined && general.grantedBy === grantedBy && general.deniedBy === deniedBy && general.denials === denials
      ? general
      : { grantedBy, deniedBy, denials, permit: null };
  });
  return { controller, leaves, folders, managerKinds, controllerKinds };
};

const unreadableAccess = (actor: Actor, unreadable: string): CompiledAccess => ({
  actor,
  unreadable,
  default: finish("default", emptyPart, buildFolderPool([], null), null),
  controllers: new Map(),
  levels: [],
});

/**
 * Compiles what the actor's roles grant, deny and limit (D75-D99, E1-E12). Never throws; what it cannot read denies everything. `before` is
 * an access of the same actor that this one replaces: it makes no difference to the answer, only to the time.
 */
export const compileAccess = (actor: Actor, before: CompiledAccess | null = null): CompiledAccess => {
  const roles: unknown = actor.roles;
  if (!Array.isArray(roles)) return unreadableAccess(actor, "the list of roles cannot be read");
  const levels = levelsOf(actor.roles, before?.levels ?? []);
  if (typeof levels === "string") return unreadableAccess(actor, levels);
  const parts = partsOfAll(levels);
  const partsBefore = before === null ? null : partsOfAll(before.levels);

  const general = parts.get("default") ?? emptyPart;
  const renewed = new Map<FolderEntry, FolderEntry>();
  const poolBefore =
    partsBefore !== null && notesRenewed((partsBefore.get("default") ?? emptyPart).folders, general.folders, renewed)
      ? (before?.default.folders ?? null)
      : null;
  const pool = poolBefore === null ? buildFolderPool(bestEntries(general.folders), null) : renewFolderPool(poolBefore, null, renewed);
  const base = finish("default", general, pool, null);

  const controllers = new Map<string, ScopeAccess>();
  for (const [controller, part] of parts) {
    if (controller === "default") continue;
    const ownBefore = poolBefore === null ? undefined : before?.controllers.get(controller)?.folders;
    const own =
      ownBefore !== undefined && notesRenewed((partsBefore?.get(controller) ?? emptyPart).folders, part.folders, renewed)
        ? renewFolderPool(ownBefore, pool, renewed)
        : buildFolderPool(bestEntries(part.folders), pool);
    controllers.set(controller, finish(controller, mergeParts([general, part]), own, base));
  }
  return { actor, unreadable: null, default: base, controllers, levels };
};
