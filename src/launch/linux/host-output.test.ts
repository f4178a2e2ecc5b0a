/** A job's output streams (O3) and how a start that failed is told from a job that failed (O7), with real accounts. */
import { after, before, suite, test } from "node:test";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { accountsImpossible, addTestAccount, removeTestAccount, type TestAccount } from "#test/fixtures/accounts.ts";
import type { StartSpec } from "#launch/process-port.ts";
import { openTestHost } from "#test/fixtures/process-host.ts";

const impossible = accountsImpossible();

suite("a job's output and start", { skip: impossible ?? false }, () => {
  let target: TestAccount;
  before(() => {
    target = addTestAccount("out");
  });
  after(() => removeTestAccount(target));

  test("O3: stdout and stderr are told apart; /dev/stdout and /dev/stderr can be opened again", async (t) => {
    const { account, run } = await openTestHost(t);
    const { stdout, stderr } = await run(
      await account(target.name),
      "echo a; echo b >&2; echo c >/dev/stderr; echo d >/dev/stdout; echo e >>/proc/self/fd/2",
    );
    assert.equal(stdout, "a\nd\n");
    assert.equal(stderr, "b\nc\ne\n");
  });

  test("O3: a job can neither shorten nor enlarge its output, nor read it back, nor change who may", async (t) => {
    const { account, run } = await openTestHost(t);
    const { stdout, stderr } = await run(
      await account(target.name),
      `echo kept; : >/dev/stdout; truncate -s 0 /dev/stdout; truncate -s 1T /dev/stdout; dd if=/dev/null of=/dev/stdout seek=1000000 2>/dev/null; head -c1 </proc/self/fd/1; chmod 777 /proc/self/fd/1; echo end`,
    );
    assert.equal(stdout, "kept\nend\n");
    assert.match(stderr, /Permission denied|cannot open/);
    assert.match(stderr, /chmod.*not permitted/);
  });

  test("2.3: any bytes arrive whole, without waiting for the reader", async (t) => {
    const { account, start } = await openTestHost(t);
    const running = await start(await account(target.name), "head -c 20000000 /dev/urandom | tee /dev/stderr");
    await running.held.exited;
    const { stdout, stderr } = await running.output;
    await running.held.release();
    const digest = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
    assert.equal(stdout.length, 20_000_000);
    assert.equal(digest(stdout), digest(stderr));
  });

  test("O3: a job that closes its output ends that stream and goes on", async (t) => {
    const { account, start } = await openTestHost(t);
    const running = await start(await account(target.name), "exec 1>&-; sleep 0.2; echo later >&2; exec 2>&-; sleep 0.2; exit 7");
    const exit = await running.held.exited;
    const { stdout, stderr } = await running.output;
    assert.equal(stdout.length, 0);
    assert.equal(stderr.toString(), "later\n");
    assert.equal(exit.exitCode, 7);
    await running.held.release();
  });

  test("O3: the stream lasts as long as a descendant holds it", async (t) => {
    const { account, start } = await openTestHost(t);
    const running = await start(await account(target.name), "(sleep 0.4; echo descendant) & echo main");
    const exit = await running.held.exited;
    assert.equal(exit.exitCode, 0);
    const { stdout } = await running.output;
    assert.equal(stdout.toString(), "main\ndescendant\n");
    assert.equal(await running.held.killTree(), 0);
    await running.held.release();
  });

  test("O3: after the release nothing of the run is left on the node", async (t) => {
    const { host, account, run, fifoFolder } = await openTestHost(t);
    const done = await run(await account(target.name), "echo x");
    assert.deepEqual(readdirSync(fifoFolder), []);
    const { cgroup } = done.held.record;
    if (cgroup !== null) assert.equal(readFileSync(join(cgroup, "cgroup.procs"), "utf8"), "");
    await done.held.release();
    await host.close();
    if (cgroup !== null) assert.equal(existsSync(cgroup), false);
  });

  test("O7: exit codes and signals of the job are its own, with no start problem", async (t) => {
    const { account, run } = await openTestHost(t);
    const who = await account(target.name);
    for (const code of [0, 1, 125, 126, 127]) {
      const { exit } = await run(who, `exit ${code}`);
      assert.deepEqual(exit, { known: true, exitCode: code, signal: null, startProblem: null });
    }
    const { exit } = await run(who, "kill -TERM $$");
    assert.deepEqual(exit, { known: true, exitCode: null, signal: "SIGTERM", startProblem: null });
    const aborted = await run(who, { kind: "program", file: "/bin/sh", args: ["-c", "kill -ABRT $$"] });
    assert.equal(aborted.exit.signal, "SIGABRT");
  });

  test("O7: a missing program, one that may not be executed and a closed directory each have their problem, and nothing ran", async (t) => {
    const { account, run, folder } = await openTestHost(t);
    const who = await account(target.name);
    const closed = join(folder, "closed");
    mkdirSync(closed, { mode: 0o700 });
    writeFileSync(join(folder, "plain"), "#!/bin/sh\necho ran\n");
    chmodSync(join(folder, "plain"), 0o644);
    const missing = await run(who, { kind: "program", file: "no-such-program", args: [] });
    assert.equal(missing.exit.startProblem?.code, "launch.program-not-found");
    assert.match(missing.exit.startProblem?.message ?? "", /`no-such-program`.*`bhf-out-/);
    const plain = await run(who, { kind: "program", file: join(folder, "plain"), args: [] });
    assert.equal(plain.exit.startProblem?.code, "launch.program-not-executable");
    assert.equal(plain.stdout, "");
    const unreadable = await run(who, "echo ran", { workingDirectory: closed });
    assert.equal(unreadable.exit.startProblem?.code, "launch.directory-unreadable");
    assert.match(unreadable.exit.startProblem?.hint ?? "", new RegExp(target.name));
    assert.equal(unreadable.stdout, "");
  });

  test("O7: a job cannot pretend that it never began", async (t) => {
    const { account, run } = await openTestHost(t);
    const { exit } = await run(await account(target.name), "for fd in 3 4 5 6 7 8 9; do (echo identity >&$fd) 2>/dev/null; done; exit 125");
    assert.deepEqual(exit, { known: true, exitCode: 125, signal: null, startProblem: null });
  });

  test("O6: names and texts that cannot be carried are refused before anything starts", async (t) => {
    const { account, host, spec, fifoFolder } = await openTestHost(t);
    const who = await account(target.name);
    const unsendable: Partial<StartSpec>[] = [
      { environment: { "A;id": "x" } },
      { environment: { A: "x\0y" } },
      { workingDirectory: "relative" },
    ];
    for (const more of unsendable) {
      const started = await host.start(spec(who, "echo ran", more));
      assert.equal(started.ok ? "" : started.problem.code, "launch.start-failed");
    }
    assert.equal((await host.start(spec(who, "echo \0"))).ok, false);
    assert.equal((await host.start({ ...spec(who, "echo"), run: "../../etc/x" })).ok, false);
    assert.deepEqual(readdirSync(fifoFolder), []);
  });

  test("O7: 100 runs at once end each with its own output and code", async (t) => {
    const { account, run } = await openTestHost(t);
    const who = await account(target.name);
    const done = await Promise.all(Array.from({ length: 100 }, (_, index) => run(who, `echo ${index}; exit ${index}`)));
    assert.deepEqual(
      done.map((one) => one.stdout),
      done.map((_, index) => `${index}\n`),
    );
    assert.deepEqual(
      done.map((one) => one.exit.exitCode),
      done.map((_, index) => index),
    );
  });
});
