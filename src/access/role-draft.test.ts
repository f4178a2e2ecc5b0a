import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { applyStep, draftOf, labelOf, newDraft, type DraftStep, type RoleDraft } from "#access/role-draft.ts";
import { applyOps, diffDrafts, invertOps } from "#access/role-draft-diff.ts";
import {
  doStep,
  isChanged,
  mostSteps,
  openHistory,
  readHistory,
  rebaseHistory,
  redo,
  redoLabel,
  saveHistory,
  undo,
  undoLabel,
} from "#access/role-draft-history.ts";
import type { DraftHistory } from "#access/role-draft-history.ts";
import { renderGrant } from "#access/permission-spelling.ts";
import { renderFolder } from "#access/folders.ts";
import { arbitraryDraft, arbitraryStep, arbitraryStoredDraft } from "#test/worlds/arbitrary-drafts.ts";

const runs = { numRuns: 1000 };

const did = (draft: RoleDraft, ...steps: readonly DraftStep[]): RoleDraft => {
  let next = draft;
  for (const step of steps) {
    const done = applyStep(next, step);
    assert.ok(done.ok, done.ok ? "" : done.problem.message);
    next = done.value;
  }
  return next;
};
const refusal = (draft: RoleDraft, step: DraftStep): string => {
  const done = applyStep(draft, step);
  assert.ok(!done.ok, "the step should have been refused");
  return `${done.problem.code}: ${done.problem.message}`;
};
const permissionsOf = (draft: RoleDraft, at = 0): readonly string[] => (draft.scopes[at]?.permissions ?? []).map(renderGrant);
const foldersOf = (draft: RoleDraft, at = 0): readonly string[] =>
  (draft.scopes[at]?.folders ?? []).map((folder) => renderFolder(folder.path, folder.recursive));

const empty = newDraft("LOCAL", "clerk");

test("D79: a permission is granted or denied by choosing it; choosing again changes its place in the list for nothing", () => {
  const draft = did(
    empty,
    { step: "grant", scope: "default", permission: "controller:runs" },
    { step: "deny", scope: "default", permission: "controller:runs:cancel" },
    { step: "deny", scope: "default", permission: "controller:runs" },
  );
  assert.deepEqual(permissionsOf(draft), ["-controller:runs", "-controller:runs:cancel"]);
  assert.deepEqual(permissionsOf(empty), [], "a draft is never changed in place");
  assert.match(
    refusal(draft, { step: "grant", scope: "default", permission: "controller:run" }),
    /^access.unknown-permission: there is no permission `controller:run`$/,
  );
});

test("D80: the switch turns a grant into a denial and back, cannot edit the permission, and needs an entry", () => {
  const draft = did(empty, { step: "grant", scope: "default", permission: "controller:runs" });
  const denied = did(draft, { step: "switch", scope: "default", permission: "controller:runs" });
  assert.deepEqual(permissionsOf(denied), ["-controller:runs"]);
  assert.deepEqual(did(denied, { step: "switch", scope: "default", permission: "controller:runs" }), draft);
  assert.match(refusal(draft, { step: "switch", scope: "default", permission: "controller:runs:view" }), /does not name/);
  assert.deepEqual(permissionsOf(did(denied, { step: "clear", scope: "default", permission: "controller:runs" })), []);
});

test("D91: folders in three spellings are one entry; recursive is switched by adding again", () => {
  const draft = did(
    empty,
    { step: "add-folder", scope: "default", path: "demo/", recursive: false },
    { step: "add-folder", scope: "default", path: "/other", recursive: false },
    { step: "add-folder", scope: "default", path: "/demo", recursive: false },
  );
  assert.deepEqual(foldersOf(draft), ["/demo", "/other"]);
  assert.deepEqual(foldersOf(did(draft, { step: "remove-folder", scope: "default", path: "/demo" })), ["/other"]);
  assert.match(refusal(draft, { step: "add-folder", scope: "default", path: "/a/../b", recursive: false }), /^access.malformed-folder/);
});

test("D85: a controller's part is added and removed; what is decided for all controllers is refused in it", () => {
  const draft = did(
    empty,
    { step: "add-controller", controller: "main" },
    { step: "grant", scope: "main", permission: "controller:restart" },
    { step: "add-controller", controller: "main" },
  );
  assert.deepEqual(permissionsOf(draft, 1), ["controller:restart"]);
  assert.match(refusal(draft, { step: "grant", scope: "main", permission: "manager:view" }), /decided for all controllers, never for one/);
  assert.match(refusal(draft, { step: "grant", scope: "other", permission: "controller:view" }), /no part for controller `other`/);
  assert.match(refusal(draft, { step: "add-controller", controller: "Not `one" }), /other characters/);
  assert.match(refusal(draft, { step: "remove-controller", controller: "default" }), /stays/);
  assert.deepEqual(did(draft, { step: "remove-controller", controller: "main" }), empty);
});

test("3.7: steps have names, and order is a step of its own", () => {
  const draft = did(
    empty,
    { step: "grant", scope: "default", permission: "manager:view" },
    { step: "grant", scope: "default", permission: "controller:view" },
    { step: "move-permission", scope: "default", from: 1, to: 0 },
  );
  assert.deepEqual(permissionsOf(draft), ["controller:view", "manager:view"]);
  assert.match(refusal(draft, { step: "move-permission", scope: "default", from: 0, to: 2 }), /no such position/);
  assert.match(refusal(draft, { step: "rename", name: "a b" }), /^identity.invalid-name/);
  assert.deepEqual(
    (
      [
        { step: "grant", scope: "default", permission: "controller:runs" },
        { step: "deny", scope: "main", permission: "controller:runs" },
        { step: "add-folder", scope: "default", path: "/finance/", recursive: false },
        { step: "rename", name: "keeper" },
      ] as const
    ).map(labelOf),
    [
      { key: "grant", value: "controller:runs", scope: "default" },
      { key: "deny", value: "controller:runs", scope: "main" },
      { key: "add-folder", value: "/finance/*", scope: "default" },
      { key: "rename", value: "keeper", scope: "default" },
    ],
  );
});

test("3.7: a stored role keeps what it holds, unknown permissions too, in one form", () => {
  const draft = draftOf({
    service: "LOCAL",
    name: "old",
    scopes: [
      { controller: "main", permissions: [{ permission: "gone:now", denied: true }], folders: [] },
      { controller: "default", permissions: [], folders: [] },
      { controller: "main", permissions: [{ permission: "gone:now", denied: true }], folders: [{ path: "/a", recursive: true }] },
    ],
  });
  assert.deepEqual(
    draft.scopes.map((scope) => scope.controller),
    ["default", "main"],
  );
  assert.deepEqual([permissionsOf(draft, 1), foldersOf(draft, 1)], [["-gone:now"], ["/a/*"]]);
  assert.deepEqual(permissionsOf(did(draft, { step: "clear", scope: "main", permission: "gone:now" }), 1), []);
});

test("3.7: a difference turns one draft into the other, and backwards", () => {
  fc.assert(
    fc.property(fc.oneof(arbitraryDraft, arbitraryStoredDraft), arbitraryDraft, (left, right) => {
      const before = { ...left, service: right.service };
      const ops = diffDrafts(before, right);
      assert.deepEqual(applyOps(before, ops), right);
      assert.deepEqual(applyOps(right, invertOps(ops)), before);
    }),
    runs,
  );
});

/** Does the steps that can be done; sometimes takes one back, does it again, or reloads the page. */
const session = fc.array(
  fc.oneof({ weight: 6, arbitrary: arbitraryStep }, { weight: 2, arbitrary: fc.constantFrom("undo", "redo", "reload") }),
  {
    maxLength: 12,
  },
);
const reloaded = (history: DraftHistory): DraftHistory => {
  const read = readHistory(saveHistory(history));
  assert.ok(read.ok, read.ok ? "" : read.problem.message);
  return read.value;
};
const played = (draft: RoleDraft, acts: readonly (DraftStep | string)[]): DraftHistory => {
  let history = openHistory(draft, { id: "rol_1", revision: 4 });
  for (const act of acts) {
    if (typeof act === "string") history = act === "undo" ? undo(history) : act === "redo" ? redo(history) : reloaded(history);
    else {
      const done = doStep(history, act);
      if (done.ok) history = done.value;
    }
  }
  return history;
};

test("D82: undo is identity, undo then redo is identity, and a reload in between changes nothing", () => {
  fc.assert(
    fc.property(arbitraryDraft, session, arbitraryStep, (draft, acts, step) => {
      const history = played(draft, acts);
      assert.deepEqual(reloaded(history), history);
      const done = doStep(history, step);
      if (done.ok && done.value !== history) {
        assert.deepEqual(undoLabel(done.value), labelOf(step));
        assert.deepEqual(undo(done.value).current, history.current);
        assert.deepEqual(undo(reloaded(done.value)).current, history.current);
        assert.deepEqual(redo(undo(done.value)), done.value);
        assert.deepEqual(redo(reloaded(undo(done.value))), done.value);
        assert.deepEqual(redoLabel(undo(done.value)), labelOf(step));
      }
      let back = history;
      while (undoLabel(back) !== null) back = undo(back);
      assert.deepEqual(back.current, draft);
      assert.equal(isChanged(back), false);
      let forth = back;
      while (redoLabel(forth) !== null) forth = redo(forth);
      let end = history;
      while (redoLabel(end) !== null) end = redo(end);
      assert.deepEqual(forth, end);
    }),
    runs,
  );
});

test("D82: a new step forgets what was undone, a step for nothing is not kept, and only the newest steps can be undone", () => {
  let history = openHistory(empty, null);
  const step = (next: DraftStep): void => {
    const done = doStep(history, next);
    assert.ok(done.ok);
    history = done.value;
  };
  step({ step: "grant", scope: "default", permission: "controller:runs" });
  step({ step: "grant", scope: "default", permission: "controller:runs" });
  assert.equal(history.entries.length, 1);
  history = undo(history);
  step({ step: "grant", scope: "default", permission: "controller:view" });
  assert.equal(redoLabel(history), null);
  for (let count = 0; count < mostSteps + 20; count += 1) step({ step: "switch", scope: "default", permission: "controller:view" });
  assert.equal(history.entries.length, mostSteps);
  assert.deepEqual(reloaded(history), history);
  while (undoLabel(history) !== null) history = undo(history);
  assert.deepEqual(permissionsOf(history.current), ["controller:view"], "twenty-one steps are too old to be undone");
});

test("3.7: after a save the steps stay, and the role that was saved is the one compared with", () => {
  const opened = openHistory(empty, { id: "rol_1", revision: 1 });
  const done = doStep(opened, { step: "grant", scope: "default", permission: "controller:runs" });
  assert.ok(done.ok);
  const saved = rebaseHistory(done.value, done.value.current, { id: "rol_1", revision: 2 });
  assert.deepEqual([isChanged(saved), saved.revision, undoLabel(saved)?.value], [false, 2, "controller:runs"]);
  assert.equal(isChanged(undo(saved)), true);
  assert.deepEqual(reloaded(saved), saved);
});

test("3.7: what is read back is checked: damaged, made up, of another version or too large is refused and never thrown", () => {
  const history = played(empty, [
    { step: "grant", scope: "default", permission: "controller:runs" },
    { step: "add-folder", scope: "default", path: "/a", recursive: true },
  ]);
  const good = JSON.parse(saveHistory(history)) as Record<string, unknown>;
  const code = (value: unknown): string => {
    const read = readHistory(typeof value === "string" ? value : JSON.stringify(value));
    return read.ok ? "read" : read.problem.code;
  };
  assert.equal(code(good), "read");
  assert.equal(code("{"), "input.malformed-json");
  assert.equal(code(""), "input.malformed-json");
  assert.equal(code("[".repeat(1_000_000)), "input.malformed-json");
  assert.equal(code("x".repeat(2_000_001)), "input.too-large");
  for (const wrong of [null, 1, [], {}, { ...good, version: 1 }, { ...good, more: 1 }, { ...good, done: 3 }, { ...good, done: -1 }])
    assert.notEqual(code(wrong), "read", JSON.stringify(wrong));
  assert.equal(code({ ...good, revision: null }), "input.invalid-value");
  assert.equal(
    code({ ...good, done: 1, entries: [...(good["entries"] as unknown[]), (good["entries"] as unknown[])[0]] }),
    "input.invalid-value",
  );
  assert.equal(code(`{"__proto__":1,${JSON.stringify(good).slice(1)}`), "input.forbidden-name");
  const entryOf = (op: object): unknown => ({
    ...good,
    entries: [{ label: { key: "grant", value: "x", scope: "default" }, ops: [op] }],
    done: 1,
  });
  for (const op of [
    { op: "remove-permission", scope: "default", at: 0, entry: { permission: "controller", denied: false } },
    { op: "insert-permission", scope: "nobody", at: 0, entry: { permission: "controller", denied: false } },
    { op: "insert-permission", scope: "default", at: 9, entry: { permission: "controller", denied: false } },
    { op: "insert-folder", scope: "default", at: 0, entry: { path: "/a/../b", recursive: false } },
    { op: "insert-scope", at: 0, scope: "main" },
    { op: "remove-scope", at: 0, scope: "default" },
    { op: "insert-scope", at: 1, scope: "Not One" },
    { op: "rename", from: "someone", to: "clerk" },
    { op: "rename", from: "clerk", to: "a\u0000b" },
    { op: "eval", scope: "default" },
  ])
    assert.notEqual(code(entryOf(op)), "read", JSON.stringify(op));
});

test("3.7: whatever is read back is refused or whole", () => {
  fc.assert(
    fc.property(arbitraryDraft, session, fc.nat(), fc.string({ maxLength: 3 }), (draft, acts, where, noise) => {
      const saved = saveHistory(played(draft, acts));
      const at = where % saved.length;
      const read = readHistory(saved.slice(0, at) + noise + saved.slice(at + noise.length));
      if (read.ok) assert.deepEqual(reloaded(read.value), read.value);
    }),
    runs,
  );
});
