import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { decodeLogFrames } from "#link/log-format.ts";
import { jobOf, openControllerWorld, starter, type ControllerWorld } from "#test/fixtures/controller-world.ts";
import { eventually } from "#test/fixtures/eventually.ts";
import { freePort } from "#test/fixtures/free-port.ts";
import { NodeProcesses } from "#test/fixtures/node-processes.ts";

interface Place {
  readonly folder: string;
  readonly world: ControllerWorld;
  readonly node: NodeProcesses;
  /** Starts launcher, agent and a job of this shell text; answers its run once it runs. */
  running(shell: string): Promise<string>;
  ended(run: string | undefined): ReturnType<ControllerWorld["run"]>;
  output(run: string | undefined): string;
}

const place = async (t: TestContext): Promise<Place> => {
  const folder = mkdtempSync(join(tmpdir(), "bhf-agt-"));
  chmodSync(folder, 0o711);
  const world = await openControllerWorld({
    dataFolder: join(folder, "m"),
    port: await freePort(),
    settings: { pollMs: 200 },
  });
  const node = await NodeProcesses.join(world, join(folder, "n"), "local");
  t.after(async () => {
    await node.stop();
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    folder,
    world,
    node,
    running: async (shell) => {
      node.start("launcher");
      node.start("agent");
      await world.saveJob(jobOf("/jobs/one", shell));
      const [run = ""] = await world.submit("/jobs/one", "local");
      await eventually(
        "running",
        () => world.run(run),
        (row) => row.state === "running",
      );
      return run;
    },
    ended: (run) =>
      eventually(
        `${run} ended`,
        () => world.run(run ?? ""),
        (row) => row.state === "ended",
      ),
    output: (run) =>
      decodeLogFrames(readFileSync(world.controller.logs.path(run ?? "")), 0)
        .chunks.map((chunk) => chunk.bytes.toString("latin1"))
        .join(""),
  };
};

test("2.3: a job runs on its node, with its output and its outcome, in any order of start", async (t) => {
  const { world, node, ended, output } = await place(t);
  await world.saveJob(jobOf("/jobs/hello", 'echo "hello $WHO"; echo oops >&2; exit 3'));
  const [run] = await world.submit("/jobs/hello", "local", 1, { arguments: { WHO: "world" } });
  node.start("agent");
  await eventually(
    "agent without launcher",
    async () => world.controller.nodes(),
    (nodes) => nodes[0]?.launcherReachable === false,
  );
  assert.match(world.controller.nodes()[0]?.facts?.warnings.join() ?? "", /launcher is not reachable/);
  assert.equal((await world.run(run ?? "")).state, "queued");
  node.start("launcher");
  const row = await ended(run);
  assert.deepEqual([row.result, row.exit_code], ["failed", 3], /"launchProblem":[^}]*/.exec(row.outcome ?? "")?.[0] ?? "");
  assert.equal(output(run).split("\n").toSorted().join("|"), "|hello world|oops");
});

test("2.3: 30 MB of output pass through with little memory in the agent", async (t) => {
  const { world, node, ended } = await place(t);
  node.start("launcher");
  node.start("agent");
  await world.saveJob(jobOf("/jobs/big", "head -c 30000000 /dev/zero | tr '\\0' 'x'"));
  const [run] = await world.submit("/jobs/big", "local");
  const row = await ended(run);
  assert.equal(row.result, "succeeded", /"launchProblem":[^}]*/.exec(row.outcome ?? "")?.[0] ?? "");
  const hash = createHash("sha256");
  let bytes = 0;
  const { chunks, rest, damaged } = decodeLogFrames(readFileSync(world.controller.logs.path(run ?? "")), 0);
  for (const chunk of chunks) {
    hash.update(chunk.bytes);
    bytes += chunk.bytes.length;
  }
  assert.deepEqual([bytes, rest, damaged], [30_000_000, 0, false]);
  assert.equal(hash.digest("hex"), createHash("sha256").update(Buffer.alloc(30_000_000, "x")).digest("hex"));
  const status = readFileSync(`/proc/${node.pid("agent")}/status`, "utf8");
  const peakKiB = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]);
  t.diagnostic(`peak ${peakKiB} KiB`);
  assert.ok(peakKiB < 160 * 1024, `the agent's peak was ${peakKiB} KiB`);
});

test("2.8: a run goes on while its agent is killed, and is picked up by the next one", async (t) => {
  const { world, node, running, ended, output } = await place(t);
  const run = await running("echo begun; sleep 2; echo done");
  await node.end("agent", "SIGKILL");
  await eventually(
    "gone",
    async () => world.controller.nodes().length,
    (count) => count === 0,
  );
  node.start("agent");
  const row = await ended(run);
  assert.deepEqual([row.result, row.attempt], ["succeeded", 1]);
  assert.equal(output(run), "begun\ndone\n");
});

test("2.8: results wait at the node while the controller is away", async (t) => {
  const { folder, world, running, output } = await place(t);
  const run = await running("sleep 1; echo done");
  const port = world.controller.port;
  await world.close();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const later = await openControllerWorld({ dataFolder: join(folder, "m"), port, settings: { pollMs: 200 } });
  t.after(() => later.close());
  const row = await eventually(
    "ended",
    () => later.run(run),
    (found) => found.state === "ended",
  );
  assert.deepEqual([row.result, row.attempt], ["succeeded", 1]);
  assert.equal(output(run), "done\n");
});

test("2.3: cancel reaches the process", async (t) => {
  const { world, running, ended } = await place(t);
  const run = await running("exec sleep 60");
  await world.requestCancel(run, "enough");
  const row = await ended(run);
  assert.equal(row.result, "cancelled");
  assert.deepEqual((JSON.parse(row.outcome ?? "{}") as { cancelled: unknown }).cancelled, { by: starter, reason: "enough" });
});

/** An offer that has left for a node whose launcher stands still; `starts` is what the job leaves each time it begins. */
const offerToStoppedLauncher = async (
  t: TestContext,
): Promise<Pick<Place, "node" | "ended"> & { readonly run: string | undefined; starts(): string }> => {
  const { folder, world, node, ended } = await place(t);
  const file = join(folder, "starts");
  node.start("launcher");
  node.start("agent");
  await eventually(
    "connected",
    async () => world.controller.nodes(),
    (nodes) => nodes[0]?.launcherReachable === true,
  );
  writeFileSync(file, "");
  chmodSync(file, 0o666);
  await world.saveJob(jobOf("/jobs/count", `echo begun >> "${file}"`));
  process.kill(node.pid("launcher"), "SIGSTOP");
  const [run] = await world.submit("/jobs/count", "local");
  await eventually(
    "offered",
    () => world.run(run ?? ""),
    (row) => row.state === "offered",
  );
  return { node, ended, run, starts: () => readFileSync(file, "utf8") };
};

test("2.8, S3: an offer that its launcher has not looked at yet outlives the agent, and starts once", async (t) => {
  const { node, ended, run, starts } = await offerToStoppedLauncher(t);
  // Long enough for the offer to be handed on and the next agent to be waiting; on a slow host it dies with the agent, which is the next test.
  await new Promise((resolve) => setTimeout(resolve, 200));
  await node.end("agent", "SIGKILL");
  node.start("agent");
  await new Promise((resolve) => setTimeout(resolve, 500));
  process.kill(node.pid("launcher"), "SIGCONT");
  const row = await ended(run);
  assert.equal(row.result, "succeeded");
  assert.ok(row.attempt <= 2);
  assert.equal(starts(), "begun\n");
});

test("2.8: an offer that dies with its agent and its launcher is made again, and starts once", async (t) => {
  const { node, ended, run, starts } = await offerToStoppedLauncher(t);
  await node.end("launcher", "SIGKILL");
  await node.end("agent", "SIGKILL");
  node.start("launcher");
  node.start("agent");
  const row = await ended(run);
  assert.deepEqual([row.result, row.attempt], ["succeeded", 2]);
  assert.equal(starts(), "begun\n");
});

test("2.1: SIGTERM ends the agent cleanly, and one that has not joined says so", async (t) => {
  const { folder, node } = await place(t);
  node.start("agent");
  const logged = (): string => readFileSync(join(folder, "n", "logs", "agent.log"), "utf8");
  await eventually(
    "the agent has begun",
    async () => logged(),
    (text) => text.includes("the agent has begun"),
  );
  assert.equal(await node.end("agent", "SIGTERM"), 0);
  rmSync(node.layout.agent.config);
  const child = node.start("agent");
  const code = await new Promise((resolve) => child.once("exit", resolve));
  assert.equal(code, 1);
  assert.match(logged(), /nodes\.not-joined/);
});
