/**
 * A role while it is edited: the draft and the named steps that change it. Pure, so that the cockpit, tests and the server share it. What does not
 * belong here: undo and redo (`role-draft-history.ts`), what the tree shows (`role-draft-tree.ts`), the text form (`role-draft-text.ts`),
 * meeting another's change (`role-draft-merge.ts`), what it means for people (`role-draft-effects.ts`).
 *
 * INVARIANT: the default scope is first, controllers are unique, and a scope holds no entry twice. Order is kept (`role-draft.test.ts`).
 */
import { normaliseFolder, renderFolder } from "#access/folders.ts";
import { readGrant } from "#access/permission-spelling.ts";
import type { FolderGrant, Grant, Role, RoleScope } from "#access/question.ts";
import { readRoleName } from "#identity/rules/account-name.ts";
import { isControllerName, mostControllers } from "#identity/rules/role-scopes.ts";
import { problem } from "#kernel/problem.ts";
import { ok, refuse, type Result } from "#kernel/result.ts";

export interface RoleDraft {
  readonly service: string;
  readonly name: string;
  readonly scopes: readonly RoleScope[];
}

/** One thing that a person does to a draft. `scope` is `default` or a controller. */
export type DraftStep =
  | { readonly step: "grant" | "deny"; readonly scope: string; readonly permission: string }
  /** D80: from granted to denied or back; the permission itself is never edited. */
  | { readonly step: "switch" | "clear"; readonly scope: string; readonly permission: string }
  | { readonly step: "add-folder"; readonly scope: string; readonly path: string; readonly recursive: boolean }
  | { readonly step: "remove-folder"; readonly scope: string; readonly path: string }
  | { readonly step: "add-controller" | "remove-controller"; readonly controller: string }
  | { readonly step: "move-permission" | "move-folder"; readonly scope: string; readonly from: number; readonly to: number }
  | { readonly step: "rename"; readonly name: string }
  /** What the text editor makes of it. */
  | { readonly step: "replace"; readonly draft: Pick<RoleDraft, "name" | "scopes"> };

export const stepKeys = [
  "grant",
  "deny",
  "switch",
  "clear",
  "add-folder",
  "remove-folder",
  "add-controller",
  "remove-controller",
  "move-permission",
  "move-folder",
  "rename",
  "replace",
  "merge",
  "save",
] as const;

/** What a step was, for whoever puts it into words of a language. */
export interface StepLabel {
  readonly key: (typeof stepKeys)[number];
  /** The permission, folder, controller, name or revision that it was about; empty where there is none. */
  readonly value: string;
  /** `default` or a controller. */
  readonly scope: string;
}

/** As many entries as a definition may have in one list. */
export const mostEntries = 1000;

const emptyScope = (controller: string): RoleScope => ({ controller, permissions: [], folders: [] });

/** The text by which an entry is the same as another. */
export const grantKey = (grant: Grant): string => `${grant.denied ? "-" : "+"}${grant.permission}`;

const uniqueBy = <T>(entries: readonly T[], keyOf: (entry: T) => string): readonly T[] => {
  const seen = new Map<string, T>();
  for (const entry of entries) if (!seen.has(keyOf(entry))) seen.set(keyOf(entry), entry);
  return seen.size === entries.length ? entries : [...seen.values()];
};

/** A stored role as a draft. What it holds stays, unknown permissions too: they can be seen and removed, but not added. */
export const draftOf = (role: Pick<Role, "service" | "name" | "scopes">): RoleDraft => {
  const byController = new Map<string, RoleScope>([["default", emptyScope("default")]]);
  for (const scope of role.scopes) {
    const before = byController.get(scope.controller) ?? emptyScope(scope.controller);
    byController.set(scope.controller, {
      controller: scope.controller,
      permissions: uniqueBy([...before.permissions, ...scope.permissions], grantKey),
      folders: uniqueBy([...before.folders, ...scope.folders], (folder) => folder.path),
    });
  }
  return { service: role.service, name: role.name, scopes: [...byController.values()] };
};

/** An empty draft, for a new role. */
export const newDraft = (service: string, name: string): RoleDraft => ({ service, name, scopes: [emptyScope("default")] });

export const scopeOf = (draft: RoleDraft, controller: string): RoleScope | undefined =>
  draft.scopes.find((scope) => scope.controller === controller);

const wrong = (message: string, hint?: string): Result<never> =>
  refuse(problem("input.invalid-value", message, hint === undefined ? {} : { hint }));

const quoted = (text: string): string => `\`${text.slice(0, 100).replaceAll(/[`\p{Cc}\p{Cf}]/gu, "'")}\``;

const withScope = (draft: RoleDraft, next: RoleScope): Result<RoleDraft> =>
  ok({ ...draft, scopes: draft.scopes.map((scope) => (scope.controller === next.controller ? next : scope)) });

const inScope = (draft: RoleDraft, controller: string, work: (scope: RoleScope) => Result<RoleDraft>): Result<RoleDraft> => {
  const scope = scopeOf(draft, controller);
  return scope === undefined ? wrong(`the role has no part for controller ${quoted(controller)}`, "add the controller first") : work(scope);
};

const setGrant = (draft: RoleDraft, scope: RoleScope, grant: Grant): Result<RoleDraft> => {
  const known = readGrant(grant.permission);
  if (!known.ok) return known;
  if (scope.controller !== "default" && grant.permission.split(":")[0] === "manager")
    return wrong(`${quoted(grant.permission)} is decided for all controllers, never for one`, "put it into the part for all controllers");
  const at = scope.permissions.findIndex((one) => one.permission === grant.permission);
  if (at < 0 && scope.permissions.length >= mostEntries) return wrong(`a role has at most ${mostEntries} permissions in one part`);
  const permissions =
    at < 0
      ? [...scope.permissions, grant]
      : scope.permissions.flatMap((one, index) => (one.permission !== grant.permission ? [one] : index === at ? [grant] : []));
  return withScope(draft, { ...scope, permissions });
};

const setFolder = (draft: RoleDraft, scope: RoleScope, text: string, recursive: boolean): Result<RoleDraft> => {
  const read = normaliseFolder(text, recursive);
  if (!read.ok) return read;
  const folder: FolderGrant = read.value;
  const isThere = scope.folders.some((one) => one.path === folder.path);
  if (!isThere && scope.folders.length >= mostEntries) return wrong(`a role has at most ${mostEntries} folders in one part`);
  return withScope(draft, {
    ...scope,
    folders: isThere ? scope.folders.map((one) => (one.path === folder.path ? folder : one)) : [...scope.folders, folder],
  });
};

const moved = <T>(list: readonly T[], from: number, to: number): Result<readonly T[]> => {
  const entry = list[from];
  if (entry === undefined || !Number.isInteger(to) || to < 0 || to >= list.length) return wrong("there is no such position in the list");
  return ok(list.toSpliced(from, 1).toSpliced(to, 0, entry));
};

/** The draft after one step, or why it cannot be done. A step that changes nothing answers an equal draft. */
export const applyStep = (draft: RoleDraft, step: DraftStep): Result<RoleDraft> => {
  switch (step.step) {
    case "grant":
    case "deny":
      return inScope(draft, step.scope, (scope) => setGrant(draft, scope, { permission: step.permission, denied: step.step === "deny" }));
    case "switch":
    case "clear":
      return inScope(draft, step.scope, (scope) => {
        const found = scope.permissions.filter((one) => one.permission === step.permission);
        if (found.length === 0) return wrong(`the role does not name ${quoted(step.permission)} there`);
        if (step.step === "switch")
          return setGrant(draft, scope, { permission: step.permission, denied: !found.some((one) => one.denied) });
        return withScope(draft, { ...scope, permissions: scope.permissions.filter((one) => one.permission !== step.permission) });
      });
    case "add-folder":
      return inScope(draft, step.scope, (scope) => setFolder(draft, scope, step.path, step.recursive));
    case "remove-folder":
      return inScope(draft, step.scope, (scope) => {
        const left = scope.folders.filter((one) => one.path !== step.path);
        return left.length === scope.folders.length
          ? wrong(`the role does not name folder ${quoted(step.path)} there`)
          : withScope(draft, { ...scope, folders: left });
      });
    case "add-controller":
      if (step.controller === "default" || !isControllerName(step.controller))
        return wrong("a controller's name has other characters than `a-z 0-9 . _ -`", "use the controller's name as it is registered");
      if (scopeOf(draft, step.controller) !== undefined) return ok(draft);
      if (draft.scopes.length > mostControllers) return wrong(`a role names at most ${mostControllers} controllers`);
      return ok({ ...draft, scopes: [...draft.scopes, emptyScope(step.controller)] });
    case "remove-controller":
      if (step.controller === "default") return wrong("the part for all controllers stays; empty it instead");
      return inScope(draft, step.controller, () =>
        ok({ ...draft, scopes: draft.scopes.filter((scope) => scope.controller !== step.controller) }),
      );
    case "move-permission":
      return inScope(draft, step.scope, (scope) => {
        const permissions = moved(scope.permissions, step.from, step.to);
        return permissions.ok ? withScope(draft, { ...scope, permissions: permissions.value }) : permissions;
      });
    case "move-folder":
      return inScope(draft, step.scope, (scope) => {
        const folders = moved(scope.folders, step.from, step.to);
        return folders.ok ? withScope(draft, { ...scope, folders: folders.value }) : folders;
      });
    case "rename": {
      const named = readRoleName(step.name);
      return named.ok ? ok({ ...draft, name: named.value.name }) : named;
    }
    case "replace":
      return ok(draftOf({ service: draft.service, ...step.draft }));
  }
};

/** For the list of steps and the buttons of undo and redo. */
export const labelOf = (step: DraftStep): StepLabel => {
  const label = (value: string, scope = "default"): StepLabel => ({ key: step.step, value, scope });
  switch (step.step) {
    case "grant":
    case "deny":
    case "switch":
    case "clear":
      return label(step.permission, step.scope);
    case "add-folder": {
      const read = normaliseFolder(step.path, step.recursive);
      return label(read.ok ? renderFolder(read.value.path, read.value.recursive) : step.path, step.scope);
    }
    case "remove-folder":
      return label(step.path, step.scope);
    case "add-controller":
    case "remove-controller":
      return label(step.controller);
    case "move-permission":
    case "move-folder":
      return label("", step.scope);
    case "rename":
      return label(step.name);
    case "replace":
      return label("");
  }
};
