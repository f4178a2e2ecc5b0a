import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { encodeFrame } from "#link/frame.ts";
import type { FromLauncher, NodeFacts } from "#link/messages.ts";
import type { NodeTrust } from "#launch/ports.ts";
import { newId } from "#kernel/ids.ts";
import { receiptDigest } from "#proof/receipt.ts";
import type { LaunchOrder } from "#proof/launch-order.ts";
import { eventually } from "#test/fixtures/eventually.ts";
import { gateOf } from "#test/fixtures/gate.ts";
import { signRotation, type Rotation } from "#proof/rotation.ts";
import {
  isRoot,
  jobUser,
  makeRealm,
  startTestLauncher,
  TestAgent,
  type LauncherWorld,
  type TestLauncher,
} from "#launcher/launcher.test-support.ts";

const shell = (text: string): LaunchOrder["program"] => ({ kind: "shell", text });

const connect = async (t: TestContext, world: LauncherWorld = {}): Promise<{ launcher: TestLauncher; agent: TestAgent }> => {
  const launcher = await startTestLauncher(t, world);
  const agent = new TestAgent(launcher);
  await agent.connect();
  t.after(() => agent.close());
  return { launcher, agent };
};

/** A folder in which any job may leave marks: what was really started, and how often. */
const marks = (t: TestContext): { folder: string; mark: string; count(): number } => {
  const folder = mkdtempSync(join(tmpdir(), "bhf-marks-"));
  chmodSync(folder, 0o1777);
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return { folder, mark: `mktemp ${folder}/XXXXXXXX >/dev/null`, count: () => readdirSync(folder).length };
};

/** Exit code of a process of another account that sends one request: 5 it was answered, 4 it was not. */
const askAs = (uid: number, socket: string, request: object): Promise<number | null> => {
  const frame = encodeFrame(request).toString("hex");
  const script = `const s=require("net").connect(process.argv[1]);s.on("data",()=>process.exit(5));s.on("error",()=>process.exit(4));s.on("close",()=>process.exit(4));s.write(Buffer.from(process.argv[2],"hex"))`;
  return new Promise((resolve) =>
    spawn(process.execPath, ["-e", script, socket, frame], { uid, gid: uid, cwd: "/", stdio: "ignore" }).once("exit", resolve),
  );
};

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

test("2.4 S1: forged, altered, expired, future, foreign and exchanged tokens are refused by the launcher itself, however often the peer insists", async (t) => {
  const { launcher, agent } = await connect(t);
  const { mark, count } = marks(t);
  const program = shell(mark);
  const now = Math.floor(Date.now() / 1000);
  const order = (change: Partial<LaunchOrder> = {}): LaunchOrder => launcher.order({ program, ...change });
  const altered = (one: LaunchOrder): string => {
    const parts = launcher.token(one).split(".");
    const payload = Buffer.from(parts[1] ?? "", "base64url").toString();
    return [parts[0], Buffer.from(payload.replace("/test/job", "/test/jab")).toString("base64url"), parts[2]].join(".");
  };
  const stranger = { ...makeRealm(), kid: launcher.realm.kid };
  const cases: readonly (readonly [string, LaunchOrder, (one: LaunchOrder) => string])[] = [
    ["delegation.forged", order(), (one) => launcher.token(one, stranger)],
    ["delegation.unknown-issuer", order(), (one) => launcher.token(one, makeRealm())],
    ["delegation.forged", order(), altered],
    ["delegation.expired", order({ iat: now - 400, exp: now - 100 }), launcher.token],
    ["delegation.not-yet-valid", order({ iat: now + 100, exp: now + 200 }), launcher.token],
    ["delegation.foreign-realm", order({ realm: { id: newId("rlm", 1), name: "corp", epoch: 1 } }), launcher.token],
    ["delegation.old-epoch", order({ realm: { id: launcher.realm.id, name: "corp", epoch: 0 } }), launcher.token],
    ["delegation.foreign-node", order({ node: { ...order().node, id: newId("nod", 1) } }), launcher.token],
    ["delegation.foreign-node", order({ node: { ...order().node, keyThumbprint: "B".repeat(42) + "E" } }), launcher.token],
    ["delegation.malformed", order(), () => "not a token"],
    ["launch.wrong-order", order(), () => launcher.token(order())],
    ["nodes.role-missing", order({ requires: "administrator" }), launcher.token],
    ["nodes.role-missing", order({ submitter: { accessId: "os:1001", name: "os:1001", groups: ["wheel"] } }), launcher.token],
    ["nodes.foreign-realm", order({ submitter: { accessId: "user:other/x", name: "x", groups: [] } }), launcher.token],
  ];
  for (const [code, one, tokenOf] of cases) {
    const token = tokenOf(one);
    let sequence = 0;
    for (let time = 0; time < 3; time += 1) {
      const from = agent.messages.length;
      agent.startToken(one, token);
      const { receipt } = await agent.ended(one, from);
      assert.equal(receipt.outcome.launchProblem?.code, code);
      assert.equal(receipt.outcome.started, false);
      assert.equal(receipt.outcome.verdicts.at(-1)?.effect, "deny");
      assert.equal(receipt.outcome.runAs, null);
      // The recorded refusal is shown again, not decided again.
      if (time > 0) assert.equal(receipt.sequence, sequence);
      sequence = receipt.sequence;
    }
  }
  assert.equal(count(), 0);
});

test("S3: the same bytes never start twice: while it runs, after it ended, after it was confirmed, after a restart", async (t) => {
  const { launcher, agent } = await connect(t);
  const { mark, count } = marks(t);
  const gate = gateOf(t);
  const order = launcher.order({ program: shell(`${mark}; ${gate.wait}`) });
  const token = launcher.token(order);
  for (let time = 0; time < 5; time += 1) agent.startToken(order, token);
  await agent.running(order);
  agent.startToken(order, token);
  gate.open();
  const { jws } = await agent.ended(order);
  let from = agent.messages.length;
  agent.startToken(order, token);
  assert.equal((await agent.ended(order, from)).jws, jws);
  agent.send({ type: "acknowledge", run: order.run, attempt: 1 });
  from = agent.messages.length;
  agent.startToken(order, token);
  assert.equal((await agent.ended(order, from)).jws, jws);
  await launcher.stop();
  await launcher.start();
  const hello = await agent.connect();
  assert.deepEqual(hello.runs, []);
  from = agent.messages.length;
  agent.startToken(order, token);
  assert.equal((await agent.ended(order, from)).jws, jws);
  assert.equal(count(), 1);
});

test("S3, 2.8: a run is known from the moment its token is given, so that an agent that comes anew does not report it as missing", async (t) => {
  const { launcher, agent } = await connect(t);
  const order = launcher.order({ program: shell("exit 0") });
  const from = agent.messages.length;
  // Both in one piece: the start cannot be in the journal yet when the launcher is asked what it knows.
  agent.startOrder(order);
  agent.send({ type: "hello", id: 2 });
  const { message } = await agent.until((one) => one.type === "hello-ok", from);
  assert.deepEqual(message.type === "hello-ok" ? message.runs.map(({ run, attempt, state }) => [run, attempt, state]) : null, [
    [order.run, 1, "starting"],
  ]);
  assert.equal((await agent.ended(order)).receipt.outcome.exitCode, 0);
});

test("S3: other bytes for a run that is known, and higher attempts of one that ran, never start; one of a refused run does", async (t) => {
  const { launcher, agent } = await connect(t);
  const { mark, count } = marks(t);
  const order = launcher.order({ program: shell(mark) });
  await agent.run(order);
  assert.equal(count(), 1);
  let from = agent.messages.length;
  agent.startOrder({ ...order, program: shell(`${mark} `) });
  const { message } = await agent.until((one) => one.type === "problem", from);
  assert.equal(message.type === "problem" && message.code, "launch.other-order-same-run");
  from = agent.messages.length;
  const second = { ...order, attempt: 2 };
  agent.startOrder(second);
  assert.equal((await agent.ended(second, from)).receipt.outcome.launchProblem?.code, "launch.already-ran");
  assert.equal(count(), 1);
  const refused = launcher.order({ program: shell(mark), requires: "administrator" });
  assert.equal((await agent.run(refused)).receipt.outcome.started, false);
  const again = await agent.run({ ...refused, attempt: 2, requires: "operator" });
  assert.equal(again.receipt.outcome.exitCode, 0);
  assert.equal(count(), 2);
});

test("S10 K1: receipts are chained by the launcher's key, sent again until confirmed, and exported as witness", async (t) => {
  const { launcher, agent } = await connect(t);
  const first = await agent.run(launcher.order());
  const second = await agent.run(launcher.order());
  assert.equal(second.receipt.sequence, first.receipt.sequence + 1);
  assert.equal(second.receipt.previous, receiptDigest(first.jws));
  agent.send({ type: "acknowledge", run: first.receipt.run, attempt: 1 });
  agent.close();
  const again = new TestAgent(launcher);
  t.after(() => again.close());
  const hello = await again.connect();
  assert.deepEqual(
    hello.runs.map(({ run, state }) => [run, state]),
    [[second.receipt.run, "ended"]],
  );
  assert.equal((await again.ended(second.receipt)).jws, second.jws);
  const { receipts } = await launcher.admin<{ receipts: string[] }>({ type: "journal-export" });
  assert.deepEqual(receipts, [first.jws, second.jws]);
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

test("S6 S7: a node that has not joined, an empty table, a key for nobody and an unreadable file all deny", async (t) => {
  const { launcher, agent } = await connect(t, { bare: true });
  const refusal = async (): Promise<string | undefined> => (await agent.run(launcher.order())).receipt.outcome.launchProblem?.code;
  assert.equal(await refusal(), "launch.not-joined");
  const { launcher: joined, agent: courier } = await connect(t);
  const refused = async (change: Partial<LaunchOrder> = {}): Promise<string | undefined> =>
    (await courier.run(joined.order(change))).receipt.outcome.launchProblem?.code;
  assert.equal(await refused(), undefined);
  await joined.admin({ type: "table-set", table: { version: 1, entries: [] } });
  assert.equal(await refused(), "nodes.role-missing");
  await joined.admin({ type: "table-set", table: { version: 1, entries: [{ subject: "authenticated", roles: ["operator"] }] } });
  assert.equal(await refused(), undefined);
  writeFileSync(joined.layout.launcher.credentials, "{", { mode: 0o600 });
  await joined.admin({ type: "refresh" });
  assert.equal(await refused(), "launch.node-file-unusable");
  writeFileSync(joined.layout.launcher.credentials, JSON.stringify({ version: 1, entries: [] }), { mode: 0o600 });
  chmodSync(joined.layout.launcher.credentials, 0o644);
  await joined.admin({ type: "refresh" });
  assert.equal(await refused(), "launch.node-file-unusable");
  chmodSync(joined.layout.launcher.credentials, 0o600);
  await joined.admin({ type: "refresh" });
  const unknown = await courier.run(joined.order());
  // A36: the key is named in the message.
  assert.match(unknown.receipt.outcome.launchProblem?.message ?? "", /`jobs`/);
});

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

test("S11: the agent's socket serves requests of its kind only, and closes on anything else; administration is not served there", async (t) => {
  const { launcher, agent } = await connect(t);
  for (const bad of [
    { type: "credential-list" },
    { type: "start", run: "../../etc", attempt: 1, token: "x" },
    { type: "start", run: "run_1", attempt: 0, token: "x" },
    { type: "read-log", id: 1, run: "r", attempt: 1, offset: -1, maxBytes: 1 },
    { type: "hello" },
  ]) {
    const other = new TestAgent(launcher);
    await other.connect();
    other.send(bad as never);
    await eventually(
      JSON.stringify(bad),
      () => other.isClosed,
      (is) => is,
    );
  }
  assert.equal((await agent.run(launcher.order())).receipt.outcome.exitCode, 0);
  assert.equal((await launcher.admin({ type: "nonsense" })).code, "input.invalid-value");
  assert.equal((await launcher.admin({ type: "credential-set", entry: { key: "x" } })).type, "problem");
});

test("S11: folders and files have their modes whatever the umask, and other accounts reach neither socket", async (t) => {
  const before = process.umask(0);
  t.after(() => process.umask(before));
  const { launcher, agent } = await connect(t);
  await agent.run(launcher.order({ program: shell("echo x") }));
  const { launcher: layout } = launcher.layout;
  assert.equal(statSync(layout.socketFolder).mode & 0o777, 0o700);
  assert.equal(statSync(layout.adminSocketFolder).mode & 0o777, 0o700);
  assert.equal(statSync(layout.runs).mode & 0o777, 0o700);
  for (const path of [layout.journal, layout.key, layout.time, layout.table, layout.policy, layout.trust, layout.credentials])
    assert.equal(statSync(path).mode & 0o777, 0o600, path);
  for (const name of readdirSync(layout.runs)) assert.equal(statSync(join(layout.runs, name)).mode & 0o777, 0o600);
  if (!isRoot) return;
  chmodSync(layout.folder, 0o711);
  chmodSync(layout.adminSocketFolder, 0o711);
  chmodSync(layout.socketFolder, 0o711);
  for (const socket of [layout.socket, layout.adminSocket]) {
    assert.equal(await askAs(65534, socket, { type: socket === layout.socket ? "hello" : "status", id: 1 }), 4, socket);
  }
});

test("S11: with an account of its own, the agent's group passes into the socket's folder, and no further", async (t) => {
  if (!isRoot) return t.skip("needs root to give the folder to another group");
  const { launcher } = await connect(t, { flags: ["--agent-uid", "65534", "--agent-gid", "65534"] });
  const { launcher: layout } = launcher.layout;
  const folder = statSync(layout.socketFolder);
  assert.equal(folder.mode & 0o777, 0o710);
  assert.equal(folder.gid, 65534);
  assert.equal(folder.uid, 0);
  assert.equal(statSync(layout.folder).mode & 0o777, 0o711);
  assert.equal(await askAs(65534, layout.socket, { type: "hello", id: 1 }), 5);
  const { facts } = await launcher.admin<{ facts: { separation: string } }>({ type: "status" });
  assert.equal(facts.separation, "accounts");
});

test("2.1: a second launcher on the same data folder is refused with a problem, and the first goes on", async (t) => {
  const { launcher, agent } = await connect(t);
  const second = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), "--data", launcher.layout.root, "--embedded"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let text = "";
  second.stderr.setEncoding("utf8").on("data", (part: string) => (text += part));
  const [code] = (await once(second, "close")) as [number];
  assert.equal(code, 1);
  assert.match(text, /launch\.already-running/);
  assert.equal((await agent.run(launcher.order())).receipt.outcome.exitCode, 0);
});

test("A6-A9: credential entries are set, listed, tested and deleted on the node; what cannot work is refused", async (t) => {
  const { launcher } = await connect(t);
  const entry = {
    key: "other",
    user: jobUser,
    allow: { folders: ["/finance"], submitters: ["group:finance"] },
    allowNologin: true,
    noNewPrivileges: true,
  };
  assert.equal((await launcher.admin({ type: "credential-set", entry })).type, "ok");
  const { entries } = await launcher.admin<{ entries: { key: string }[] }>({ type: "credential-list" });
  assert.equal(entries.map(({ key }) => key).join(), "jobs,other");
  const tested = await launcher.admin<{ runAs: { user: string; uid: number } }>({ type: "credential-test", key: "other" });
  assert.equal(tested.type, "ok", tested.message ?? "");
  assert.equal(tested.runAs.user, jobUser);
  assert.equal((await launcher.admin({ type: "credential-test", key: "none" })).type, "problem");
  assert.equal((await launcher.admin({ type: "credential-set", entry: { ...entry, user: "a%b;id" } })).type, "problem");
  assert.equal((await launcher.admin({ type: "credential-delete", key: "other" })).type, "ok");
  assert.equal((await launcher.admin({ type: "credential-delete", key: "other" })).code, "launch.credential-not-found");
});

test("A6, A35: the node reports each key by name and whether a run could use it, and says so again when that changes", async (t) => {
  const { launcher } = await connect(t);
  const entry = {
    key: "gone",
    user: "nobody-has-this-name",
    allow: { folders: ["/finance"], submitters: ["group:finance"] },
    allowNologin: true,
    noNewPrivileges: false,
  };
  const reported = async (): Promise<NodeFacts> => (await launcher.admin<{ facts: NodeFacts }>({ type: "status" })).facts;
  await eventually("the keys have been looked at", reported, ({ unusableKeys }) => unusableKeys?.length === 0);
  assert.equal((await launcher.admin({ type: "credential-set", entry })).type, "ok");
  const told = await eventually("the key is reported as not usable", reported, ({ unusableKeys = [] }) => unusableKeys.length > 0);
  assert.deepEqual(told.credentialKeys, ["gone", "jobs"]);
  assert.deepEqual(told.unusableKeys, [{ key: "gone", code: "launch.unknown-account" }]);
  assert.ok(!JSON.stringify(told).includes(entry.user), "no account of an entry leaves the node");
  assert.equal((await launcher.admin({ type: "credential-set", entry: { ...entry, user: jobUser } })).type, "ok");
  await eventually("it is usable again", reported, ({ unusableKeys = [] }) => unusableKeys.length === 0);
});

test("S7: the node's policy is told to be seen, cut where it is long, and a change of it at once", async (t) => {
  const { launcher, agent } = await connect(t);
  const told = async (): Promise<NodeFacts["policy"]> => (await launcher.admin<{ facts: NodeFacts }>({ type: "status" })).facts.policy;
  assert.equal((await told())?.exclusive, "none");
  const { policy } = await launcher.admin<{ policy: { namedUids: number[] } }>({ type: "policy-show" });
  const rules = Array.from({ length: 101 }, () => ({ user: jobUser, folders: ["/finance/*"], roles: ["operator"] }));
  const from = agent.messages.length;
  assert.equal((await launcher.admin({ type: "policy-set", policy: { ...policy, exclusive: "submitter", accounts: rules } })).type, "ok");
  const { message } = await agent.until((one) => one.type === "facts", from);
  const changed = message.type === "facts" ? message.facts.policy : undefined;
  assert.deepEqual(changed, {
    namedUids: policy.namedUids,
    exclusive: "submitter",
    accounts: rules.slice(1).map((rule) => ({ ...rule, folders: ["/finance"] })),
    isCut: true,
  });
});

test("12: doctor tells accounts, switching, separation and what is closed, with the command that mends it", async (t) => {
  const { launcher } = await connect(t);
  const { findings } = await launcher.admin<{ findings: { level: string; text: string; hint: string | null }[] }>({ type: "doctor" });
  const text = findings.map((finding) => `${finding.level}: ${finding.text}`).join("\n");
  assert.match(text, /ok: launcher runs as/);
  assert.match(text, /warning: separation: none/);
  assert.match(text, /ok: joined realm `corp` as `local`/);
  assert.match(text, /free for runs/);
});

test("2.11: no token, argument, environment value or program text is in any file of the launcher or in its log", async (t) => {
  const { launcher, agent } = await connect(t);
  const planted = {
    arguments: { A: "planted-argument-4711" },
    environment: { B: "planted-environment-4711" },
    program: shell("true # planted-text-4711"),
  };
  const order = launcher.order(planted);
  await agent.run(order);
  const refused = launcher.order({ ...planted, requires: "administrator" });
  await agent.run(refused);
  const tokens = [launcher.token(order), launcher.token(refused)].map((token) => token.split(".")[2] ?? "");
  const { folder } = launcher.layout.launcher;
  const texts = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => [path, readFileSync(path, "latin1")] as const);
  texts.push(["log", launcher.log()]);
  for (const [path, text] of texts) {
    assert.doesNotMatch(text, /planted-\w+-4711/, path);
    for (const token of tokens) assert.equal(text.includes(token), false, path);
    // Also where it would be base64 within a signature's payload.
    for (const part of text.matchAll(/[A-Za-z0-9_-]{200,}/g))
      assert.doesNotMatch(Buffer.from(part[0], "base64url").toString("latin1"), /planted-\w+-4711/, path);
  }
});

test("S12: as root, a launcher below a folder that everyone can write is refused with a problem; under `behalf up` it warns", async (t) => {
  if (!isRoot) return t.skip("the refusal is a rule for root");
  const open = mkdtempSync(join(tmpdir(), "bhf-open-"));
  t.after(() => rmSync(open, { recursive: true, force: true }));
  chmodSync(open, 0o777);
  const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), "--data", join(open, "data")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let text = "";
  child.stderr.setEncoding("utf8").on("data", (part: string) => (text += part));
  const [code] = (await once(child, "close")) as [number];
  assert.equal(code, 1);
  assert.match(text, /launch\.unsafe-installation/);
  mkdirSync(join(open, "data"), { recursive: true });
  const launcher = await startTestLauncher(t, { folder: join(open, "data") });
  const { findings } = await launcher.admin<{ findings: { level: string; text: string }[] }>({ type: "doctor" });
  assert.ok(findings.some((finding) => finding.level === "warning" && finding.text.includes(`\`${open}\` can be written by everyone`)));
});

test("2.1: flags that make no sense end the launcher with a problem", async () => {
  for (const flags of [
    [],
    ["--data", "relative"],
    ["--data", "/x", "--agent-uid", "1"],
    ["--data", "/x", "--nonsense"],
    ["--data", "/x", "--skew-ms", "soon"],
  ]) {
    const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), ...flags], { stdio: ["ignore", "ignore", "pipe"] });
    let text = "";
    child.stderr.setEncoding("utf8").on("data", (part: string) => (text += part));
    const [code] = (await once(child, "close")) as [number];
    assert.equal(code, 1, flags.join(" "));
    assert.match(text, /launch\.wrong-request/);
  }
});

test("S5: the courier brings the realm's announcement; only the pinned root's, of a rising serial, changes what the launcher believes", async (t) => {
  const { launcher, agent } = await connect(t);
  const { realm } = launcher;
  const next = makeRealm();
  const stranger = makeRealm();
  const now = Math.floor(Date.now() / 1000);
  const announcement = (change: Partial<Rotation> = {}, by = realm): string =>
    signRotation(
      {
        version: 1,
        kind: "rotation",
        realmId: realm.id,
        epoch: 1,
        serial: 5,
        issuers: [
          { kid: next.kid, key: next.publicKey },
          { kid: realm.kid, key: realm.publicKey, until: now },
        ],
        iat: now,
        ...change,
      },
      by.privateKey,
      by.publicKey,
    );
  const bring = async (text: string): Promise<FromLauncher> => {
    const from = agent.messages.length;
    agent.send({ type: "rotate", announcement: text });
    return (await agent.until((message) => message.type === "problem" || message.type === "facts", from)).message;
  };
  const refused = async (text: string, why: RegExp): Promise<void> => {
    const message = await bring(text);
    assert.equal(message.type, "problem");
    assert.match(message.type === "problem" ? message.message : "", why);
  };
  const { trust: before } = await launcher.admin<{ trust: NodeTrust }>({ type: "trust-show" });
  await refused(announcement({}, stranger), /not trusted/);
  await refused(announcement({ realmId: stranger.id }), /realm/);
  await refused(announcement({ serial: 5, issuers: [] }), /no issuer/);
  await refused("not.a.token", /announcement is refused/);
  assert.deepEqual((await launcher.admin<{ trust: NodeTrust }>({ type: "trust-show" })).trust, before, "nothing of it changed anything");
  const code = async (order: LaunchOrder, by = realm): Promise<string | undefined> => {
    agent.startToken(order, launcher.token(order, by));
    return (await agent.ended(order)).receipt.outcome.launchProblem?.code;
  };
  assert.equal(await code(launcher.order(), next), "delegation.unknown-issuer", "before it heard of the new key");

  const told = await bring(announcement());
  assert.equal(told.type === "facts" ? told.facts.rotationSerial : null, 5, "and the manager is told which one the node has");
  await refused(announcement(), /not above 5/);
  await refused(announcement({ serial: 4, issuers: [{ kid: realm.kid, key: realm.publicKey }] }), /not above 5/);

  // Killed and started again: it was durable.
  agent.close();
  await launcher.kill();
  await launcher.start();
  await agent.connect();
  assert.equal(await code(launcher.order(), next), undefined);
  const inFlight = launcher.order({ iat: now - 1, exp: now + 200 });
  assert.equal(await code(inFlight), undefined, "what the old key had signed is still good");
  const later = launcher.order({ iat: now + 1, exp: now + 200 });
  assert.equal(await code(later), "delegation.replaced-issuer");
  await refused(announcement(), /not above 5/);

  const cut = await bring(announcement({ serial: 6, issuers: [{ kid: next.kid, key: next.publicKey }] }));
  assert.equal(cut.type, "facts");
  assert.equal(await code(launcher.order({ iat: now - 1, exp: now + 200 })), "delegation.unknown-issuer", "the old key was revoked");
});

test("S10: a cancel is the courier's word, and its receipt says whose: it cannot pass for the node's own shutdown", async (t) => {
  const { launcher, agent } = await connect(t);
  const order = launcher.order({ program: shell("sleep 60") });
  agent.startOrder(order);
  await agent.running(order);
  agent.send({ type: "cancel", run: order.run, attempt: order.attempt, by: "shutdown", reason: "made up" });
  const { receipt } = await agent.ended(order);
  assert.deepEqual(receipt.outcome.cancelled, { by: "courier:shutdown", reason: "made up" });
});
