/**
 * The steps of an editing session: undo and redo as a stack of named differences, which can be written down and read back after a reload (D82).
 * What is read back may come from anywhere: it is checked and replayed, and refused where it does not fit. What does not belong here: where it is
 * kept, and what a step does (`role-draft.ts`).
 */
import { normaliseFolder } from "#access/folders.ts";
import { applyStep, draftOf, labelOf, mostEntries, stepKeys, type DraftStep, type RoleDraft, type StepLabel } from "#access/role-draft.ts";
import { applyOps, diffDrafts, invertOps, isSameDraft, type DraftOp } from "#access/role-draft-diff.ts";
import type { Role } from "#access/question.ts";
import { longestName, readRoleName } from "#identity/rules/account-name.ts";
import { isControllerName, mostControllers } from "#identity/rules/role-scopes.ts";
import { problem } from "#kernel/problem.ts";
import { ok, refuse, type Result } from "#kernel/result.ts";
import { flag, integer, list, nullable, object, oneOf, readShape, text, variant, type Shape } from "#kernel/shape.ts";

/** One step that was done: what it was, and what it changed. */
export interface DraftEntry {
  readonly label: StepLabel;
  readonly ops: readonly DraftOp[];
}

export interface DraftHistory {
  /** Null: a role that is not stored yet. */
  readonly roleId: string | null;
  /** The revision that `base` is; null as above. */
  readonly revision: number | null;
  /** The role as it was loaded: what the draft is compared with when it is saved. */
  readonly base: RoleDraft;
  /** The draft before the first entry. */
  readonly start: RoleDraft;
  readonly entries: readonly DraftEntry[];
  /** How many of the entries are done; those after are waiting to be redone. */
  readonly done: number;
  readonly current: RoleDraft;
}

/** Beyond this the oldest steps can no longer be undone. */
export const mostSteps = 500;
const version = 2;
const longestSaved = 2_000_000;

/** Begins to edit a stored role, or a new one (`stored` null). */
export const openHistory = (draft: RoleDraft, stored: { readonly id: string; readonly revision: number } | null): DraftHistory => ({
  roleId: stored?.id ?? null,
  revision: stored?.revision ?? null,
  base: draft,
  start: draft,
  entries: [],
  done: 0,
  current: draft,
});

/** Begins to edit a role as the API gives it. */
export const openHistoryOf = (role: Role & { readonly revision: number }): DraftHistory => openHistory(draftOf(role), role);

const pushed = (history: DraftHistory, label: StepLabel, next: RoleDraft): DraftHistory => {
  const ops = diffDrafts(history.current, next);
  if (ops.length === 0) return history;
  const entries = [...history.entries.slice(0, history.done), { label, ops }];
  const [oldest] = entries;
  if (entries.length <= mostSteps || oldest === undefined) return { ...history, entries, done: entries.length, current: next };
  const start = applyOps(history.start, oldest.ops) ?? history.start;
  return { ...history, start, entries: entries.slice(1), done: entries.length - 1, current: next };
};

/** Does a step: what was undone before is gone then. A step that changes nothing is not kept. */
export const doStep = (history: DraftHistory, step: DraftStep): Result<DraftHistory> => {
  const next = applyStep(history.current, step);
  return next.ok ? ok(pushed(history, labelOf(step), next.value)) : next;
};

/** The step that `undo` takes back; null: there is none. */
export const undoLabel = (history: DraftHistory): StepLabel | null => history.entries[history.done - 1]?.label ?? null;

/** The step that `redo` does again; null: there is none. */
export const redoLabel = (history: DraftHistory): StepLabel | null => history.entries[history.done]?.label ?? null;

export const undo = (history: DraftHistory): DraftHistory => {
  const entry = history.entries[history.done - 1];
  const current = entry === undefined ? null : applyOps(history.current, invertOps(entry.ops));
  return current === null ? history : { ...history, done: history.done - 1, current };
};

export const redo = (history: DraftHistory): DraftHistory => {
  const entry = history.entries[history.done];
  const current = entry === undefined ? null : applyOps(history.current, entry.ops);
  return current === null ? history : { ...history, done: history.done + 1, current };
};

/** Whether there is anything to save. */
export const isChanged = (history: DraftHistory): boolean => !isSameDraft(history.base, history.current);

/** After a save, or when someone else's change was taken in: the stored role is another one now, the steps stay. */
export const rebaseHistory = (
  history: DraftHistory,
  base: RoleDraft,
  stored: { readonly id: string; readonly revision: number },
  merged: { readonly draft: RoleDraft; readonly key: "merge" | "save" } | null = null,
): DraftHistory => {
  const rebased = { ...history, roleId: stored.id, revision: stored.revision, base };
  return merged === null ? rebased : pushed(rebased, { key: merged.key, value: String(stored.revision), scope: "default" }, merged.draft);
};

/** As text, for a browser's storage. Holds what the role holds and nothing else. */
export const saveHistory = (history: DraftHistory): string => {
  const { roleId, revision, base, start, entries, done } = history;
  return JSON.stringify({ version, roleId, revision, base, start, entries, done });
};

const permissionShape = text({ min: 1, max: 200, pattern: /^[^\p{Cc}\p{Cf}]+$/u, expected: "a permission" });
const grantShape = object({ permission: permissionShape, denied: flag });

const folderFields = object({ path: text({ min: 1, max: 1024 }), recursive: flag });
const folderShape: Shape<{ readonly path: string; readonly recursive: boolean }> = (value, path, faults) => {
  const folder = folderFields(value, path, faults);
  if (faults.length > 0) return folder;
  const read = normaliseFolder(folder.path, folder.recursive);
  if (!read.ok || read.value.path !== folder.path) faults.push({ code: "input.invalid-value", path, text: "is not a folder" });
  return folder;
};

const controllerName = text({ min: 1, max: 64 });
const scopeName: Shape<string> = (value, path, faults) => {
  const name = controllerName(value, path, faults);
  if (faults.length === 0 && name !== "default" && !isControllerName(name))
    faults.push({ code: "input.invalid-value", path, text: "is not a controller's name" });
  return name;
};

const roleName = text({ min: 1, max: 4 * longestName });
const nameShape: Shape<string> = (value, path, faults) => {
  // A new role has no name yet.
  if (value === "") return "";
  const name = roleName(value, path, faults);
  if (faults.length === 0 && !readRoleName(name).ok) faults.push({ code: "input.invalid-value", path, text: "is not a role's name" });
  return name;
};

const draftFields = object({
  service: text({ min: 1, max: longestName }),
  name: nameShape,
  scopes: list(
    object({ controller: scopeName, permissions: list(grantShape, mostEntries), folders: list(folderShape, mostEntries) }),
    mostControllers + 1,
  ),
});

const draftShape: Shape<RoleDraft> = (value, path, faults) => {
  const draft = draftFields(value, path, faults);
  if (faults.length === 0 && !isSameDraft(draft, draftOf(draft)))
    faults.push({ code: "input.invalid-value", path, text: "names something twice, or has no default part in front" });
  return draft;
};

const at = integer(0, mostEntries);
const opShape = variant("op", {
  rename: object({ op: oneOf("rename"), from: nameShape, to: nameShape }),
  "insert-scope": object({ op: oneOf("insert-scope"), at, scope: scopeName }),
  "remove-scope": object({ op: oneOf("remove-scope"), at, scope: scopeName }),
  "insert-permission": object({ op: oneOf("insert-permission"), scope: scopeName, at, entry: grantShape }),
  "remove-permission": object({ op: oneOf("remove-permission"), scope: scopeName, at, entry: grantShape }),
  "insert-folder": object({ op: oneOf("insert-folder"), scope: scopeName, at, entry: folderShape }),
  "remove-folder": object({ op: oneOf("remove-folder"), scope: scopeName, at, entry: folderShape }),
});

/** A step may have been about anything that could be typed: a name that was refused was not kept. */
const labelShape = object({ key: oneOf(...stepKeys), value: text({ max: 1100 }), scope: scopeName });

const savedShape = object({
  version: oneOf(version),
  roleId: nullable(text({ min: 1, max: 64, pattern: /^[\w-]+$/, expected: "an id" })),
  revision: nullable(integer(0, Number.MAX_SAFE_INTEGER)),
  base: draftShape,
  start: draftShape,
  entries: list(object({ label: labelShape, ops: list(opShape, 8 * mostEntries) }), mostSteps),
  done: integer(0, mostSteps),
});

const doesNotFit = (): Result<never> =>
  refuse(
    problem("input.invalid-value", "the saved editing session does not fit together", {
      hint: "load the role again and repeat the changes",
    }),
  );

/** What `saveHistory` wrote. Anything else is refused, never thrown: another version, something damaged, something made up. */
export const readHistory = (saved: string): Result<DraftHistory> => {
  if (saved.length > longestSaved) return refuse(problem("input.too-large", "the saved editing session is too large"));
  let value: unknown;
  try {
    value = JSON.parse(saved);
  } catch {
    return refuse(problem("input.malformed-json", "the saved editing session is not JSON"));
  }
  const read = readShape(savedShape, value, "the saved editing session");
  if (!read.ok) return read;
  const { done, entries, start } = read.value;
  if (done > entries.length || (read.value.roleId === null) !== (read.value.revision === null)) return doesNotFit();
  let current: RoleDraft | null = start;
  let last: RoleDraft | null = start;
  for (const [index, entry] of entries.entries()) {
    last = applyOps(last, entry.ops);
    if (last === null || !isSameDraft(last, draftOf(last))) return doesNotFit();
    if (index + 1 === done) current = last;
  }
  const { roleId, revision, base } = read.value;
  return ok({ roleId, revision, base, start, entries, done, current });
};
