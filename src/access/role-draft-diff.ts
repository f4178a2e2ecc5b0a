/**
 * The difference between two drafts as a list of small operations, each of which can be turned round: undo is the same list backwards. What
 * does not belong here: the stack of them (`role-draft-history.ts`).
 *
 * An operation names what it removes, not only where: applied to another draft than the one it was made from it does not fit, and says so.
 */
import { grantKey, type RoleDraft } from "#access/role-draft.ts";
import type { FolderGrant, Grant, RoleScope } from "#access/question.ts";

interface ScopeOp<Op extends string> {
  readonly op: Op;
  readonly at: number;
  readonly scope: string;
}
interface EntryOp<Op extends string, Entry> extends ScopeOp<Op> {
  readonly entry: Entry;
}

export type DraftOp =
  | { readonly op: "rename"; readonly from: string; readonly to: string }
  | ScopeOp<"insert-scope">
  | ScopeOp<"remove-scope">
  | EntryOp<"insert-permission", Grant>
  | EntryOp<"remove-permission", Grant>
  | EntryOp<"insert-folder", FolderGrant>
  | EntryOp<"remove-folder", FolderGrant>;

export const folderKey = (folder: FolderGrant): string => `${folder.recursive ? "+" : "-"}${folder.path}`;

/** How much of two lists is the same at the beginning and at the end. */
const sameEnds = (before: readonly string[], after: readonly string[]): { readonly head: number; readonly tail: number } => {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  return { head, tail };
};

/** Removals from the back to the front, then insertions from the front to the back: each `at` holds when its turn comes. */
const listOps = <T>(
  before: readonly T[],
  after: readonly T[],
  keyOf: (entry: T) => string,
  made: (kind: "insert" | "remove", at: number, entry: T) => DraftOp,
): DraftOp[] => {
  const { head, tail } = sameEnds(before.map(keyOf), after.map(keyOf));
  const ops: DraftOp[] = [];
  for (let at = before.length - tail - 1; at >= head; at -= 1) {
    const entry = before[at];
    if (entry !== undefined) ops.push(made("remove", at, entry));
  }
  for (let at = head; at < after.length - tail; at += 1) {
    const entry = after[at];
    if (entry !== undefined) ops.push(made("insert", at, entry));
  }
  return ops;
};

const entryOps = (scope: string, before: RoleScope, after: RoleScope): DraftOp[] => [
  ...listOps(before.permissions, after.permissions, grantKey, (kind, at, entry) => ({ op: `${kind}-permission`, scope, at, entry })),
  ...listOps(before.folders, after.folders, folderKey, (kind, at, entry) => ({ op: `${kind}-folder`, scope, at, entry })),
];

/** What turns `before` into `after`; empty where they are equal. */
export const diffDrafts = (before: RoleDraft, after: RoleDraft): readonly DraftOp[] => {
  const ops: DraftOp[] = before.name === after.name ? [] : [{ op: "rename", from: before.name, to: after.name }];
  const { head, tail } = sameEnds(
    before.scopes.map((scope) => scope.controller),
    after.scopes.map((scope) => scope.controller),
  );
  const nothing = (controller: string): RoleScope => ({ controller, permissions: [], folders: [] });
  const pairs: (readonly [RoleScope | undefined, RoleScope | undefined])[] = [
    ...before.scopes.slice(0, head).map((scope, at) => [scope, after.scopes[at]] as const),
    ...before.scopes.slice(before.scopes.length - tail).map((scope, at) => [scope, after.scopes[after.scopes.length - tail + at]] as const),
  ];
  for (let at = before.scopes.length - tail - 1; at >= head; at -= 1) {
    const scope = before.scopes[at];
    if (scope === undefined) continue;
    ops.push(...entryOps(scope.controller, scope, nothing(scope.controller)), { op: "remove-scope", at, scope: scope.controller });
  }
  for (let at = head; at < after.scopes.length - tail; at += 1) {
    const scope = after.scopes[at];
    if (scope === undefined) continue;
    ops.push({ op: "insert-scope", at, scope: scope.controller }, ...entryOps(scope.controller, nothing(scope.controller), scope));
  }
  for (const [was, is] of pairs) if (was !== undefined && is !== undefined) ops.push(...entryOps(was.controller, was, is));
  return ops;
};

const inverse: Readonly<Record<Exclude<DraftOp["op"], "rename">, Exclude<DraftOp["op"], "rename">>> = {
  "insert-scope": "remove-scope",
  "remove-scope": "insert-scope",
  "insert-permission": "remove-permission",
  "remove-permission": "insert-permission",
  "insert-folder": "remove-folder",
  "remove-folder": "insert-folder",
};

/** What turns the later draft into the earlier one. */
export const invertOps = (ops: readonly DraftOp[]): readonly DraftOp[] =>
  ops
    .toReversed()
    .map((op): DraftOp => (op.op === "rename" ? { op: "rename", from: op.to, to: op.from } : ({ ...op, op: inverse[op.op] } as DraftOp)));

const spliced = <T>(
  list: readonly T[],
  kind: "insert" | "remove",
  at: number,
  entry: T,
  keyOf: (entry: T) => string,
): readonly T[] | null => {
  if (kind === "insert") return at > list.length ? null : list.toSpliced(at, 0, entry);
  const found = list[at];
  return found === undefined || keyOf(found) !== keyOf(entry) ? null : list.toSpliced(at, 1);
};

const nextScope = (scope: RoleScope, kind: "insert" | "remove", op: Extract<DraftOp, { entry: unknown }>): RoleScope | null => {
  if (op.op === "insert-permission" || op.op === "remove-permission") {
    const permissions = spliced(scope.permissions, kind, op.at, op.entry, grantKey);
    return permissions === null ? null : { ...scope, permissions };
  }
  const folders = spliced(scope.folders, kind, op.at, op.entry, folderKey);
  return folders === null ? null : { ...scope, folders };
};

const applyOne = (draft: RoleDraft, op: DraftOp): RoleDraft | null => {
  if (op.op === "rename") return draft.name === op.from ? { ...draft, name: op.to } : null;
  const kind = op.op.startsWith("insert") ? "insert" : "remove";
  if (op.op === "insert-scope" || op.op === "remove-scope") {
    const isThere = draft.scopes.some((scope) => scope.controller === op.scope);
    if ((kind === "insert") === isThere) return null;
    const empty: RoleScope = { controller: op.scope, permissions: [], folders: [] };
    const found = draft.scopes[op.at];
    if (kind === "remove" && found !== undefined && found.permissions.length + found.folders.length > 0) return null;
    const scopes = spliced(draft.scopes, kind, op.at, empty, (scope) => scope.controller);
    return scopes === null ? null : { ...draft, scopes };
  }
  const scope = draft.scopes.find((one) => one.controller === op.scope);
  if (scope === undefined) return null;
  const next = nextScope(scope, kind, op);
  if (next === null) return null;
  return { ...draft, scopes: draft.scopes.map((one) => (one === scope ? next : one)) };
};

/** The draft after the operations; null: they were not made from this draft. */
export const applyOps = (draft: RoleDraft, ops: readonly DraftOp[]): RoleDraft | null => {
  let next: RoleDraft | null = draft;
  for (const op of ops) {
    next = applyOne(next, op);
    if (next === null) return null;
  }
  return next;
};

/** Whether two drafts are the same, order included. */
export const isSameDraft = (left: RoleDraft, right: RoleDraft): boolean => diffDrafts(left, right).length === 0;
