import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { silentLog } from "#kernel/log.ts";
import type { LaunchOrder } from "#proof/launch-order.ts";
import { openKeeper } from "#supervise/keeper.ts";
import { makePrivateFolder } from "#kernel/private-file.ts";
import { dataLayout } from "#kernel/data-layout.ts";
import { gateOf } from "#test/fixtures/gate.ts";
import {
  isRoot,
  startTestLauncher,
  TestAgent,
  type EndedRun,
  type LauncherWorld,
  type TestLauncher,
} from "#launcher/launcher.test-support.ts";

const shell = (text: string): LaunchOrder["program"] => ({ kind: "shell", text });
const settle = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const scratch = (t: TestContext, prefix: string): string => {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

/** A launcher beside a real keeper, as under `behalf up`. */
const withKeeper = async (t: TestContext, world: LauncherWorld = {}): Promise<{ launcher: TestLauncher; agent: TestAgent }> => {
  const root = world.folder ?? mkdtempSync(join(tmpdir(), "bhf-k-"));
  const layout = dataLayout(root);
  makePrivateFolder(layout.supervisor.folder);
  const keeper = await openKeeper({ socketPath: layout.supervisor.keeperSocket, fifoFolder: layout.launcher.fifos, log: silentLog });
  const launcher = await startTestLauncher(t, { ...world, folder: root });
  t.after(() => keeper.close());
  const agent = new TestAgent(launcher);
  await agent.connect();
  t.after(() => {
    agent.close();
    if (world.folder === undefined) rmSync(root, { recursive: true, force: true });
  });
  return { launcher, agent };
};

const marks = (t: TestContext): { folder: string; of(run: string): number } => {
  const folder = scratch(t, "bhf-marks-");
  chmodSync(folder, 0o1777);
  return { folder, of: (run) => readdirSync(folder).filter((name) => name.startsWith(run)).length };
};

test("2.8: a run survives SIGKILL of the launcher; the next one adopts it, goes on with its log, and never calls an unseen exit a success", async (t) => {
  const { launcher, agent } = await withKeeper(t);
  const gate = gateOf(t);
  const order = launcher.order({ program: shell(`echo one; ${gate.wait}; echo two; sleep 0.5; echo three`) });
  const short = launcher.order({ program: shell("echo begin; sleep 0.6; echo end") });
  agent.startOrder(order);
  agent.startOrder(short);
  await Promise.all([agent.running(order), agent.running(short)]);
  await settle(300);
  await launcher.kill();
  await settle(900);
  await launcher.start();
  const hello = await agent.connect();
  assert.ok(hello.runs.some(({ run, state }) => run === order.run && state === "running"));
  gate.open();
  const long = await agent.ended(order);
  assert.equal(long.stdout, "one\ntwo\nthree\n");
  assert.match(long.notices, /launcher was restarted/);
  const { outcome } = long.receipt;
  assert.ok(outcome.exitUnknown || outcome.exitCode === 0);
  if (outcome.exitUnknown) assert.equal(outcome.exitCode, null);
  const away = await agent.ended(short);
  assert.ok(away.receipt.outcome.exitUnknown || away.receipt.outcome.exitCode === 0);
  assert.equal(away.receipt.outcome.started, true);
});

test("2.3 2.8: an adopted run keeps its timeout, and its cancel", async (t) => {
  const { launcher, agent } = await withKeeper(t);
  const timed = launcher.order({ program: shell("sleep 60"), limits: { timeoutMs: 2500, graceMs: 500, outputBytes: 1000 } });
  const cancelled = launcher.order({ program: shell("sleep 60") });
  agent.startOrder(timed);
  agent.startOrder(cancelled);
  await Promise.all([agent.running(timed), agent.running(cancelled)]);
  await launcher.kill();
  await launcher.start();
  await agent.connect();
  agent.send({ type: "cancel", run: cancelled.run, attempt: 1, by: "os:1", reason: "enough" });
  assert.equal((await agent.ended(cancelled)).receipt.outcome.cancelled?.reason, "enough");
  const { outcome } = (await agent.ended(timed)).receipt;
  assert.equal(outcome.timedOut, true);
  assert.equal(outcome.exitCode, null);
});

test("2.8: SIGTERM stops the launcher with 0 and leaves the jobs running, whole output included", async (t) => {
  const { launcher, agent } = await withKeeper(t);
  const order = launcher.order({ program: shell("for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo $i; sleep 0.1; done") });
  agent.startOrder(order);
  await agent.running(order);
  await settle(200);
  assert.equal(await launcher.stop(), 0);
  await settle(300);
  await launcher.start();
  await agent.connect();
  const { stdout } = await agent.ended(order);
  assert.equal(stdout, "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n");
});

test("2.8 S3: the launcher is killed at random moments while runs come: every run ends once, none runs twice, the chain holds (slow)", async (t) => {
  const { launcher, agent } = await withKeeper(t);
  const { folder, of } = marks(t);
  const orders = Array.from({ length: 80 }, (_, index) => {
    const order = launcher.order();
    return { ...order, program: shell(`mktemp ${folder}/${order.run}.XXXXXX >/dev/null; echo begin; sleep ${(index % 5) / 10}; echo end`) };
  });
  const tokens = new Map(orders.map((order) => [order.run, launcher.token(order)]));
  const show = (order: LaunchOrder): void => agent.startToken(order, tokens.get(order.run) ?? "");
  const shown = new Set<LaunchOrder>();
  const isEnded = (order: LaunchOrder): boolean =>
    agent.messages.some(({ message }) => message.type === "outcome" && message.run === order.run);
  let kills = 0;
  for (const order of orders) {
    shown.add(order);
    show(order);
    if (Math.random() < 0.25) await settle(Math.random() * 40);
    // Some have ended, some run and some start when the blow falls.
    const earlier = orders[orders.indexOf(order) - 12];
    if (earlier !== undefined) await agent.ended(earlier);
    // One at the least, whatever chance says.
    if (kills < 8 && (Math.random() < 0.12 || (kills === 0 && earlier === orders[20]))) {
      await settle(Math.random() * 30);
      kills += 1;
      await launcher.kill();
      await launcher.start();
      await agent.connect();
      for (const one of shown) if (!isEnded(one)) show(one);
    }
  }
  const results = new Map<string, EndedRun>();
  for (const order of orders) results.set(order.run, await agent.ended(order));
  assert.ok(kills > 0);
  for (const order of orders) {
    const jws = new Set(
      agent.messages.flatMap(({ message }) => (message.type === "outcome" && message.run === order.run ? [message.receipt] : [])),
    );
    assert.equal(jws.size, 1, "one outcome, however often it was told");
    const { outcome } = results.get(order.run)?.receipt ?? {};
    assert.ok(outcome !== undefined);
    assert.ok(of(order.run) <= 1, `run ${order.run} was started ${of(order.run)} times`);
    if (outcome.exitCode === 0) {
      assert.equal(of(order.run), 1);
      assert.equal(results.get(order.run)?.stdout, "begin\nend\n");
    } else assert.ok(outcome.exitUnknown, JSON.stringify(outcome));
  }
  const sequences = [...results.values()].map(({ receipt }) => receipt.sequence).toSorted((a, b) => a - b);
  assert.equal(new Set(sequences).size, orders.length);
  t.diagnostic(`${kills} kills, ${[...results.values()].filter(({ receipt }) => receipt.outcome.exitUnknown).length} exits unknown`);
});

test("2.8 S4: a torn journal tail loses nothing; a corrupted journal refuses what was issued before, and its id changes", async (t) => {
  const { launcher, agent } = await withKeeper(t, { flags: ["--skew-ms", "0"] });
  const before = (await agent.until((message) => message.type === "hello-ok")).message;
  const first = await agent.run(launcher.order());
  const old = launcher.order({ program: shell("true") });
  const oldToken = launcher.token(old);
  await launcher.stop();
  writeFileSync(launcher.layout.launcher.journal, 'fedcba98 400 {"kind":"sta', { flag: "a" });
  await launcher.start();
  let hello = await agent.connect();
  assert.deepEqual(
    hello.runs.map(({ run }) => run),
    [first.receipt.run],
  );
  assert.equal(hello.facts.journalId, before.type === "hello-ok" ? before.facts.journalId : "");
  await launcher.stop();
  const bytes = readFileSync(launcher.layout.launcher.journal);
  bytes[Math.floor(bytes.length / 2)] = 0x21;
  writeFileSync(launcher.layout.launcher.journal, bytes);
  await launcher.start();
  hello = await agent.connect();
  assert.notEqual(hello.facts.journalId, before.type === "hello-ok" ? before.facts.journalId : "");
  agent.startToken(old, oldToken);
  assert.equal((await agent.ended(old)).receipt.outcome.launchProblem?.code, "launch.issued-before-recovery");
  await settle(1100);
  const fresh = await agent.run(launcher.order());
  assert.equal(fresh.receipt.outcome.exitCode, 0);
  assert.ok(existsSync(`${launcher.layout.launcher.journal}.damaged`));
});

test("O3 2.8: on a full disk running jobs go on, their outcomes are still recorded, new starts are refused, and all is well once there is space", async (t) => {
  if (!isRoot) return t.skip("needs root to mount a small file system");
  const root = mkdtempSync(join(tmpdir(), "bhf-full-"));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=6m,mode=711", "tmpfs", root]);
  if (mounted.status !== 0) return t.skip("this machine does not let root mount a tmpfs");
  const { launcher, agent } = await withKeeper(t, { folder: root, flags: ["--ballast-bytes", "1000000", "--free-space-bytes", "300000"] });
  // Registered last, so that it comes after launcher and keeper have let go.
  t.after(async () => {
    for (let tries = 0; tries < 50 && spawnSync("umount", [root]).status !== 0; tries += 1) await settle(100);
    rmSync(root, { recursive: true, force: true });
  });
  const free = (): number => statfsSync(root).bavail * statfsSync(root).bsize;
  assert.ok(statSync(join(launcher.layout.launcher.folder, "ballast")).size >= 1_000_000);
  const gate = gateOf(t);
  const writer = launcher.order({ program: shell("sleep 0.5; head -c 20000000 /dev/zero; echo done >&2") });
  const waiter = launcher.order({ program: shell(`${gate.wait}; exit 5`) });
  agent.startOrder(writer);
  agent.startOrder(waiter);
  await Promise.all([agent.running(writer), agent.running(waiter)]);
  const wrote = await agent.ended(writer);
  assert.equal(wrote.receipt.outcome.exitCode, 0);
  assert.equal(wrote.receipt.outcome.output.truncated, true);
  assert.equal(wrote.receipt.outcome.output.writtenBytes, 20_000_005);
  const filler = join(root, "filler");
  mkdirSync(join(root, "x"));
  for (let size = 65_536; size >= 1; size = Math.floor(size / 2)) {
    try {
      for (;;) writeFileSync(filler, Buffer.alloc(size), { flag: "a" });
    } catch {
      // Full to the last byte.
    }
  }
  assert.ok(free() < 8192);
  await settle(1100);
  const refused = await agent.run(launcher.order());
  assert.equal(refused.receipt.outcome.launchProblem?.code, "launch.disk-full");
  gate.open();
  const waited = await agent.ended(waiter);
  assert.equal(waited.receipt.outcome.exitCode, 5);
  rmSync(filler);
  agent.send({ type: "acknowledge", run: writer.run, attempt: 1 });
  await settle(1500);
  assert.equal((await agent.run(launcher.order())).receipt.outcome.exitCode, 0);
});

test("2.8: a launcher without descriptors refuses for now and goes on; with them it starts what comes", async (t) => {
  const { launcher, agent } = await withKeeper(t);
  // The soft limit alone: it can be raised again.
  const limit = (files: number): void => assert.equal(spawnSync("prlimit", [`--pid=${launcher.pid}`, `--nofile=${files}:`]).status, 0);
  // Below all that are free.
  limit(12);
  const refused = await agent.run(launcher.order()).finally(() => limit(4096));
  assert.equal(refused.receipt.outcome.launchProblem?.code, "launch.node-exhausted", JSON.stringify(refused.receipt.outcome));
  assert.equal(refused.receipt.outcome.started, false);
  assert.equal((await agent.run(launcher.order())).receipt.outcome.exitCode, 0);
});

test("2.8: a data folder that cannot be written ends the launcher at once with a problem", async (t) => {
  const { launcher } = await withKeeper(t);
  await launcher.stop();
  const isTold =
    (problem: RegExp) =>
    (error: Error): boolean =>
      /launcher ended with 1/.test(error.message) && problem.test(error.message) && !error.message.includes('"stack"');
  if (isRoot) {
    const { root } = launcher.layout;
    if (spawnSync("mount", ["--bind", root, root]).status !== 0 || spawnSync("mount", ["-o", "remount,ro,bind", root]).status !== 0)
      return t.skip("this machine does not let root mount read-only");
    t.after(() => spawnSync("umount", [root]));
    await assert.rejects(launcher.start(), isTold(/"code":"files\.unusable","hint":"[^"]+","message":"`[^"]+ cannot be used: /));
    spawnSync("umount", [root]);
  } else {
    chmodSync(launcher.layout.launcher.folder, 0o500);
    chmodSync(launcher.layout.launcher.journal, 0o400);
    await assert.rejects(
      launcher.start(),
      isTold(/"code":"files\.unsafe","hint":"[^"]+mode 600","message":"journal `[^"]+ cannot be opened for writing"/),
    );
    chmodSync(launcher.layout.launcher.folder, 0o700);
    chmodSync(launcher.layout.launcher.journal, 0o600);
  }
  await launcher.start();
});
