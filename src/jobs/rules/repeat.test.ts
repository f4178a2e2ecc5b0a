import assert from "node:assert/strict";
import { test } from "node:test";
import { repeatsOf, type RunToRepeat } from "#jobs/rules/repeat.ts";

const run = (name: string, node: string, more: Partial<RunToRepeat> = {}): RunToRepeat => ({
  run: name,
  job: "/a",
  node,
  arguments: {},
  alone: false,
  ...more,
});
const shown = (runs: readonly RunToRepeat[]): readonly string[] =>
  repeatsOf(runs).map(({ job, again }) => `${job} ${again.map((one) => `${one.run}@${one.node}`).join(" ")}`);

test("E13: runs of the same job and arguments are repeated as one request, a node twice as two, anything else apart", () => {
  assert.deepEqual(shown([]), []);
  assert.deepEqual(shown([run("1", "n"), run("2", "m"), run("3", "n"), run("4", "o"), run("5", "n")]), [
    "/a 1@n 2@m 4@o",
    "/a 3@n",
    "/a 5@n",
  ]);
  assert.deepEqual(shown([run("1", "n"), run("2", "m", { job: "/b" }), run("3", "o")]), ["/a 1@n 3@o", "/b 2@m"]);
  assert.deepEqual(
    shown([
      run("1", "n", { arguments: { A: "1", B: "2" } }),
      run("2", "m", { arguments: { B: "2", A: "1" } }),
      run("3", "o", { arguments: { A: "1" } }),
      run("4", "p", { arguments: { A: "1", B: "3" } }),
    ]),
    ["/a 1@n 2@m", "/a 3@o", "/a 4@p"],
  );
});

test("B33e: what will be refused for its node is asked for by itself, so that it takes no other along", () => {
  assert.deepEqual(shown([run("1", "n"), run("2", "gone", { alone: true }), run("3", "m"), run("4", "gone", { alone: true })]), [
    "/a 1@n 3@m",
    "/a 2@gone",
    "/a 4@gone",
  ]);
});
