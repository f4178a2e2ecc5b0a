import assert from "node:assert/strict";
import { test } from "node:test";
import type { Outcome } from "#proof/launch-order.ts";
import { sampleOutcome } from "#test/fixtures/launch-order.ts";
import { outcomeEffect, unknownEffect, type OutcomeFacts } from "#controller/rules/outcome-effect.ts";

const outcome = sampleOutcome();
const refusedWith = (code: string): Outcome => ({
  ...outcome,
  started: false,
  exitCode: null,
  launchProblem: { code, message: "", hint: "" },
});
const facts: OutcomeFacts = {
  outcome,
  successExitCodes: [[0, 0]],
  restartable: false,
  cancelRequested: false,
  attempt: 1,
  maxAttempts: 3,
  journalChanged: false,
};

test("2.3: exit codes are judged by the job's own list", () => {
  assert.deepEqual(outcomeEffect(facts), { kind: "end", result: "succeeded" });
  assert.deepEqual(outcomeEffect({ ...facts, outcome: { ...outcome, exitCode: 3 } }), { kind: "end", result: "failed" });
  assert.deepEqual(outcomeEffect({ ...facts, outcome: { ...outcome, exitCode: 3 }, successExitCodes: [[0, 4]] }), {
    kind: "end",
    result: "succeeded",
  });
});

test("2.8: a token that expired before the start is followed by another attempt, a bounded number of times", () => {
  const outcome = refusedWith("delegation.expired");
  assert.deepEqual(outcomeEffect({ ...facts, outcome }), { kind: "again", because: "expired" });
  assert.deepEqual(outcomeEffect({ ...facts, outcome, attempt: 3 }), { kind: "end", result: "refused" });
  assert.deepEqual(outcomeEffect({ ...facts, outcome, cancelRequested: true }), { kind: "end", result: "cancelled" });
});

test("S5: a token whose key was replaced meanwhile is followed by one of the present key, a bounded number of times", () => {
  for (const code of ["delegation.unknown-issuer", "delegation.replaced-issuer"]) {
    assert.deepEqual(outcomeEffect({ ...facts, outcome: refusedWith(code) }), { kind: "again", because: "not-now" });
    assert.deepEqual(outcomeEffect({ ...facts, outcome: refusedWith(code), attempt: 3 }), { kind: "end", result: "refused" });
  }
  assert.deepEqual(outcomeEffect({ ...facts, outcome: refusedWith("delegation.forged") }), { kind: "end", result: "refused" });
});

test("O3: a node that is full or draining gets the run again later, a bounded number of times", () => {
  for (const code of ["launch.draining", "launch.disk-full", "launch.node-exhausted", "launch.not-recorded"]) {
    assert.deepEqual(outcomeEffect({ ...facts, outcome: refusedWith(code) }), { kind: "again", because: "not-now" });
    assert.deepEqual(outcomeEffect({ ...facts, outcome: refusedWith(code), attempt: 3 }), { kind: "end", result: "refused" });
  }
});

test("S3: any other refusal of the node is final", () => {
  for (const code of ["delegation.forged", "launch.unknown-account", "delegation.replayed"])
    assert.deepEqual(outcomeEffect({ ...facts, outcome: refusedWith(code) }), { kind: "end", result: "refused" });
});

test("S4: a refusal by a node that has lost its memory since the offer is unknown, not refused", () => {
  for (const code of ["delegation.expired", "launcher.other"])
    assert.deepEqual(outcomeEffect({ ...facts, outcome: refusedWith(code), journalChanged: true }), { kind: "end", result: "unknown" });
  assert.deepEqual(outcomeEffect({ ...facts, journalChanged: true }), { kind: "end", result: "succeeded" });
});

test("2.8: at most once unless the job says restartable: an unknown exit ends the run, or is tried again", () => {
  const unknown = { ...facts, outcome: { ...outcome, exitUnknown: true, exitCode: null } };
  assert.deepEqual(outcomeEffect(unknown), { kind: "end", result: "unknown" });
  assert.deepEqual(outcomeEffect({ ...unknown, restartable: true }), { kind: "again", because: "unknown-exit" });
  assert.deepEqual(outcomeEffect({ ...unknown, restartable: true, attempt: 3 }), { kind: "end", result: "unknown" });
  assert.deepEqual(outcomeEffect({ ...unknown, restartable: true, cancelRequested: true }), { kind: "end", result: "unknown" });
  assert.deepEqual(unknownEffect({ restartable: false, cancelRequested: false, attempt: 1, maxAttempts: 3 }), {
    kind: "end",
    result: "unknown",
  });
  assert.deepEqual(unknownEffect({ restartable: true, cancelRequested: false, attempt: 1, maxAttempts: 3 }), {
    kind: "again",
    because: "unknown-exit",
  });
});
