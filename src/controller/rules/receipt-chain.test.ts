import assert from "node:assert/strict";
import { test } from "node:test";
import { followChain } from "#controller/rules/receipt-chain.ts";

test("K1: receipts that follow each other move the position and find nothing", () => {
  const first = followChain({ sequence: 0, hash: "" }, { sequence: 1, previous: "" }, "d1");
  assert.deepEqual(first, { position: { sequence: 1, hash: "d1" }, finding: null });
  assert.deepEqual(followChain(first.position, { sequence: 2, previous: "d1" }, "d2"), {
    position: { sequence: 2, hash: "d2" },
    finding: null,
  });
});

test("K1: a withheld receipt shows as a gap, another predecessor as a break", () => {
  assert.deepEqual(followChain({ sequence: 4, hash: "d4" }, { sequence: 7, previous: "d6" }, "d7").finding, {
    kind: "gap",
    from: 5,
    to: 6,
  });
  assert.deepEqual(followChain({ sequence: 4, hash: "d4" }, { sequence: 5, previous: "other" }, "d5").finding, {
    kind: "broken",
    sequence: 5,
  });
  assert.deepEqual(followChain({ sequence: 0, hash: "" }, { sequence: 2, previous: "d1" }, "d2").finding, { kind: "gap", from: 1, to: 1 });
});

test("K1: a receipt that is sent again moves nothing; after a lost journal the chain begins anew", () => {
  const position = { sequence: 4, hash: "d4" };
  assert.deepEqual(followChain(position, { sequence: 3, previous: "d2" }, "d3"), { position, finding: null });
  assert.deepEqual(followChain(null, { sequence: 9, previous: "x" }, "d9"), { position: { sequence: 9, hash: "d9" }, finding: null });
});
