/** Every way of holding a tree against jobs that try to get away (2.3, O8), with real accounts. */
import { after, before, suite, test } from "node:test";
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { accountsImpossible, addTestAccount, removeTestAccount, type TestAccount } from "#test/fixtures/accounts.ts";
import { eventually } from "#test/fixtures/eventually.ts";
import { openTestHost } from "#test/fixtures/process-host.ts";
import { isDead, listProcesses, readProcess, readProcessUid } from "#launch/linux/process-facts.ts";
import { findUnifiedMount, openCgroupBase } from "#launch/linux/tree/cgroup.ts";

const impossible = accountsImpossible();

const processesOf = (uid: number): number => listProcesses().filter((facts) => !isDead(facts) && readProcessUid(facts.pid) === uid).length;

const processesBecome = (uid: number, count: number): Promise<number> =>
  eventually(
    `${count} processes of the account`,
    () => processesOf(uid),
    (found) => found === count,
  );

/** Its session, group, parents and environment are all gone: only a control group, or being somebody's orphan, tells whose it is. */
const doubleFork = `/usr/bin/perl -e 'use POSIX; exit 0 if fork; POSIX::setsid(); exit 0 if fork; $0 = "innocent"; exec { "/usr/bin/env" } "env", "-i", "/bin/sleep", "60"'`;

test("2.3: the hierarchy is found on hybrid hosts, with escaped mount points, and only where it can be written", () => {
  const hybrid = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";
  assert.equal(findUnifiedMount(hybrid), "/sys/fs/cgroup/unified");
  assert.equal(findUnifiedMount("30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"), "/sys/fs/cgroup");
  assert.equal(findUnifiedMount("30 23 0:26 / /my\\040cgroup rw - cgroup2 cgroup2 rw\n"), "/my cgroup");
  assert.equal(findUnifiedMount("30 23 0:26 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup2 rw\n"), null);
  assert.equal(findUnifiedMount(""), null);
});

for (const tree of ["cgroup", "group"] as const) {
  const missing =
    impossible ?? (tree === "cgroup" && "reason" in openCgroupBase("test") ? "no control group (v2) can be written here" : null);
  suite(`a tree held by its ${tree}`, { skip: missing ?? false }, () => {
    let target: TestAccount;
    before(() => {
      target = addTestAccount("tree");
    });
    after(() => removeTestAccount(target));

    test("2.3: SIGTERM reaches the whole process group", async (t) => {
      const { account, start } = await openTestHost(t, { tree });
      const running = await start(
        await account(target.name),
        `trap 'echo stopped; exit 9' TERM; (trap 'echo child; exit' TERM; sleep 30 & echo child is up; wait) & echo up; wait`,
      );
      await Promise.all([running.seen("up\n"), running.seen("child is up")]);
      await running.held.signal("SIGTERM");
      const exit = await running.held.exited;
      assert.equal(exit.exitCode, 9);
      await running.held.killTree();
      assert.match((await running.output).stdout.toString(), /stopped/);
      await running.held.release();
      assert.equal(processesOf(target.uid), 0);
    });

    test("2.3: SIGKILL takes every descendant, also one in a session of its own", async (t) => {
      const { account, start } = await openTestHost(t, { tree });
      const running = await start(await account(target.name), `trap '' TERM; setsid sleep 61 & sleep 62 & echo up; wait`);
      await running.seen("up");
      await processesBecome(target.uid, 3);
      await running.held.signal("SIGKILL");
      assert.equal((await running.held.exited).signal, "SIGKILL");
      await running.held.killTree();
      await running.held.release();
      assert.equal(processesOf(target.uid), 0);
    });

    test("2.3: what outlives the main process is counted and killed", async (t) => {
      const { account, start } = await openTestHost(t, { tree });
      const running = await start(await account(target.name), "sleep 63 >/dev/null 2>&1 & setsid sleep 64 >/dev/null 2>&1 & exit 0");
      assert.equal((await running.held.exited).exitCode, 0);
      await processesBecome(target.uid, 2);
      assert.equal(await running.held.killTree(), 2);
      assert.equal(await running.held.killTree(), 0, "idempotent");
      await running.held.release();
      assert.equal(processesOf(target.uid), 0);
    });

    test("O8: a double fork with its own session and a cleared environment is killed", async (t) => {
      const { account, start } = await openTestHost(t, { tree });
      const running = await start(await account(target.name), `${doubleFork} >/dev/null 2>&1; exit 0`);
      assert.equal((await running.held.exited).exitCode, 0);
      // It got away from its parents.
      await processesBecome(target.uid, 1);
      assert.equal(await running.held.killTree(), 1);
      await running.held.release();
      assert.equal(processesOf(target.uid), 0);
    });

    test("O8: a fork bomb is bounded, and ends", { timeout: 60_000 }, async (t) => {
      const { account, start } = await openTestHost(t, { tree, maxProcesses: 60 });
      const running = await start(await account(target.name), "bomb() { bomb & bomb & wait; }; bomb");
      running.output.catch(() => undefined);
      for (let times = 0; times < 30; times += 1) {
        assert.ok(processesOf(target.uid) <= 60);
        await sleep(10);
      }
      await running.held.killTree();
      await running.held.exited;
      await running.held.killTree();
      await running.held.release();
      assert.equal(processesOf(target.uid), 0);
    });

    test("O8: two runs of one account: killing one leaves the other", async (t) => {
      const { account, start } = await openTestHost(t, { tree });
      const who = await account(target.name);
      const [one, two] = await Promise.all([start(who, "setsid sleep 65 & echo up; wait"), start(who, "setsid sleep 66 & echo up; wait")]);
      await Promise.all([one.seen("up"), two.seen("up")]);
      await processesBecome(target.uid, 4);
      await one.held.killTree();
      await one.held.exited;
      await processesBecome(target.uid, 2);
      assert.equal(readProcess(two.held.record.pid)?.sessionId, two.held.record.pid);
      await two.held.killTree();
      await two.held.exited;
      await Promise.all([one.held.release(), two.held.release()]);
      assert.equal(processesOf(target.uid), 0);
    });

    test("O8: after its end a run signals nobody, whoever has its numbers now", async (t) => {
      const { account, start } = await openTestHost(t, { tree });
      const who = await account(target.name);
      const ended = await start(who, "exit 0");
      await ended.held.exited;
      await ended.held.killTree();
      await ended.held.release();
      // Start times count in hundredths of a second; no pid comes round again within one. The process of the next run may have been
      // waiting since the first one started, so it is the one after that which is surely younger.
      await sleep(30);
      const between = await start(who, "exit 0");
      await between.held.exited;
      await between.held.release();
      const bystander = await start(who, "echo up; sleep 67; echo late");
      await bystander.seen("up");
      assert.notEqual(bystander.held.record.startTicks, ended.held.record.startTicks);
      // As if the pid had been given to the bystander: start time and group no longer fit.
      (ended.held.record as { pid: number }).pid = bystander.held.record.pid;
      await ended.held.signal("SIGTERM");
      await ended.held.signal("SIGKILL");
      await sleep(30);
      assert.equal(readProcess(bystander.held.record.pid)?.startTicks, bystander.held.record.startTicks);
      assert.ok(processesOf(target.uid) > 0);
      await bystander.held.killTree();
      await bystander.held.exited;
      await bystander.held.release();
    });
  });
}
