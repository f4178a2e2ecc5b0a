import assert from "node:assert/strict";
import { test } from "node:test";
import { FairQueue } from "#controller/rules/fair-queue.ts";

const runs = (submitter: string, count: number) => Array.from({ length: count }, (_, index) => ({ id: `${submitter}${index}`, submitter }));

test("2.3: oldest first within a submitter, submitters in turn", () => {
  const queue = new FairQueue();
  queue.add(runs("a", 4));
  queue.add(runs("b", 2));
  assert.deepEqual(
    queue.take(3).map((run) => run.id),
    ["a0", "b0", "a1"],
  );
  assert.deepEqual(
    queue.take(10).map((run) => run.id),
    ["b1", "a2", "a3"],
  );
  assert.equal(queue.size, 0);
});

test("2.3: a run waits once, and a removed one not at all", () => {
  const queue = new FairQueue();
  queue.add(runs("a", 2));
  queue.add(runs("a", 3));
  queue.remove("a1");
  queue.remove("nobody");
  assert.deepEqual(
    queue.take(10).map((run) => run.id),
    ["a0", "a2"],
  );
  assert.deepEqual(queue.submitters(), []);
});
