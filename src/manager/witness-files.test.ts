import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { ProblemError } from "#kernel/problem.ts";
import { openWitnessFiles, type WitnessFiles } from "#manager/witness-files.ts";

const head = { node: { id: "nod_1", name: "ledger-1" }, publicKey: "k" };
const ann = "user:corp/ann";
const bob = "user:corp/bob";
const withCode =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof ProblemError && error.problem.code === code;

const place = (t: TestContext, maxBytes = 100): { folder: string; files: WitnessFiles; pass(ms: number): void } => {
  const root = mkdtempSync(join(tmpdir(), "bhf-wit-"));
  const folder = join(root, "witnesses");
  let monotonicMs = 0;
  const files = openWitnessFiles({ folder, maxBytes, clock: { nowMs: Date.now, monotonicMs: () => monotonicMs } });
  t.after(() => {
    files.close();
    rmSync(root, { recursive: true, force: true });
  });
  return { folder, files, pass: (ms) => (monotonicMs += ms) };
};
const read = async (lines: AsyncIterable<string>): Promise<string[]> => {
  const found: string[] = [];
  for await (const line of lines) found.push(line);
  return found;
};

test("W9, K1: receipts come in pages, in order, each once, and are gone after their use", async (t) => {
  const { folder, files } = place(t);
  const id = files.begin(ann, head);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  assert.equal(statSync(join(folder, id)).mode & 0o777, 0o600);
  assert.equal(files.add(ann, id, 0, ["a", "b"]), 2);
  assert.equal(files.add(ann, id, 0, ["a", "b"]), 2, "sent again, its answer was lost");
  assert.throws(() => files.add(ann, id, 3, ["d"]), withCode("audit.witness-out-of-step"));
  assert.throws(() => files.add(ann, id, 1, ["b", "c"]), withCode("audit.witness-out-of-step"));
  assert.equal(files.add(ann, id, 2, ["c"]), 3);
  const taken = files.take(ann, id);
  assert.deepEqual(taken.node, head.node);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(await read(taken.receipts), ["a", "b", "c"]);
  assert.throws(() => files.take(ann, id), withCode("audit.witness-not-found"), "used up");
  taken.drop();
  assert.deepEqual(readdirSync(folder), []);
});

test("W9: what waits is bounded in size, number and time, is another's to nobody, and does not outlive the manager", async (t) => {
  const { folder, files, pass } = place(t);
  const first = files.begin(ann, head);
  assert.throws(() => files.add(bob, first, 0, ["x"]), withCode("audit.witness-not-found"));
  assert.throws(() => files.take(bob, first), withCode("audit.witness-not-found"));
  assert.throws(() => files.add(ann, first, 0, ["x".repeat(100)]), withCode("input.too-large"));
  const second = files.begin(ann, head);
  assert.throws(() => files.add(ann, first, 0, ["x"]), withCode("audit.witness-not-found"), "replaced by the second");
  for (let count = 1; count < 8; count += 1) files.begin(`user:corp/${count}`, head);
  assert.throws(() => files.begin(bob, head), withCode("general.overloaded"));
  pass(11 * 60_000);
  assert.throws(() => files.add(ann, second, 0, ["x"]), withCode("audit.witness-not-found"), "too late");
  assert.deepEqual(readdirSync(folder), []);
  files.begin(bob, head);
  writeFileSync(join(folder, "left-by-a-killed-manager"), "x");
  openWitnessFiles({ folder, clock: { nowMs: Date.now, monotonicMs: () => 0 } }).close();
  assert.equal(existsSync(join(folder, "left-by-a-killed-manager")), false);
});
