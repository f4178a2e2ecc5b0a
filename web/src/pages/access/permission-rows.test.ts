import assert from "node:assert/strict";
import { test } from "node:test";
import { newDraft } from "#access/role-draft.ts";
import { treeOf } from "#access/role-draft-tree.ts";
import { moveOfKey, rowOfTyping, rowsInSight, rowsMatching, type RowInSight, type TreeMove } from "#web/pages/access/permission-rows.ts";

const all = treeOf(newDraft("LOCAL", "clerk"), "default");
const named = (rows: readonly RowInSight[], permission: string): number => rows.findIndex(({ row }) => row.permission === permission);

test("D84: each row in sight knows its place in its branch, and whether anything is below it", () => {
  const folded = rowsInSight(all, () => false);
  assert.deepEqual(
    folded.map(({ row, position, siblings, isOpen }) => [row.depth, position, siblings, isOpen]),
    folded.map((_, index) => [1, index + 1, folded.length, false]),
  );
  const open = rowsInSight(all, () => true);
  assert.equal(open.length, all.length, "all are in sight");
  for (const { row, position, siblings, isOpen } of open) {
    const branch = open.filter((one) => one.row.depth === row.depth && one.row.permission.startsWith(row.permission.replace(/[^:]*$/, "")));
    assert.equal(siblings, branch.length, row.permission);
    assert.equal(branch[position - 1]?.row, row, row.permission);
    assert.equal(isOpen, row.isLeaf ? null : true, row.permission);
  }
  // `controller:runs` closed: what is below it goes, what only begins like it stays.
  const partly = rowsInSight(all, (permission) => permission !== "controller:runs");
  assert.deepEqual(
    partly.filter(({ row }) => row.permission.startsWith("controller:runs")).map(({ row }) => row.permission),
    ["controller:runs"],
  );
  assert.equal(partly.length, all.length - all.filter(({ permission }) => permission.startsWith("controller:runs:")).length);
});

test("D84: arrows, Home, End and pages walk; right opens or goes into the row, left closes or goes up; letters jump", () => {
  const rows = rowsInSight(all, () => true);
  const at = named(rows, "controller:runs");
  const to = (index: number): TreeMove => ({ kind: "row", index });
  assert.deepEqual(moveOfKey("ArrowDown", rows, at, 5), to(at + 1));
  assert.deepEqual(moveOfKey("ArrowUp", rows, 0, 5), to(0));
  assert.deepEqual(moveOfKey("PageDown", rows, at, 3), to(Math.min(rows.length - 1, at + 3)));
  assert.deepEqual(moveOfKey("PageUp", rows, 1, 5), to(0));
  assert.deepEqual(moveOfKey("Home", rows, at, 5), to(0));
  assert.deepEqual(moveOfKey("End", rows, at, 5), to(rows.length - 1));
  assert.deepEqual(moveOfKey("ArrowRight", rows, at, 5), { kind: "into" });
  assert.deepEqual(moveOfKey("ArrowLeft", rows, at, 5), { kind: "toggle", permission: "controller:runs" });
  assert.deepEqual(moveOfKey("ArrowLeft", rows, named(rows, "controller:runs:view"), 5), to(at));
  const folded = rowsInSight(all, () => false);
  assert.deepEqual(moveOfKey("ArrowRight", folded, 0, 5), { kind: "toggle", permission: folded[0]?.row.permission });
  assert.deepEqual(moveOfKey("ArrowLeft", folded, 0, 5), to(0));
  assert.equal(moveOfKey("x", rows, at, 5), null);

  const view = rowOfTyping("v", rows, at);
  assert.ok(view !== null && view > at && rows[view]?.row.segment.startsWith("v"));
  assert.equal(rowOfTyping("vi", rows, view), view, "typed on, it stays");
  assert.notEqual(rowOfTyping("v", rows, view), view, "typed again, it goes on");
  assert.equal(rowOfTyping("zzz", rows, at), null);
});

test("D84: a search keeps the rows that hold the words and what stands above them", () => {
  const found = rowsMatching(all, " Runs:VIEW ").map(({ permission }) => permission);
  assert.ok(found.includes("controller:runs:view") && found.includes("controller:runs") && found.includes("controller"));
  assert.ok(!found.includes("controller:runs:cancel"));
  assert.equal(rowsMatching(all, ""), all);
});
