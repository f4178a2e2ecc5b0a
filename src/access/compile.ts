/**
 * The effective access of one actor, compiled once per policy revision: per scope one cell for each leaf of the tree and the pool of
 * folders, so that a check costs no more than the depth of the path, however many roles and folders there are. What does not
 * belong here: answering (`decide.ts`), explaining (`explain.ts`, which never reads this).
 */
import type { Actor, Role, RoleScope } from "#access/question.ts";
import { nearestKnownAncestor, objectBits, permissionLeaves, permissionNodeOf } from "#access/permissions.ts";
import type { Verdict } from "#access/verdict.ts";
import { whatIsUnreadable } from "#access/policy-shape.ts";
import { compareRoles } from "#access/role-order.ts";
import { buildFolderPool, type FolderEntry, type FolderPool } from "#access/folder-index.ts";

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
}

/** What one leaf's state is in one scope. `permit` is the shared answer where no folder entry takes part; made at first use. */
export interface LeafState {
  readonly grantedBy: Decider | null;
  readonly deniedBy: Decider | null;
  /** How many denials stand against the leaf. */
  readonly denials: number;
  permit: Verdict | null;
}

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
}

const nobody: LeafState = Object.seal({ grantedBy: null, deniedBy: null, denials: 0, permit: null });

/** INVARIANT: the better of two is the same in whatever order they come, so a verdict never depends on the order of roles. */
const betterDecider = (candidate: Decider, current: Decider | null): boolean => {
  if (current === null) return true;
  if (candidate.depth !== current.depth) return candidate.depth > current.depth;
  const roles = candidate.role === current.role ? 0 : compareRoles(candidate.role, current.role);
  if (roles !== 0) return roles < 0;
  if (candidate.scope !== current.scope) return candidate.scope === "default";
  return candidate.text < current.text;
};

const betterEntry = (candidate: FolderEntry, current: FolderEntry | undefined): boolean => {
  if (current === undefined) return true;
  if (candidate.recursive !== current.recursive) return candidate.recursive;
  return candidate.role !== current.role && compareRoles(candidate.role, current.role) < 0;
};

interface Draft {
  readonly grantedBy: (Decider | null)[];
  readonly deniedBy: (Decider | null)[];
  readonly denials: number[];
  readonly folders: Map<string, FolderEntry>;
}

const newDraft = (): Draft => ({
  grantedBy: permissionLeaves.map(() => null),
  deniedBy: permissionLeaves.map(() => null),
  denials: permissionLeaves.map(() => 0),
  folders: new Map(),
});

const extendDraft = (base: Draft): Draft => ({
  grantedBy: [...base.grantedBy],
  deniedBy: [...base.deniedBy],
  denials: [...base.denials],
  folders: new Map(),
});

const addPermissions = (draft: Draft, role: Role, scope: RoleScope): void => {
  for (const grant of scope.permissions) {
    const minus = grant.permission.startsWith("-");
    const text = minus ? grant.permission.slice(1) : grant.permission;
    if (grant.denied || minus) {
      // E12: an unknown denial denies its nearest known ancestor; without one, everything.
      const node = nearestKnownAncestor(text);
      const decider: Decider = { role, scope: scope.controller, text, depth: node?.depth ?? 0, words: null };
      const after = node?.afterLastLeaf ?? permissionLeaves.length;
      for (let leaf = node?.firstLeaf ?? 0; leaf < after; leaf += 1) {
        draft.denials[leaf] = (draft.denials[leaf] ?? 0) + 1;
        if (betterDecider(decider, draft.deniedBy[leaf] ?? null)) draft.deniedBy[leaf] = decider;
      }
    } else {
      // E12: an unknown grant grants nothing.
      const node = permissionNodeOf(text);
      if (node === undefined) continue;
      const decider: Decider = { role, scope: scope.controller, text, depth: node.depth, words: null };
      for (let leaf = node.firstLeaf; leaf < node.afterLastLeaf; leaf += 1) {
        if (betterDecider(decider, draft.grantedBy[leaf] ?? null)) draft.grantedBy[leaf] = decider;
      }
    }
  }
};

const addFolders = (draft: Draft, role: Role, scope: RoleScope): void => {
  for (const folder of scope.folders) {
    const entry: FolderEntry = {
      path: folder.path,
      recursive: folder.recursive,
      role,
      scope: scope.controller,
      words: null,
      rendered: null,
    };
    if (betterEntry(entry, draft.folders.get(folder.path))) draft.folders.set(folder.path, entry);
  }
};

/** `base` is the default scope where a controller's is made: what is the same there is shared. */
const finish = (controller: string, draft: Draft, base: ScopeAccess | null): ScopeAccess => {
  let managerKinds = 0;
  let controllerKinds = 0;
  const leaves = permissionLeaves.map((leaf): LeafState => {
    const grantedBy = draft.grantedBy[leaf.index] ?? null;
    const deniedBy = draft.deniedBy[leaf.index] ?? null;
    const denials = draft.denials[leaf.index] ?? 0;
    if (grantedBy === null && deniedBy === null) return nobody;
    if (grantedBy !== null && deniedBy === null && leaf.object !== null) {
      if (leaf.defaultScopeOnly) managerKinds |= objectBits[leaf.object];
      else controllerKinds |= objectBits[leaf.object];
    }
    const general = base?.leaves[leaf.index];
    if (general !== undefined && general.grantedBy === grantedBy && general.deniedBy === deniedBy && general.denials === denials)
      return general;
    return { grantedBy, deniedBy, denials, permit: null };
  });
  return {
    controller,
    leaves,
    folders: buildFolderPool([...draft.folders.values()], base?.folders ?? null),
    managerKinds,
    controllerKinds,
  };
};

/** Compiles what the actor's roles grant, deny and limit (D75-D99, E1-E12). Never throws; what it cannot read denies everything. */
export const compileAccess = (actor: Actor): CompiledAccess => {
  const unreadable = whatIsUnreadable(actor);
  const draft = newDraft();
  if (unreadable !== null) return { actor, unreadable, default: finish("default", draft, null), controllers: new Map() };
  const special = new Map<string, { role: Role; scope: RoleScope }[]>();
  for (const role of actor.roles) {
    for (const scope of role.scopes) {
      if (scope.controller === "default") {
        addPermissions(draft, role, scope);
        addFolders(draft, role, scope);
      } else {
        const list = special.get(scope.controller);
        if (list === undefined) special.set(scope.controller, [{ role, scope }]);
        else list.push({ role, scope });
      }
    }
  }
  const base = finish("default", draft, null);
  const controllers = new Map<string, ScopeAccess>();
  for (const [controller, scopes] of special) {
    const own = extendDraft(draft);
    for (const { role, scope } of scopes) {
      addPermissions(own, role, scope);
      addFolders(own, role, scope);
    }
    controllers.set(controller, finish(controller, own, base));
  }
  return { actor, unreadable: null, default: base, controllers };
};
