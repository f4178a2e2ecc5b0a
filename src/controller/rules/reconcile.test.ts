import assert from "node:assert/strict";
import { test } from "node:test";
import { reconcile, type NodeRunState } from "#controller/rules/reconcile.ts";

const offered = { attempt: 2, journalId: "jrn_a", offeredHere: false };

test("2.8: what the node has is kept, whatever its state and memory", () => {
  for (const state of ["accepted", "starting", "running", "ended", "refused"] satisfies NodeRunState[]) {
    for (const journalId of ["jrn_a", "jrn_b", ""]) {
      const decided = reconcile(offered, { journalId, known: { attempt: 2, state } });
      assert.deepEqual(decided, { kind: "keep", state: state === "running" ? "running" : "accepted" });
    }
  }
});

test("2.8: offered again only where the node's own unbroken journal does not have it", () => {
  assert.deepEqual(reconcile(offered, { journalId: "jrn_a", known: null }), { kind: "offer-again" });
  assert.deepEqual(reconcile(offered, { journalId: "jrn_a", known: { attempt: 1, state: "ended" } }), { kind: "offer-again" });
});

test("2.8: a node whose journal changed leaves the run unknown, never offered again", () => {
  assert.deepEqual(reconcile(offered, { journalId: "jrn_b", known: null }), { kind: "unknown" });
  assert.deepEqual(reconcile({ ...offered, journalId: null }, { journalId: "jrn_b", known: null }), { kind: "unknown" });
});

test("2.8: nothing follows from what is missing while the launcher is away or the offer is under way", () => {
  assert.deepEqual(reconcile(offered, { journalId: "", known: null }), { kind: "wait" });
  assert.deepEqual(reconcile({ ...offered, offeredHere: true }, { journalId: "jrn_a", known: null }), { kind: "wait" });
});
