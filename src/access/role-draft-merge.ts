/**
 * Two people edited one role: a three-way comparison of what it was (`base`), what I made of it (`mine`) and what is stored now (`theirs`). What
 * only one of us changed is taken; where both changed the same thing differently a person chooses. What does not belong here: loading and
 * saving, and the check of the revision.
 *
 * INVARIANT: swapping mine and theirs gives the same merged role and the same conflicts, swapped (`role-draft-merge.test.ts`).
 */
import { renderFolder } from "#access/folders.ts";
import { grantKey, scopeOf, type RoleDraft } from "#access/role-draft.ts";
import { folderKey } from "#access/role-draft-diff.ts";
import type { FolderGrant, Grant, RoleScope } from "#access/question.ts";

/** What is disputed. `controller`: `default` or its name. */
export type Disputed =
  | { readonly about: "name" }
  | { readonly about: "permission"; readonly permission: string; readonly controller: string }
  | { readonly about: "folder"; readonly path: string; readonly controller: string }
  | { readonly about: "folders"; readonly controller: string };

/** What somebody has there: a name; whether a permission is granted, denied or both; how far a folder reaches; a list of folders (empty: all). */
export type DisputedValue =
  | { readonly is: "name"; readonly name: string }
  | { readonly is: "permission"; readonly granted: boolean; readonly denied: boolean }
  | { readonly is: "folder"; readonly reach: "none" | "alone" | "below" }
  | { readonly is: "folders"; readonly folders: readonly string[] };

/** As data, for whoever puts it into words of a language. */
export interface DraftConflict {
  /** Names what is disputed, for `choices`. */
  readonly key: string;
  readonly what: Disputed;
  readonly base: DisputedValue;
  readonly mine: DisputedValue;
  readonly theirs: DisputedValue;
}

export type DraftChoices = Readonly<Record<string, "mine" | "theirs">>;

export interface DraftMerge {
  /** Complete where there is no conflict; disputed things are as they were. */
  readonly merged: RoleDraft;
  /** What a person must choose yet. */
  readonly conflicts: readonly DraftConflict[];
}

interface Three<T> {
  readonly base: T;
  readonly mine: T;
  readonly theirs: T;
}

const three = <T, U>(all: Three<T>, of: (one: T) => U): Three<U> => ({ base: of(all.base), mine: of(all.mine), theirs: of(all.theirs) });

const chosen = <T>(all: Three<T>, choice: "mine" | "theirs" | undefined): T => (choice === undefined ? all.base : all[choice]);

/** What both want, or who of two changed it; null: both did, differently. */
const agreed = <T>(all: Three<T>, isSame: (left: T, right: T) => boolean): { readonly value: T } | null => {
  if (isSame(all.mine, all.theirs) || isSame(all.theirs, all.base)) return { value: all.mine };
  return isSame(all.mine, all.base) ? { value: all.theirs } : null;
};

const isSameList = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((key, index) => key === right[index]);

/**
 * The order of what is left: that of the one who alone changed this list's order, else as it was; what is new to that comes behind, sorted, so
 * that it does not matter who is who. Order means nothing to the engine (D94); it is kept for readers.
 */
const inOrder = (all: Three<readonly string[]>, wanted: ReadonlySet<string>): readonly string[] => {
  const isEverywhere = (key: string): boolean => all.base.includes(key) && all.mine.includes(key) && all.theirs.includes(key);
  const common = three(all, (keys) => keys.filter(isEverywhere));
  const whole = agreed(all, isSameList)?.value;
  if (whole !== undefined && whole.length === wanted.size && whole.every((key) => wanted.has(key))) return whole;
  const isSame = three(common, (keys) => isSameList(keys, common.base));
  const isBoth = isSameList(common.mine, common.theirs);
  const leader = isBoth ? (isSame.mine ? all.base : common.mine) : isSame.mine ? all.theirs : isSame.theirs ? all.mine : all.base;
  const known = new Set([...leader, ...all.base].filter((key) => wanted.has(key)));
  return [...known, ...[...wanted].filter((key) => !known.has(key)).toSorted((left, right) => (left < right ? -1 : 1))];
};

interface GrantState {
  readonly granted: boolean;
  readonly denied: boolean;
}

const stateOf = (grants: readonly Grant[], permission: string): GrantState => {
  const named = grants.filter((grant) => grant.permission === permission);
  return { granted: named.some(({ denied }) => !denied), denied: named.some(({ denied }) => denied) };
};

const listOf = (folders: readonly FolderGrant[]): DisputedValue => ({
  is: "folders",
  folders: folders.map((folder) => renderFolder(folder.path, folder.recursive)),
});

/** Merges what I made of a role with what is stored now. `choices` are those that a person made about earlier conflicts, by their keys. */
export const mergeDrafts = (base: RoleDraft, mine: RoleDraft, theirs: RoleDraft, choices: DraftChoices = {}): DraftMerge => {
  const all: Three<RoleDraft> = { base, mine, theirs };
  const conflicts: DraftConflict[] = [];
  const choiceOf = (key: string): "mine" | "theirs" | undefined => (Object.hasOwn(choices, key) ? choices[key] : undefined);

  /** One disputed or agreed thing. */
  const settle = <T>(
    key: string,
    what: Disputed,
    values: Three<T>,
    isSame: (left: T, right: T) => boolean,
    valueOf: (value: T) => DisputedValue,
  ): T => {
    const found = agreed(values, isSame);
    if (found !== null) return found.value;
    const choice = choiceOf(key);
    if (choice === undefined) conflicts.push({ key, what, ...three(values, valueOf) });
    return chosen(values, choice);
  };
  const name = settle(
    "name",
    { about: "name" },
    three(all, (draft) => draft.name),
    (left, right) => left === right,
    (text) => ({ is: "name", name: text }),
  );

  const permissionsOf = (controller: string, scopes: Three<RoleScope | undefined>): readonly Grant[] => {
    const lists = three(scopes, (scope) => scope?.permissions ?? []);
    const whole = agreed(lists, (left, right) => isSameList(left.map(grantKey), right.map(grantKey)));
    if (whole !== null) return whole.value;
    const everything = [...lists.base, ...lists.mine, ...lists.theirs];
    const wanted = new Map<string, readonly Grant[]>();
    for (const permission of new Set(everything.map((grant) => grant.permission))) {
      const state = settle(
        `permission ${controller} ${permission}`,
        { about: "permission", permission, controller },
        three(lists, (grants) => stateOf(grants, permission)),
        (left, right) => left.granted === right.granted && left.denied === right.denied,
        (value) => ({ is: "permission", ...value }),
      );
      const grants = everything.filter((grant) => grant.permission === permission && (grant.denied ? state.denied : state.granted));
      if (grants.length > 0)
        wanted.set(
          permission,
          [...new Map(grants.map((grant) => [grantKey(grant), grant])).values()].toSorted(
            (left, right) => Number(left.denied) - Number(right.denied),
          ),
        );
    }
    const order = inOrder(
      three(lists, (grants) => grants.map((grant) => grant.permission)),
      new Set(wanted.keys()),
    );
    return order.flatMap((permission) => wanted.get(permission) ?? []);
  };

  const foldersOf = (controller: string, scopes: Three<RoleScope | undefined>): readonly FolderGrant[] => {
    const lists = three(scopes, (scope) => scope?.folders ?? []);
    const isSame = (left: readonly FolderGrant[], right: readonly FolderGrant[]): boolean =>
      isSameList(left.map(folderKey), right.map(folderKey));
    const whole = agreed(lists, isSame);
    if (whole !== null) return whole.value;
    const keysOf = (folders: readonly FolderGrant[]): readonly string[] => folders.map(folderKey).toSorted();
    const key = `folders ${controller}`;
    const everything = [...lists.base, ...lists.mine, ...lists.theirs];
    const before = conflicts.length;
    const wanted = new Map<string, FolderGrant>();
    const isAlike = (left: FolderGrant | undefined, right: FolderGrant | undefined): boolean => left?.recursive === right?.recursive;
    // Whether some choice of single folders would leave none: that must be known before anything was chosen.
    let canEmpty = true;
    for (const path of new Set(everything.map((folder) => folder.path))) {
      const values = three(lists, (folders) => folders.find((one) => one.path === path));
      const free = agreed(values, isAlike);
      canEmpty &&= free === null ? values.mine === undefined || values.theirs === undefined : free.value === undefined;
      const folder = settle(`folder ${controller} ${path}`, { about: "folder", path, controller }, values, isAlike, (one) => ({
        is: "folder",
        reach: one === undefined ? "none" : one.recursive ? "below" : "alone",
      }));
      if (folder !== undefined) wanted.set(path, folder);
    }
    // E1: no folder means all of them. Where that turns, or could by what is chosen, neither half of a merge means what its author meant: mine
    // limited to `/a` and theirs to `/b` would together reach both, and one who opened everything would be limited by the other's new folder. So
    // a person chooses one list.
    const isDisputed =
      !isSameList(keysOf(lists.mine), keysOf(lists.theirs)) &&
      !isSameList(keysOf(lists.mine), keysOf(lists.base)) &&
      !isSameList(keysOf(lists.theirs), keysOf(lists.base)) &&
      (lists.base.length === 0 || lists.mine.length === 0 || lists.theirs.length === 0 || canEmpty);
    if (isDisputed) {
      conflicts.length = before;
      const choice = choiceOf(key);
      if (choice === undefined) conflicts.push({ key, what: { about: "folders", controller }, ...three(lists, listOf) });
      return chosen(lists, choice);
    }
    const order = inOrder(
      three(lists, (folders) => folders.map((folder) => folder.path)),
      new Set(wanted.keys()),
    );
    return order.flatMap((path) => wanted.get(path) ?? []);
  };

  const controllers = three(all, (draft) => draft.scopes.map((scope) => scope.controller));
  const parts = new Map<string, RoleScope>();
  for (const controller of new Set([...controllers.base, ...controllers.mine, ...controllers.theirs])) {
    const scopes = three(all, (draft) => scopeOf(draft, controller));
    const part: RoleScope = {
      controller,
      permissions: permissionsOf(controller, scopes),
      folders: foldersOf(controller, scopes),
    };
    const isThere = agreed(
      three(scopes, (scope) => scope !== undefined),
      (left, right) => left === right,
    );
    // One removed the part while the other filled it: it stays for what is left in it.
    if (isThere?.value !== false || part.permissions.length + part.folders.length > 0) parts.set(controller, part);
  }
  const rest = inOrder(controllers, new Set(parts.keys())).filter((controller) => controller !== "default");
  return {
    merged: { service: theirs.service, name, scopes: ["default", ...rest].flatMap((controller) => parts.get(controller) ?? []) },
    conflicts,
  };
};
