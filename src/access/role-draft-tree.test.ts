import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { compileAccess } from "#access/compile.ts";
import { decide } from "#access/decide.ts";
import { leafOf } from "#access/permissions.ts";
import { draftOf, type RoleDraft } from "#access/role-draft.ts";
import { treeOf, type TreeRow } from "#access/role-draft-tree.ts";
import { readGrant } from "#access/permission-spelling.ts";
import { arbitraryDraft, arbitraryStoredDraft } from "#test/worlds/arbitrary-drafts.ts";

const draftWith = (general: readonly string[], main: readonly string[] = []): RoleDraft => {
  const grants = (texts: readonly string[]): { permission: string; denied: boolean }[] =>
    texts.map((text) => {
      const read = readGrant(text);
      assert.ok(read.ok);
      return read.value;
    });
  return draftOf({
    service: "LOCAL",
    name: "r",
    scopes: [
      { controller: "default", permissions: grants(general), folders: [] },
      { controller: "main", permissions: grants(main), folders: [] },
    ],
  });
};
const rowOf = (draft: RoleDraft, scope: string, permission: string): TreeRow =>
  treeOf(draft, scope).find((row) => row.permission === permission) ?? assert.fail(permission);
const shown = (draft: RoleDraft, scope: string, permission: string): unknown[] => {
  const { state, own, from } = rowOf(draft, scope, permission);
  return [state, own, from === null ? null : `${from.scope} ${from.permission}`];
};

test("D83: a granted branch shows its children as inherited, a denied one too, and a denial beats a grant below it", () => {
  const draft = draftWith(["controller", "-controller:runs", "controller:runs:view"]);
  assert.deepEqual(shown(draft, "default", "controller"), ["granted", "granted", null]);
  assert.deepEqual(shown(draft, "default", "controller:restart"), ["inherited-grant", null, "default controller"]);
  assert.deepEqual(shown(draft, "default", "controller:runs"), ["denied", "denied", null]);
  assert.deepEqual(shown(draft, "default", "controller:runs:cancel"), ["inherited-denial", null, "default controller:runs"]);
  assert.deepEqual(shown(draft, "default", "controller:runs:view"), ["inherited-denial", "granted", "default controller:runs"]);
  assert.deepEqual(shown(draft, "default", "manager:view"), ["unassigned", null, null]);
});

test("D95: a controller's part shows what the default part grants and denies, and its own entries above them", () => {
  const draft = draftWith(["controller:runs", "-controller:restart"], ["controller:restart", "-controller:runs:cancel", "controller:view"]);
  assert.deepEqual(shown(draft, "main", "controller:runs"), ["inherited-grant", null, "default controller:runs"]);
  assert.deepEqual(shown(draft, "main", "controller:runs:cancel"), ["denied", "denied", null]);
  assert.deepEqual(shown(draft, "main", "controller:restart"), ["inherited-denial", "granted", "default controller:restart"]);
  assert.deepEqual(shown(draft, "main", "controller:view"), ["granted", "granted", null]);
  assert.deepEqual(shown(draft, "default", "controller:view"), ["unassigned", null, null]);
  assert.deepEqual(shown(draft, "default", "controller:runs:cancel"), ["inherited-grant", null, "default controller:runs"]);
});

test("E4: what is decided for all controllers does not apply in a controller's part", () => {
  const draft = draftWith(["manager:view"], ["-manager:view"]);
  assert.deepEqual(shown(draft, "main", "manager:view"), ["inherited-grant", "denied", "default manager:view"]);
  assert.equal(rowOf(draft, "main", "manager:view").applies, false);
  assert.equal(rowOf(draft, "main", "controller:view").applies, true);
});

test("D84: a row says how many of the leaves it stands for are granted", () => {
  const row = rowOf(draftWith(["controller:noticeboards", "-controller:noticeboards:delete"]), "default", "controller:noticeboards");
  assert.deepEqual([row.grantedLeaves, row.leaves, row.depth, row.isLeaf, row.segment], [2, 3, 2, false, "noticeboards"]);
  assert.deepEqual([rowOf(draftWith([]), "default", "controller:noticeboards").grantedLeaves], [0]);
});

test("D80: only an entry of one's own can be switched", () => {
  const draft = draftWith(["controller"]);
  assert.equal(rowOf(draft, "default", "controller").canSwitch, true);
  assert.equal(rowOf(draft, "default", "controller:view").canSwitch, false);
});

test("D79-D84: a leaf is shown as granted exactly where the engine permits it with this role alone", () => {
  fc.assert(
    fc.property(fc.oneof(arbitraryDraft, arbitraryStoredDraft), fc.constantFrom("default", "main", "other", "nobody"), (draft, scope) => {
      const scopes = draft.scopes.map((part) => ({ ...part, folders: [] }));
      const access = compileAccess({ accessId: "a", name: "a", roles: [{ id: "r", service: "LOCAL", name: "r", scopes }] });
      for (const row of treeOf(draft, scope)) {
        if (!row.isLeaf) continue;
        assert.notEqual(leafOf(row.permission), undefined);
        const verdict = decide({ permission: row.permission, path: "/a", ...(scope === "default" ? {} : { controller: scope }) }, access);
        const isGranted = row.state === "granted" || row.state === "inherited-grant";
        assert.equal(isGranted, verdict.effect === "permit", `${row.permission}: ${row.state}, ${verdict.because.text}`);
        assert.equal(row.grantedLeaves, isGranted ? 1 : 0);
        assert.equal(row.state.endsWith("denial") || row.state === "denied", verdict.because.rule === "may.denied");
      }
    }),
    { numRuns: 500 },
  );
});
