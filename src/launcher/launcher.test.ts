/** The life of a run at its launcher: as whom, with what, how it ends. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { FromLauncher } from "#link/messages.ts";
import { newId } from "#kernel/ids.ts";
import { eventually } from "#test/fixtures/eventually.ts";
import { gateOf } from "#test/fixtures/gate.ts";
import { connect, marks, shell, jobUser, TestAgent, type TestLauncher } from "#launcher/launcher.test-support.ts";

test("2.2 O6: a believed order runs as the credential's account with the documented environment, and its receipt holds the facts", async (t) => {
  const { launcher, agent } = await connect(t);
  const order = launcher.order({
    program: shell("id -un; env | sort; echo oops >&2; exit 3"),
    arguments: { MONTH: "2026-09" },
    environment: { COLOUR: "red" },
  });
  const { receipt, stdout, stderr } = await agent.run(order);
  const { outcome } = receipt;
  assert.equal(outcome.started, true);
  assert.equal(outcome.exitCode, 3);
  assert.equal(outcome.signal, null);
  assert.equal(outcome.launchProblem, null);
  assert.equal(outcome.runAs?.user, jobUser);
  assert.equal(outcome.runAs?.credentialKey, "jobs");
  assert.equal(stdout.split("\n")[0], jobUser);
  assert.equal(stderr, "oops\n");
  assert.deepEqual(
    outcome.verdicts.map(({ part, effect }) => `${part} ${effect}`),
    ["where permit", "where permit", "as-whom permit"],
  );
  assert.deepEqual(receipt.auditHead, order.auditHead);
  for (const line of [
    `BEHALF_RUN_ID=${order.run}`,
    "BEHALF_JOB_PATH=/test/job",
    "BEHALF_ATTEMPT=1",
    "BEHALF_SUBMITTER=os:1000",
    "BEHALF_NODE=local",
    `BEHALF_SUBMISSION_ID=${order.submission}`,
    "BEHALF_ARG_MONTH=2026-09",
    "MONTH=2026-09",
    "COLOUR=red",
    `USER=${jobUser}`,
  ])
    assert.ok(stdout.split("\n").includes(line), `${line} in\n${stdout}`);
  assert.doesNotMatch(stdout, /must-not-reach-jobs|NODE_|npm_|SUDO_/);
  // What ends at once is told of as ended only.
  assert.ok(agent.messages.filter(({ message }) => message.type === "state").length <= 2);
});

test("2.3: timeout sends SIGTERM and the outcome says so; a process that ignores it is killed after its grace", async (t) => {
  const { launcher, agent } = await connect(t);
  // Long enough for a shell to have set its trap, on the slowest machine.
  const limits = { timeoutMs: 2500, graceMs: 300, outputBytes: 1000 };
  const [polite, stubborn] = await Promise.all([
    agent.run(launcher.order({ program: shell("trap 'echo bye; exit 7' TERM; sleep 30 & wait"), limits: { ...limits, graceMs: 60_000 } })),
    agent.run(launcher.order({ program: shell("trap '' TERM; for i in 1 2 3 4 5 6 7 8 9; do sleep 1; done"), limits })),
  ]);
  assert.equal(polite.receipt.outcome.timedOut, true);
  assert.equal(polite.receipt.outcome.forced, false);
  assert.equal(polite.receipt.outcome.exitCode, 7);
  assert.equal(polite.stdout, "bye\n");
  assert.equal(stubborn.receipt.outcome.timedOut, true);
  assert.equal(stubborn.receipt.outcome.forced, true);
  assert.equal(stubborn.receipt.outcome.signal, "SIGKILL");
});

test("2.3: cancel names who and why; descendants in a session of their own that outlive the job are killed and counted", async (t) => {
  const { launcher, agent } = await connect(t);
  const { folder, mark, count } = marks(t);
  const order = launcher.order({ program: shell(`${mark}; sleep 60`) });
  agent.startOrder(order);
  await eventually("the job itself has begun", count, (begun) => begun === 1);
  agent.send({ type: "cancel", run: order.run, attempt: 1, by: "user:corp/acc_1", reason: "wrong month" });
  const { receipt } = await agent.ended(order);
  assert.deepEqual(receipt.outcome.cancelled, { by: "user:corp/acc_1", reason: "wrong month" });
  assert.equal(receipt.outcome.signal, "SIGTERM", JSON.stringify(receipt.outcome));
  const left = await agent.run(
    launcher.order({
      program: shell(`setsid sh -c 'echo $$ > ${folder}/pid; exec sleep 61' & until [ -s ${folder}/pid ]; do sleep 0.05; done; echo done`),
    }),
  );
  assert.equal(left.receipt.outcome.exitCode, 0);
  assert.equal(left.stdout, "done\n");
  assert.ok(left.receipt.outcome.leftovers >= 1, `leftovers ${left.receipt.outcome.leftovers}`);
  const pid = readFileSync(join(folder, "pid"), "utf8").trim();
  // Gone, or dead and not yet collected by the host's first process.
  const state = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.[0] : "gone";
  assert.ok(state === "gone" || state === "Z", `process ${pid} is in state ${state}`);
  const from = agent.messages.length;
  agent.send({ type: "cancel", run: newId("run", 1), attempt: 1, by: "x", reason: "" });
  const { message } = await agent.until((one) => one.type === "problem", from);
  assert.equal(message.type === "problem" && message.code, "launch.unknown-run");
});

test("2.3: 200 MB of output reach the reader whole over the socket, with the hash of the receipt (slow)", async (t) => {
  const { launcher, agent } = await connect(t);
  const order = launcher.order({
    program: shell("head -c 50000000 /dev/zero | tr '\\0' x; echo; head -c 150000000 /dev/zero; echo end >&2"),
  });
  agent.startOrder(order);
  const { message } = await agent.until((one) => one.type === "outcome" && one.run === order.run, 0, 120_000);
  assert.equal(message.type === "outcome" && message.logInline, false);
  const file = join(launcher.layout.launcher.runs, `${order.run}.1.log`);
  const { createHash } = await import("node:crypto");
  const bytes = readFileSync(file);
  const { receipt } = await agentReceipt(launcher, message);
  assert.equal(receipt.outcome.output.writtenBytes, 200_000_005);
  assert.equal(receipt.outcome.output.logBytes, bytes.length);
  assert.equal(receipt.outcome.output.sha256, createHash("sha256").update(bytes).digest("hex"));
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const part = await agent.readLog({ run: newId("run", 3), attempt: 1 });
  assert.equal(part.length, 0);
  const memory = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${launcher.pid}/status`, "utf8"))?.[1];
  assert.ok(Number(memory) < 160_000, `peak memory ${memory} kB`);
  agent.send({ type: "acknowledge", run: order.run, attempt: 1 });
  await eventually(
    "what was acknowledged is removed",
    () => existsSync(file),
    (is) => !is,
  );
});

const agentReceipt = async (launcher: TestLauncher, message: { type: string; receipt?: string }) => {
  const { checkReceipt } = await import("#proof/receipt.ts");
  const checked = checkReceipt(message.receipt, launcher.nodeKey.publicKey);
  assert.ok(checked.ok);
  return { receipt: checked.value };
};

test("2.3: drain starts nothing more, gives what runs its time, then ends it as cancelled by shutdown", async (t) => {
  const { launcher, agent } = await connect(t);
  const gate = gateOf(t);
  const quick = launcher.order({ program: shell(`${gate.wait}; echo quick`) });
  const slow = launcher.order({ program: shell("sleep 60") });
  agent.startOrder(quick);
  agent.startOrder(slow);
  await Promise.all([agent.running(quick), agent.running(slow)]);
  const drained = launcher.admin({ type: "drain", drainMs: 4000 });
  await eventually(
    "nothing more is started",
    async () => (await agent.run(launcher.order())).receipt.outcome.launchProblem?.code,
    (code) => code === "launch.draining",
  );
  gate.open();
  assert.equal((await drained).type, "ok");
  assert.equal((await agent.ended(quick)).receipt.outcome.exitCode, 0);
  const stopped = (await agent.ended(slow)).receipt.outcome;
  assert.equal(stopped.cancelled?.by, "shutdown");
  assert.equal(stopped.signal, "SIGTERM");
});

test("O9: where the policy says so, an account serves one submitter at a time", async (t) => {
  const { launcher, agent } = await connect(t, { policy: { exclusive: "submitter" } });
  await launcher.admin({ type: "table-set", table: { version: 1, entries: [{ subject: "authenticated", roles: ["operator"] }] } });
  const gate = gateOf(t);
  const first = launcher.order({ program: shell(gate.wait) });
  agent.startOrder(first);
  await agent.running(first);
  const other = { accessId: "os:2000", name: "os:2000", groups: [] };
  const denied = await agent.run(launcher.order({ submitter: other }));
  assert.equal(denied.receipt.outcome.launchProblem?.code, "launch.exclusive-account");
  assert.equal((await agent.run(launcher.order())).receipt.outcome.exitCode, 0);
  gate.open();
  await agent.ended(first);
  assert.equal((await agent.run(launcher.order({ submitter: other }))).receipt.outcome.exitCode, 0);
});

test("O6: parameters cannot steer the shell, the loader or the documented variables, and are never spliced into text", async (t) => {
  const { launcher, agent } = await connect(t);
  for (const name of ["PATH", "LD_PRELOAD", "BEHALF_RUN_ID", "HOME", "IFS", "BASH_ENV"]) {
    const { receipt } = await agent.run(launcher.order({ arguments: { [name]: "x" } }));
    assert.equal(receipt.outcome.launchProblem?.code, "launch.reserved-variable", name);
  }
  const { stdout } = await agent.run(
    launcher.order({
      program: shell('printf "%s|" "$X" "$BEHALF_ARG_X"'),
      arguments: { X: '$(id); `id`; "\n\\' },
      environment: { X: "from the job" },
    }),
  );
  assert.equal(stdout, '$(id); `id`; "\n\\|$(id); `id`; "\n\\|');
});

test("4.3: while a run goes on its launcher tells where and as whom, as the receipt says it later; a courier that comes anew hears it too", async (t) => {
  const { launcher, agent } = await connect(t);
  const order = launcher.order({ program: shell("sleep 30") });
  agent.startOrder(order);
  const isRunning = (message: FromLauncher): boolean =>
    message.type === "state" && message.run === order.run && message.state === "running";
  const { message } = await agent.until(isRunning);
  const told = message.type === "state" ? message.decided : undefined;
  assert.equal(told?.runAs, jobUser);
  assert.deepEqual(
    told.verdicts.map(({ part, effect }) => `${part} ${effect}`),
    ["where permit", "where permit", "as-whom permit"],
  );
  const later = new TestAgent(launcher);
  t.after(() => later.close());
  await later.connect();
  assert.deepEqual((await later.until(isRunning)).message, message);
  agent.send({ type: "cancel", run: order.run, attempt: 1, by: "os:0", reason: "" });
  assert.deepEqual((await agent.ended(order)).receipt.outcome.verdicts, told.verdicts);
});
