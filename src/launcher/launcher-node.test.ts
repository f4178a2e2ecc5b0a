/** The launcher as a part of its node: files, sockets, flags, credentials, policy, doctor. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { encodeFrame } from "#link/frame.ts";
import type { AdminRequest, NodePolicy } from "#launch/ports.ts";
import type { NodeFacts } from "#link/messages.ts";
import type { NodeTable } from "#launch/ports.ts";
import type { LaunchOrder } from "#proof/launch-order.ts";
import { eventually } from "#test/fixtures/eventually.ts";
import { connect, shell, isRoot, jobUser, startTestLauncher, TestAgent } from "#launcher/launcher.test-support.ts";

/** Exit code of a process of another account that sends one request: 5 it was answered, 4 it was not. */
const askAs = (uid: number, socket: string, request: object): Promise<number | null> => {
  const frame = encodeFrame(request).toString("hex");
  const script = `const s=require("net").connect(process.argv[1]);s.on("data",()=>process.exit(5));s.on("error",()=>process.exit(4));s.on("close",()=>process.exit(4));s.write(Buffer.from(process.argv[2],"hex"))`;
  return new Promise((resolve) =>
    spawn(process.execPath, ["-e", script, socket, frame], { uid, gid: uid, cwd: "/", stdio: "ignore" }).once("exit", resolve),
  );
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

test("A35, 2.4: what is set and no run could use is set, and told at once, of policies too", async (t) => {
  const { launcher } = await connect(t);
  const entry = {
    key: "later",
    user: "nobody-has-this-name",
    allow: { folders: ["/finance"], submitters: ["group:finance"] },
    allowNologin: true,
    noNewPrivileges: false,
  };
  type Told = { readonly problems: readonly { readonly key: string | null; readonly code: string }[] };
  const set = async (request: AdminRequest): Promise<string[]> =>
    (await launcher.admin<Told>(request)).problems.map(({ key, code }) => `${key}: ${code}`);
  assert.deepEqual(await set({ type: "credential-set", entry }), ["later: launch.unknown-account"]);
  assert.deepEqual(await set({ type: "credential-set", entry: { ...entry, user: jobUser } }), []);
  const { policy } = await launcher.admin<{ policy: NodePolicy }>({ type: "policy-show" });
  const rule = { user: jobUser, folders: ["/hr"], roles: ["operator"] as const };
  assert.deepEqual(await set({ type: "policy-set", policy: { ...policy, defaultJobAccount: "gone-account", accounts: [rule] } }), [
    "null: launch.unknown-account",
    "later: launch.policy-refuses-account",
  ]);
  assert.equal((await launcher.admin({ type: "credential-test", key: "later" })).code, "launch.policy-refuses-account");
  const reported = async (): Promise<NodeFacts> => (await launcher.admin<{ facts: NodeFacts }>({ type: "status" })).facts;
  await eventually("the manager is told so", reported, ({ unusableKeys = [] }) =>
    unusableKeys.some(({ key, code }) => key === "later" && code === "launch.policy-refuses-account"),
  );
  const { findings } = await launcher.admin<{ findings: { text: string; level: string }[] }>({ type: "doctor" });
  assert.ok(findings.some(({ text }) => text.startsWith("default job account: the host has no account `gone-account`")));
  assert.ok(findings.some(({ text }) => text.startsWith("credential `later`: the node's policy refuses account")));
  assert.deepEqual(await set({ type: "policy-set", policy: { ...policy, accounts: [{ ...rule, folders: ["/"] }] } }), []);
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

test("B12: the node's table is told to be seen, cut where it is long, and a change of it at once", async (t) => {
  const { launcher, agent } = await connect(t);
  const { table } = await launcher.admin<{ table: NodeTable }>({ type: "table-show" });
  const { facts } = await launcher.admin<{ facts: NodeFacts }>({ type: "status" });
  assert.deepEqual(facts.table, { entries: table.entries, isCut: false });
  const entries: NodeTable["entries"] = Array.from({ length: 201 }, (_, index) => ({
    subject: `group:team-${index}`,
    roles: ["operator"],
  }));
  const from = agent.messages.length;
  assert.equal((await launcher.admin({ type: "table-set", table: { version: 1, entries } })).type, "ok");
  const { message } = await agent.until((one) => one.type === "facts", from);
  assert.deepEqual(message.type === "facts" ? message.facts.table : null, { entries: entries.slice(0, 200), isCut: true });
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
