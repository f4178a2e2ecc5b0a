import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { holdCgroup, openCgroupBase, type CgroupBase } from "#launch/linux/tree/cgroup.ts";
import { openLanes, type Lanes } from "#launch/linux/tree/lanes.ts";

const probe = openCgroupBase("lanes");
const skip = "reason" in probe ? `no control group (v2) can be written here: ${probe.reason}` : false;

const openAll = (t: TestContext): { readonly base: CgroupBase; readonly lanes: Lanes } => {
  const base = openCgroupBase(`lanes ${t.name} ${process.pid}`) as CgroupBase;
  const lanes = openLanes(base);
  t.after(() => {
    lanes.close();
    assert.equal(existsSync(base.folder), false);
  });
  return { base, lanes };
};

/** A process in the group; resolves to what ends it. */
const enter = (path: string): { readonly pid: number; end(): Promise<void> } => {
  const child = spawn("/bin/sleep", ["60"], { stdio: "ignore" });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  writeFileSync(join(path, "cgroup.procs"), String(child.pid));
  return {
    pid: child.pid ?? 0,
    end: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
};

test("O8: a group that is empty serves the next run, and is nobody else's meanwhile", { skip }, async (t) => {
  const { lanes } = openAll(t);
  const first = lanes.take();
  const second = lanes.take();
  assert.notEqual(first.path, second.path);
  await lanes.giveBack(first);
  assert.equal(lanes.take().path, first.path);
  await Promise.all([lanes.giveBack(first), lanes.giveBack(second)]);
});

test("O8: a group in which something lives is not handed out again, and given up once it is empty", { skip }, async (t) => {
  const { lanes } = openAll(t);
  const lane = lanes.take();
  const left = enter(lane.path);
  const given = lanes.giveBack(lane);
  const next = lanes.take();
  assert.notEqual(next.path, lane.path);
  await left.end();
  await given;
  assert.equal(existsSync(lane.path), false);
  // Put in by somebody while the group waited.
  await lanes.giveBack(next);
  const stranger = enter(next.path);
  const another = lanes.take();
  assert.notEqual(another.path, next.path);
  await stranger.end();
  await lanes.giveBack(another);
  rmdirSync(next.path);
});

test("O8: a run that is over can neither signal nor kill what has its group now", { skip }, async (t) => {
  const { lanes } = openAll(t);
  const lane = lanes.take();
  const held = holdCgroup(lane.path, () => lanes.giveBack(lane));
  await held.remove();
  const next = lanes.take();
  assert.equal(next.path, lane.path);
  const other = enter(next.path);
  assert.deepEqual(held.members(), []);
  await held.signalAll(9);
  assert.equal(await held.kill(), 0);
  assert.deepEqual(holdCgroup(next.path).members(), [other.pid]);
  await other.end();
  await lanes.giveBack(next);
});

test("2.8: a group that an earlier launcher made stays for a process that has not joined it yet, and goes later", { skip }, (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { lanes, base } = openAll(t);
  const { path } = lanes.take();
  openCgroupBase(`lanes ${t.name} ${process.pid}`);
  assert.ok(existsSync(path));
  t.mock.timers.tick(60_000);
  assert.ok(!existsSync(path));
  assert.ok(existsSync(base.folder));
});
