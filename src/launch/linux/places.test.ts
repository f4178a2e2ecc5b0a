import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { accountsImpossible, addTestAccount, removeTestAccount, type TestAccount } from "#test/fixtures/accounts.ts";
import { openTestHost } from "#test/fixtures/process-host.ts";
import { listProcesses } from "#launch/linux/process-facts.ts";
import { noPlaces, openPlaces } from "#launch/linux/places.ts";
import { openStarter } from "#launch/linux/starter.ts";
import { openCgroupBase } from "#launch/linux/tree/cgroup.ts";

const probe = openCgroupBase("places");
const missing = accountsImpossible() ?? ("reason" in probe ? `no control group (v2) can be written here: ${probe.reason}` : null);

/** Processes of this one that wait for a run. */
const waiting = (): number[] =>
  listProcesses()
    .filter((facts) => facts.parentPid === process.pid)
    .map((facts) => facts.pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "latin1").startsWith("behalf-prepared\0");
      } catch {
        return false;
      }
    });

const oneWaiting = async (): Promise<number> => {
  for (;;) {
    const [pid] = waiting();
    // It has joined its group once it reads.
    if (pid !== undefined && readFileSync(`/proc/${pid}/wchan`, "latin1").includes("pipe")) return pid;
    await sleep(5);
  }
};

suite("a process that waits for a run", { skip: missing ?? false }, () => {
  let target: TestAccount;
  before(() => {
    target = addTestAccount("place");
  });
  after(() => removeTestAccount(target));

  test("O1: it has nothing of anybody, and becomes the next run as the account", async (t) => {
    const { account, run } = await openTestHost(t);
    const pid = await oneWaiting();
    assert.equal(readFileSync(`/proc/${pid}/environ`, "latin1"), "");
    const descriptors = readdirSync(`/proc/${pid}/fd`).map(Number);
    // Null device three times, its pipe, the status file, what it will become, the script; dash may keep one of its own.
    assert.deepEqual(
      descriptors.filter((descriptor) => descriptor < 10).toSorted((left, right) => left - right),
      [0, 1, 2, 3, 4, 6, 7],
    );
    const done = await run(await account(target.name), "echo $$; id -u");
    assert.equal(done.stdout, `${pid}\n${target.uid}\n`);
    assert.equal(done.held.record.pid, pid);
  });

  test("O7: where it was killed, the run is started without it", async (t) => {
    const { account, run } = await openTestHost(t);
    const pid = await oneWaiting();
    process.kill(pid, "SIGKILL");
    await sleep(20);
    const done = await run(await account(target.name), "echo $$");
    assert.deepEqual(done.exit, { known: true, exitCode: 0, signal: null, startProblem: null });
    assert.notEqual(done.stdout, `${pid}\n`);
  });

  test("O1: a script of any size reaches it", async (t) => {
    const { account, run } = await openTestHost(t);
    const pid = await oneWaiting();
    const done = await run(await account(target.name), `x='${"0123456789".repeat(30_000)}'; echo \${#x} $$`);
    assert.equal(done.stdout, `300000 ${pid}\n`);
  });

  for (const kind of ["by the process that waits", "directly"] as const)
    test(`S3: nothing of a run begins before it may, and nothing is left of one that may not, started ${kind}`, async (t) => {
      const { host, folder, fifoFolder, account, spec } = await openTestHost(t);
      const who = await account(target.name);
      const marks = join(folder, "marks");
      mkdirSync(marks);
      chmodSync(marks, 0o777);
      const pid = await oneWaiting();
      if (kind === "directly") process.kill(pid, "SIGKILL");
      const begun = (): string[] => readdirSync(marks);
      const start = (name: string, mayBegin: Promise<boolean>) => host.start(spec(who, `: >'${marks}/${name}'`), mayBegin);

      const never = await start(
        "never",
        sleep(200).then(() => false),
      );
      assert.equal(never.ok, false);
      assert.deepEqual(begun(), []);
      assert.deepEqual(readdirSync(fifoFolder), []);

      const leave = Promise.withResolvers<boolean>();
      const later = start("later", leave.promise);
      await sleep(200);
      assert.deepEqual(begun(), []);
      leave.resolve(true);
      const started = await later;
      assert.ok(started.ok);
      started.value.stdout.resume();
      started.value.stderr.resume();
      assert.equal((await started.value.exited).exitCode, 0);
      await started.value.release();
      assert.deepEqual(begun(), ["later"]);
    });

  test("S12: it goes with the host, and the place of a run that did not begin is free again", async (t) => {
    const { host, fifoFolder, account, spec } = await openTestHost(t);
    await oneWaiting();
    const place = host.reserve();
    assert.ok(place !== null);
    const never = await host.start({ ...spec(await account(target.name), "exit 0"), place }, Promise.resolve(false));
    assert.equal(never.ok, false);
    await oneWaiting();
    await host.close();
    assert.deepEqual(waiting(), []);
    const base = openCgroupBase(fifoFolder);
    assert.ok("folder" in base);
    assert.deepEqual(
      readdirSync(base.folder, { withFileTypes: true }).filter((entry) => entry.isDirectory()),
      [],
    );
    assert.ok(place.cgroup.startsWith(join(base.folder, "lane-")));
  });
});

test("2.8: a run that has started is not called refused because no place for the next one can be made", () => {
  const lanes = {
    take: (): never => {
      throw new Error("no space");
    },
    giveBack: () => Promise.resolve(),
    close: () => undefined,
  };
  openPlaces(lanes, openStarter(), true).lookAhead();
  noPlaces.lookAhead();
});
