import assert from "node:assert/strict";
import { test } from "node:test";
import { readAgentMessage } from "#controller/agent-message.ts";
import { sampleOutcome } from "#test/fixtures/launch-order.ts";

const [verdict = assert.fail()] = sampleOutcome().verdicts;
const running = (decided: unknown): unknown => ({
  type: "state",
  run: "run_00000000000000000000000000",
  attempt: 1,
  state: "running",
  at: "2027-01-15T08:00:00.000Z",
  decided,
});

test("S10: what a node says that it decided is about where and as whom, permitted, in bounded words, or the message is none", () => {
  const decided = { runAs: "nobody", verdicts: [verdict, { ...verdict, part: "as-whom" }] };
  const read = readAgentMessage(running(decided));
  assert.ok(read.ok && read.value.type === "state");
  assert.deepEqual(read.value.decided, decided);
  assert.ok(readAgentMessage({ ...(running(decided) as object), decided: undefined }).ok, "a launcher that does not tell");
  for (const wrong of [
    null,
    { ...decided, uid: 0 },
    { ...decided, runAs: "" },
    { ...decided, verdicts: Array.from({ length: 11 }, () => verdict) },
    ...[
      { part: "who" },
      { part: "may" },
      { effect: "deny" },
      { unsigned: false },
      { text: "x".repeat(8193) },
      { facts: { role: { deep: true } } },
      { decidedAt: "today" },
    ].map((change) => ({ ...decided, verdicts: [{ ...verdict, ...change }] })),
  ])
    assert.equal(readAgentMessage(running(wrong)).ok, false, JSON.stringify(wrong).slice(0, 200));
});
