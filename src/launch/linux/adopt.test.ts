/** A launcher that dies and one that finds its runs again (2.8, O3, O8): the first one is a real process that is killed with SIGKILL. */
import { after, before, suite, test, type TestContext } from "node:test";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, closeSync, constants, existsSync, mkdtempSync, openSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { accountsImpossible, addTestAccount, removeTestAccount, type TestAccount } from "#test/fixtures/accounts.ts";
import { eventually } from "#test/fixtures/eventually.ts";
import { gateOf } from "#test/fixtures/gate.ts";
import { openTestHost } from "#test/fixtures/process-host.ts";
import { fifoPaths } from "#launch/linux/host.ts";
import { isDead, listProcesses, readProcessUid } from "#launch/linux/process-facts.ts";
import { openCgroupBase } from "#launch/linux/tree/cgroup.ts";
import type { ProcessRecord } from "#launch/process-port.ts";

const impossible = accountsImpossible();
const program = join(import.meta.dirname, "../../../test/fixtures/programs/short-lived-launcher.ts");

const processesOf = (uid: number): number => listProcesses().filter((facts) => !isDead(facts) && readProcessUid(facts.pid) === uid).length;

for (const tree of ["cgroup", "group"] as const) {
  const missing =
    impossible ?? (tree === "cgroup" && "reason" in openCgroupBase("test") ? "no control group (v2) can be written here" : null);
  suite(`a run found again, held by its ${tree}`, { skip: missing ?? false }, () => {
    let target: TestAccount;
    before(() => {
      target = addTestAccount("adopt");
    });
    after(() => removeTestAccount(target));

    /** A launcher that started this script as the account and died; a keeper held the pipes. */
    const leaveBehind = async (t: TestContext, script: string, processes = 0) => {
      const folder = mkdtempSync("/tmp/bhf-host-");
      chmodSync(folder, 0o711);
      const launcher = spawn(process.execPath, [program, JSON.stringify({ folder, tree, user: target.name, script, run: "run_left" })], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let text = "";
      for await (const chunk of launcher.stdout) {
        text += String(chunk);
        if (text.includes("\n")) break;
      }
      const record = JSON.parse(text) as ProcessRecord;
      const fifoFolder = join(folder, "fifos");
      await eventually(
        "its processes are there",
        () => processesOf(target.uid),
        (count) => count >= processes,
      );
      const kept = Object.values(fifoPaths(fifoFolder, "run_left", 1) as object).map((path: string) =>
        openSync(path, constants.O_RDONLY | constants.O_NONBLOCK),
      );
      launcher.kill("SIGKILL");
      await new Promise((resolve) => launcher.once("exit", resolve));
      const opened = await openTestHost(t, { folder, tree });
      return { ...opened, record, letGo: () => kept.forEach((descriptor) => closeSync(descriptor)) };
    };

    for (const withRecord of [true, false]) {
      const how = withRecord ? "by its record" : "without a record";
      test(`2.8: a run that goes on is found ${how}, its output from while nobody was there is read, and its exit is unknown`, async (t) => {
        const gate = gateOf(t);
        const { host, record, letGo, fifoFolder } = await leaveBehind(t, `echo before; ${gate.wait}; echo after; exit 5`);
        const held = await host.adopt("run_left", 1, withRecord ? record : null, record.cgroup === null ? null : { cgroup: record.cgroup });
        letGo();
        assert.ok(held !== null);
        assert.equal(held.record.pid, record.pid);
        assert.equal(held.record.uid, target.uid);
        gate.open();
        let stdout = "";
        held.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
        held.stderr.resume();
        const exit = await held.exited;
        assert.deepEqual(exit, { known: false, exitCode: null, signal: null, startProblem: null });
        await eventually(
          "its output is read",
          () => stdout,
          (text) => text.length >= "before\nafter\n".length,
        );
        assert.equal(stdout, "before\nafter\n");
        assert.equal(await held.killTree(), 0);
        await held.release();
        assert.deepEqual(readdirSync(fifoFolder), []);
        assert.equal(await host.adopt("run_left", 1, record), null, "nothing is left");
      });

      test(`2.8: an adopted tree is killed whole, ${how}`, async (t) => {
        const { host, record, letGo } = await leaveBehind(t, "setsid sleep 68 & sleep 69 & echo up; wait", 3);
        const held = await host.adopt("run_left", 1, withRecord ? record : null, record.cgroup === null ? null : { cgroup: record.cgroup });
        letGo();
        assert.ok(held !== null);
        held.stdout.resume();
        held.stderr.resume();
        await held.signal("SIGTERM");
        await held.exited;
        await held.killTree();
        await held.release();
        assert.equal(processesOf(target.uid), 0);
        if (record.tmpdir !== undefined) assert.equal(existsSync(record.tmpdir), false);
      });
    }

    test("2.8: output of a run that ended meanwhile is not lost", async (t) => {
      const { host, record, letGo } = await leaveBehind(t, "echo last words");
      await eventually(
        "it has ended",
        () => processesOf(target.uid),
        (count) => count === 0,
      );
      const held = await host.adopt("run_left", 1, record);
      letGo();
      assert.ok(held !== null);
      let stdout = "";
      held.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
      held.stderr.resume();
      assert.equal((await held.exited).known, false);
      await eventually(
        "its output is read",
        () => stdout,
        (text) => text.length >= "last words\n".length,
      );
      assert.equal(stdout, "last words\n");
      await held.release();
    });

    test("O8: a record of another boot, or of a process that has the pid now, kills nobody", async (t) => {
      const { host, account, start } = await openTestHost(t, { tree });
      const bystander = await start(await account(target.name), "echo up; sleep 70");
      await bystander.seen("up");
      const other = bystander.held.record;
      assert.equal(await host.adopt("run_gone", 1, { ...other, run: "run_gone", cgroup: null, bootId: "another" }), null);
      const recycled = await host.adopt("run_gone", 1, {
        ...other,
        run: "run_gone",
        cgroup: null,
        startTicks: String(Number(other.startTicks) + 5),
      });
      await recycled?.killTree();
      assert.ok(processesOf(target.uid) > 0);
      await bystander.held.killTree();
      await bystander.held.exited;
      await bystander.held.release();
    });
  });
}
