import assert from "node:assert/strict";
import { createServer } from "node:net";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { RunView } from "#cli/run-view.ts";
import { isAlive, processIdOf } from "#supervise/process-id.ts";
import { eventually } from "#test/fixtures/eventually.ts";
import { gateOf } from "#test/fixtures/gate.ts";
import { cliEntry, makeDataFolder, removeFolder, runCli, startInstance, type TestInstance } from "#test/fixtures/instance.ts";

const asRoot = process.getuid?.() === 0;
const slowJob = (as: string): string => `kind: Job
path: /examples/slow
requires: operator
run: { shell: "echo begun; sleep 300" }
as: ${as}
on: [local]
grace: 1s
`;
const becomes = (behalf: TestInstance, id: string, state: RunView["state"]): Promise<RunView> =>
  eventually(
    state,
    () => behalf.api.call<RunView>("GET", `/api/v1/runs/${id}`),
    (run) => run.state === state,
  );
/** Runs the slow job; answers its run once it runs. */
const runSlow = async (behalf: TestInstance): Promise<string> => {
  const { runs } = await behalf.json<{ runs: { id: string }[] }>(["run", "/examples/slow"]);
  const id = runs[0]?.id ?? "";
  await becomes(behalf, id, "running");
  return id;
};
const ownAs = asRoot ? "{ credential: example }" : "agent";

suite("2.1: `behalf up`", () => {
  test("2.1: starts twice in a row in a folder with a space in its name, shows the password only the first time", async () => {
    const folder = join(makeDataFolder(), "with a space", "data");
    mkdirSync(join(folder, ".."));
    const first = await startInstance({ dataFolder: folder });
    assert.notEqual(first.firstAccount, null);
    assert.equal(first.example?.result, "succeeded");
    const told = await first.stop();
    assert.equal(told.code, 0, told.stderr);
    const second = await startInstance({ dataFolder: folder });
    assert.equal(second.firstAccount, null);
    assert.equal(second.example, null);
    assert.equal((await second.stop()).code, 0);
    removeFolder(join(folder, "..", ".."));
  });

  test("2.1: a port that is taken is a clear problem with exit 1 and a hint that names the flag; nothing is left running", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    const folder = makeDataFolder();
    const told = await runCli(["up", "--data", join(folder, "data"), "--port", String(port), "--agent-port", "0"]);
    server.close();
    assert.equal(told.code, 1, told.stdout);
    assert.match(told.stderr, /taken/);
    assert.match(told.stderr, /--port/);
    assert.doesNotMatch(told.stderr, /starting it again/);
    removeFolder(folder);
  });

  for (const [where, command] of [
    ["in a file", 'exec "$@" > "$FILE"'],
    // As systemd does it, which names the stream that its journal keeps.
    ["kept by systemd", 'exec 3>&1; export JOURNAL_STREAM=$(stat -L -c %d:%i /dev/fd/3); exec "$@" 3>&-'],
  ] as const)
    test(`S13: with its output ${where}, \`behalf up\` does not show the one-time password there`, async (t) => {
      const folder = makeDataFolder();
      const file = join(folder, "out");
      const up = [process.execPath, cliEntry, "up", "--data", join(folder, "data"), "--port", "0", "--agent-port", "0", "--no-example"];
      const child = spawn("/bin/sh", ["-c", command, "sh", ...up], {
        stdio: ["ignore", "pipe", "ignore"],
        env: { ...process.env, FILE: file },
      });
      t.after(() => child.kill("SIGINT"));
      let piped = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => (piped += text));
      const text = await eventually(
        "ready",
        async () => piped + (existsSync(file) ? readFileSync(file, "utf8") : ""),
        (found) => found.includes("ready in"),
      );
      child.kill("SIGINT");
      await new Promise((resolve) => child.once("exit", resolve));
      assert.match(text, /password\s+not shown where it would be kept/);
      removeFolder(folder);
    });

  test("2.8: on a full disk everything stays and answers with a problem, and goes on when there is room; nothing starts on one", async (t) => {
    const folder = makeDataFolder();
    const disk = join(folder, "disk");
    mkdirSync(disk);
    if (!asRoot || spawnSync("mount", ["-t", "tmpfs", "-o", "size=330m", "tmpfs", disk]).status !== 0) {
      removeFolder(folder);
      return t.skip("needs root and the right to mount a small disk");
    }
    const filler = join(disk, "filler");
    const fill = () => spawnSync("dd", ["if=/dev/zero", `of=${filler}`, "bs=64k"]);
    const behalf = await startInstance({ dataFolder: join(disk, "data") });
    t.after(async () => {
      rmSync(filler, { force: true });
      if (behalf.supervisor.exitCode === null) await behalf.stop();
      spawnSync("umount", ["-l", disk]);
      removeFolder(folder);
    });
    let said = "";
    behalf.supervisor.stderr?.on("data", (text: Buffer) => (said += text.toString()));
    await behalf.cli(["apply", "-f", "-"], { input: slowJob(ownAs) });
    const run = await runSlow(behalf);
    const { pid } = JSON.parse(readFileSync(join(disk, "data", "manager", "instance.json"), "utf8")) as { pid: number };
    fill();
    const refused = await behalf.cli(["run", "/examples/slow"]);
    assert.match(refused.stderr, /^(?:store\.full|controller\.disk-low): /);
    // A part that dies now comes again, although nothing can be noted.
    process.kill(pid, "SIGKILL");
    await eventually(
      "it is tried again",
      async () => said,
      (text) => /cannot note which parts run/.test(text),
    );
    const onFull = await runCli(["up", "--data", join(disk, "other"), "--port", "0", "--agent-port", "0"]);
    assert.equal(onFull.code, 1);
    assert.doesNotMatch(onFull.stderr, /\n {4}at /);
    assert.match(onFull.stderr, /^up\.not-started: .*\n {2}hint: /m);
    rmSync(filler);
    const back = await eventually(
      "the manager is back",
      () => behalf.api.call<RunView>("GET", `/api/v1/runs/${run}`).catch(() => null),
      (found) => found !== null,
    );
    assert.equal(back?.state, "running");
    await behalf.cli(["runs", "cancel", run]);
    await becomes(behalf, run, "ended");
    assert.equal((await behalf.stop()).code, 0);
  });

  test("2.1: a part that cannot begin is told by its own problem, and nothing is waited for or left", async () => {
    const behalf = await startInstance({ args: ["--no-example"] });
    await behalf.stop();
    const { layout } = behalf;
    const up = (): ReturnType<typeof runCli> => runCli(["up", "--data", behalf.dataFolder, "--port", "0", "--agent-port", "0"]);
    for (const [file, told] of [
      [layout.launcher.key, /the launcher does not answer: `.*node\.key` holds no Ed25519 private key \(delegation\.bad-key\)/],
      [
        layout.agent.key,
        /the agent of this machine does not report to its manager: `.*agent\.key` holds no private key \(nodes\.not-joined\)/,
      ],
      [layout.agent.config, /the agent of this machine does not report to its manager: `.*agent\.json` is not JSON \(nodes\.not-joined\)/],
      [join(layout.manager.keys, "ca.key"), /the key file `.*ca\.key` holds no private key/],
    ] as const) {
      const kept = readFileSync(file);
      writeFileSync(file, "no key");
      const { code, stderr } = await up();
      assert.equal(code, 1, file);
      assert.match(stderr, told);
      assert.match(stderr, /\n {2}hint: /);
      assert.doesNotMatch(stderr, /\n {4}at /);
      writeFileSync(file, kept);
    }
    const log = join(layout.manager.folder, "manager.log");
    rmSync(log);
    mkdirSync(log);
    const { code, stderr } = await up();
    assert.equal(code, 1);
    assert.match(stderr, /^up\.not-started: `.*manager\.log` cannot be used: a folder is where a file should be\n {2}hint: /);
    rmSync(log, { recursive: true });
    const again = await startInstance({ dataFolder: behalf.dataFolder });
    await again.stop();
    removeFolder(join(behalf.dataFolder, ".."));
  });

  test("2.1: a second start on the same data folder is refused", async () => {
    const behalf = await startInstance();
    const told = await runCli(["up", "--data", behalf.dataFolder, "--port", "0", "--agent-port", "0"]);
    assert.equal(told.code, 1);
    assert.match(told.stderr, /up\.already-running/);
    await behalf.stop();
    removeFolder(join(behalf.dataFolder, ".."));
  });

  test("2.1: ctrl-C drains: running jobs are ended as cancelled by shutdown, every process that was started is gone", async () => {
    const behalf = await startInstance();
    await behalf.cli(["apply", "-f", "-"], { input: slowJob(ownAs) });
    const id = await runSlow(behalf);
    const parts = (["manager", "agent", "launcher"] as const).map((part) => processIdOf(behalf.pidOf(part)));
    const told = await behalf.stop();
    assert.equal(told.code, 0, told.stderr);
    for (const part of parts) assert.ok(part !== null && !isAlive(part), JSON.stringify(part));
    const again = await startInstance({ dataFolder: behalf.dataFolder });
    const run = await again.api.call<RunView>("GET", `/api/v1/runs/${id}`);
    assert.equal(run.result, "cancelled", JSON.stringify(run));
    assert.equal(run.outcome?.cancelled?.by, "shutdown");
    await again.stop();
    removeFolder(join(behalf.dataFolder, ".."));
  });

  test("2.1, 2.8: a killed supervisor leaves launcher, agent and job; the next one adopts them and the job goes on", async (t) => {
    const gate = gateOf(t);
    const behalf = await startInstance();
    await behalf.cli(["apply", "-f", "-"], { input: slowJob(ownAs).replace("sleep 300", `${gate.wait}; echo done`) });
    const id = await runSlow(behalf);
    const launcher = behalf.pidOf("launcher");
    const agent = behalf.pidOf("agent");
    await behalf.killSupervisor();
    const again = await startInstance({ dataFolder: behalf.dataFolder });
    assert.equal(again.pidOf("launcher"), launcher);
    assert.equal(again.pidOf("agent"), agent);
    gate.open();
    const ended = await becomes(again, id, "ended");
    assert.equal(ended.result, "succeeded", JSON.stringify(ended));
    const log = await again.cli(["runs", "log", id]);
    assert.equal(log.stdout, "begun\ndone\n");
    await again.stop();
    removeFolder(join(behalf.dataFolder, ".."));
  });

  test("2.1: --leave-running leaves launcher and job to the next start", async (t) => {
    const gate = gateOf(t);
    const behalf = await startInstance({ args: ["--leave-running"] });
    await behalf.cli(["apply", "-f", "-"], { input: slowJob(ownAs).replace("sleep 300", `${gate.wait}; echo done`) });
    const id = await runSlow(behalf);
    const launcher = processIdOf(behalf.pidOf("launcher"));
    await behalf.stop();
    assert.ok(launcher !== null && isAlive(launcher));
    const again = await startInstance({ dataFolder: behalf.dataFolder });
    gate.open();
    const ended = await becomes(again, id, "ended");
    assert.equal(ended.result, "succeeded", JSON.stringify(ended));
    await again.stop();
    assert.ok(!isAlive(launcher));
    removeFolder(join(behalf.dataFolder, ".."));
  });

  test("2.8: each part that dies is started again", async () => {
    const behalf = await startInstance();
    for (const part of ["agent", "launcher", "manager"] as const) {
      const before = behalf.pidOf(part);
      process.kill(before, "SIGKILL");
      await eventually(
        `${part} again`,
        async () => {
          try {
            return behalf.pidOf(part);
          } catch {
            return before;
          }
        },
        (pid) => pid !== before,
      );
      await eventually(
        "node online",
        async () => behalf.api.call<{ online: boolean }>("GET", "/api/v1/nodes/local").catch(() => ({ online: false })),
        (node) => node.online,
      );
      const told = await behalf.cli(["run", "/examples/whoami", "--wait"]);
      assert.equal(told.code, 0, `after ${part}: ${told.stderr}`);
    }
    await behalf.stop();
    removeFolder(join(behalf.dataFolder, ".."));
  });
});
