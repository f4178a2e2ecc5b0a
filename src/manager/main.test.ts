/** The manager as a process of its own: start, what it tells whom, refusals, and a clean end. */
import assert from "node:assert/strict";
import { fork, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { dataLayout } from "#kernel/data-layout.ts";
import { eventually } from "#test/fixtures/eventually.ts";
import { send } from "#test/fixtures/http.ts";

const entry = join(import.meta.dirname, "main.ts");

const folderOf = (t: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), "bhf main "));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

interface Started {
  readonly child: ChildProcess;
  readonly messages: Record<string, unknown>[];
  readonly output: () => string;
  readonly exited: Promise<number | null>;
}

const start = (t: TestContext, args: readonly string[], options: { ipc: boolean; env?: Record<string, string> }): Started => {
  const env = { ...process.env, ...options.env };
  const messages: Record<string, unknown>[] = [];
  let output = "";
  const child = options.ipc
    ? fork(entry, [...args], { env, stdio: ["ignore", "pipe", "pipe", "ipc"] })
    : spawn(process.execPath, [entry, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  child.on("message", (message) => messages.push(message as Record<string, unknown>));
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (piece: Buffer) => (output += piece.toString()));
  // With all that it said.
  const exited = once(child, "close").then(([code]) => code as number | null);
  t.after(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await exited;
  });
  return { child, messages, output: () => output, exited };
};

const until = async <T>(look: () => T | null | undefined | false, what: string): Promise<T> =>
  (await eventually(what, look, (found) => found !== null && found !== undefined && found !== false)) as T;

const instanceOf = (folder: string): { url: string; pid: number; agentListener: string } | null => {
  const { instanceFile } = dataLayout(folder).manager;
  return existsSync(instanceFile)
    ? (JSON.parse(readFileSync(instanceFile, "utf8")) as { url: string; pid: number; agentListener: string })
    : null;
};

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name));

test("S13: the first password goes to the supervisor once and into no file; the next start has none", async (t) => {
  const folder = folderOf(t);
  const args = ["--data", folder, "--port", "0", "--agent-port", "0"];
  const first = start(t, args, { ipc: true });
  const instance = await until(() => instanceOf(folder), "the instance file");
  assert.equal(instance.pid, first.child.pid);
  assert.equal(statSync(dataLayout(folder).manager.instanceFile).mode & 0o777, 0o600);
  const told = await until(() => first.messages.find((message) => message["type"] === "first-start"), "the first account");
  const password = String(told["oneTimePassword"]);
  assert.equal(told["account"], "root");
  assert.ok(password.length >= 12);
  const port = Number(new URL(instance.url).port);
  const login = await send({ port }, { method: "POST", path: "/api/v1/sessions", body: { account: "root", password, kind: "cli" } });
  assert.equal(login.status, 201);
  for (const file of filesBelow(folder)) assert.equal(readFileSync(file).includes(password), false, file);
  assert.equal(first.output().includes(password), false);
  assert.equal(first.output().includes(login.json.token), false);

  first.child.kill("SIGTERM");
  assert.equal(await first.exited, 0);
  assert.equal(instanceOf(folder), null);
  for (const file of filesBelow(folder)) assert.equal(statSync(file).mode & 0o077, 0, `${file} is for its owner only`);

  const second = start(t, args, { ipc: true });
  await until(() => instanceOf(folder), "the second start");
  assert.deepEqual(
    second.messages.filter((message) => message["type"] === "first-start"),
    [],
  );
  second.child.send({ type: "drain" });
  await until(() => second.messages.some((message) => message["type"] === "drained"), "the drain");
  second.child.kill("SIGTERM");
  assert.equal(await second.exited, 0);
});

test("S13: without a supervisor a pipe gets the first password once, a file never does", async (t) => {
  const folder = folderOf(t);
  const run = start(t, ["--data", folder, "--port", "0", "--agent-port", "0"], { ipc: false });
  await until(() => instanceOf(folder) !== null && run.output().includes("one-time password"), "the instance file and the password");
  assert.match(run.output(), /one-time password {2}\S{12,}/);
  run.child.kill("SIGTERM");
  assert.equal(await run.exited, 0);
});

test("2.1: a port that is taken is a clear problem, exit 1, and its hint names the flag", async (t) => {
  const folder = folderOf(t);
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  t.after(() => other.close());
  const { port } = other.address() as { port: number };
  const supervised = start(t, ["--data", folder, "--port", String(port), "--agent-port", "0"], { ipc: true });
  assert.equal(await supervised.exited, 1);
  const { problem } = await until(() => supervised.messages.find((message) => message["type"] === "problem"), "the problem");
  const told = problem as { code: string; hint: string };
  assert.equal(told.code, "manager.port-taken");
  assert.match(told.hint, /--port/);
  const alone = start(t, ["--data", folder, "--port", String(port), "--agent-port", "0"], { ipc: false });
  assert.equal(await alone.exited, 1);
  assert.match(alone.output(), /manager\.[a-z-]+: port \d+ .*\n {2}hint: .*--port/);
});

test("2.10: a wrong flag or setting is a problem that names it and repeats no value", async (t) => {
  const folder = folderOf(t);
  const unknown = start(t, ["--data", folder, "--colour=hunter2"], { ipc: false });
  assert.equal(await unknown.exited, 1);
  assert.match(unknown.output(), /`--colour` is not a flag/);
  const url = start(t, ["--data", folder, "--database-url", "postgres://behalf:hunter2@localhost/x"], { ipc: false });
  assert.equal(await url.exited, 1);
  assert.match(url.output(), /BEHALF_DATABASE_URL/);
  assert.equal((unknown.output() + url.output()).includes("hunter2"), false);
  writeFileSync(join(folder, "settings.yaml"), "prot: 1\n");
  const file = start(t, ["--data", folder], { ipc: false });
  assert.equal(await file.exited, 1);
  assert.match(file.output(), /no setting `prot`/);
});

test("K2: a key file that others can read stops the start", async (t) => {
  const folder = folderOf(t);
  const args = ["--data", folder, "--port", "0", "--agent-port", "0"];
  const first = start(t, args, { ipc: false });
  await until(() => instanceOf(folder), "the instance file");
  first.child.kill("SIGTERM");
  await first.exited;
  const { chmodSync } = await import("node:fs");
  chmodSync(join(dataLayout(folder).manager.keys, "delegation.key"), 0o644);
  const second = start(t, args, { ipc: false });
  assert.equal(await second.exited, 1);
  assert.match(second.output(), /files\.unsafe|can be read or changed by other accounts/);
});
