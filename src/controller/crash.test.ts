/**
 * Each part is killed with SIGKILL at random moments while runs are submitted, start, write and end. `BEHALF_TEST_LONG=1` does it with 500 runs;
 * `BEHALF_TEST_SEED=N` repeats a sequence of kills (the moments within the parts still differ).
 */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { chmodSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { decodeLogFrames } from "#link/log-format.ts";
import type { RunsTable } from "#store/tables.ts";
import { openStore } from "#store/open.ts";
import { jobOf, openControllerWorld } from "#test/fixtures/controller-world.ts";
import { freePort } from "#test/fixtures/free-port.ts";
import { NodeProcesses } from "#test/fixtures/node-processes.ts";

const isLong = process.env["BEHALF_TEST_LONG"] === "1";
const runsInAll = isLong ? 500 : 150;
const submitForMs = isLong ? 90_000 : 15_000;
const settleWithinMs = isLong ? 240_000 : 120_000;

/** mulberry32: the same sequence for the same seed. */
const randomOf = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

class ControllerProcess {
  readonly #dataFolder: string;
  readonly #port: number;
  readonly #log: string;
  #child: ChildProcess | null = null;
  /** Runs that a controller lived long enough to call accepted. */
  told = 0;

  constructor(dataFolder: string, port: number, log: string) {
    this.#dataFolder = dataFolder;
    this.#port = port;
    this.#log = log;
  }

  start(): void {
    const output = openSync(this.#log, "a");
    const entry = join(import.meta.dirname, "..", "..", "test", "fixtures", "controller-process.ts");
    this.#child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", entry, this.#dataFolder, String(this.#port)], {
      stdio: ["ignore", output, output, "ipc"],
    });
    closeSync(output);
    this.#child.on("message", (message: { type: string; runs?: readonly unknown[] }) => {
      if (message.type === "submitted") this.told += message.runs?.length ?? 0;
    });
  }

  /** Whether somebody took the request; whether it was committed, only the store knows. */
  submit(job: string, count: number): boolean {
    const child = this.#child;
    if (child === null || !child.connected) return false;
    child.send({ type: "submit", job, count }, () => {});
    return true;
  }

  async end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
  }
}

test(
  "2.8: every accepted run ends exactly once and none runs twice, whichever part is killed",
  { timeout: submitForMs + settleWithinMs + 60_000 },
  async (t) => {
    const seed = Number(process.env["BEHALF_TEST_SEED"] ?? Math.floor(Math.random() * 1_000_000));
    t.diagnostic(`seed ${seed}: repeat with BEHALF_TEST_SEED=${seed}`);
    const random = randomOf(seed);
    const folder = mkdtempSync(join(tmpdir(), "bhf-crash-"));
    chmodSync(folder, 0o711);
    const marks = join(folder, "marks");
    writeFileSync(marks, "");
    chmodSync(marks, 0o666);

    const first = await openControllerWorld({ dataFolder: join(folder, "m"), port: await freePort() });
    const node = await NodeProcesses.join(first, join(folder, "n"), "local");
    // A run that began leaves one line with its id; its output is complete when its last line is there.
    const shell = (pause: string): string =>
      `echo "$BEHALF_RUN_ID" >> '${marks}'; echo begun; ${pause}; head -c 20000 /dev/zero | tr '\\0' x; echo; echo "done $BEHALF_RUN_ID"`;
    await first.saveJob(jobOf("/jobs/quick", shell(":")));
    await first.saveJob(jobOf("/jobs/slow", shell("sleep 1.5")));
    const controller = new ControllerProcess(join(folder, "m"), first.controller.port, join(folder, "controller.log"));
    await first.close();

    let failed = true;
    t.after(async () => {
      await controller.end("SIGKILL");
      await node.end("agent", "SIGKILL");
      await node.end("launcher", "SIGTERM");
      if (failed) t.diagnostic(`logs and store are kept in ${folder}`);
      else rmSync(folder, { recursive: true, force: true });
    });
    controller.start();
    node.start("launcher");
    node.start("agent");

    const kills = { controller: 0, agent: 0, launcher: 0 };
    const endAt = performance.now() + submitForMs;
    const killing = (async () => {
      // Six at the least: on a busy machine the time alone may see hardly one.
      while (performance.now() < endAt || kills.controller + kills.agent + kills.launcher < 6) {
        await sleep(300 + random() * 1500);
        const part = (["controller", "agent", "launcher"] as const)[Math.floor(random() * 3)] ?? "agent";
        kills[part] += 1;
        const downMs = random() < 0.5 ? 0 : random() * 800;
        if (part === "controller") await controller.end("SIGKILL");
        else await node.end(part, "SIGKILL");
        await sleep(downMs);
        if (part === "controller") controller.start();
        else node.start(part);
      }
    })();
    let asked = 0;
    // On a busy machine most requests meet a controller that is just being killed.
    while (asked < runsInAll || (controller.told <= runsInAll / 4 && asked < 10 * runsInAll)) {
      await sleep((submitForMs / runsInAll) * 3 * random() * 2);
      const count = Math.min(runsInAll - asked, 1 + Math.floor(random() * 5));
      if (controller.submit(random() < 0.7 ? "/jobs/quick" : "/jobs/slow", count)) asked += count;
    }
    await killing;

    // Everything is up again: what was accepted comes to its end.
    const store = await openStore({ url: `sqlite:${join(folder, "m", "manager", "behalf.db")}` });
    t.after(() => store.close());
    let runs: RunsTable[] = [];
    const settledBy = performance.now() + settleWithinMs;
    for (;;) {
      runs = await store.read.selectFrom("runs").selectAll().execute();
      if (runs.every((run) => run.state === "ended") || performance.now() > settledBy) break;
      await sleep(250);
    }
    const counted = Map.groupBy(runs, (run) => run.result ?? run.state);
    t.diagnostic(
      `${runs.length} runs accepted; ${[...counted].map(([result, list]) => `${list.length} ${result}`).join(", ")}; killed: controller ${kills.controller}, agent ${kills.agent}, launcher ${kills.launcher}`,
    );
    t.diagnostic(`attempts beyond the first: ${runs.reduce((sum, run) => sum + run.attempt - 1, 0)}`);
    assert.ok(runs.length > runsInAll / 4, "too few runs were accepted to say anything");

    const notEnded = runs.filter((run) => run.state !== "ended");
    assert.deepEqual(
      notEnded.map((run) => [run.id, run.state, run.attempt]),
      [],
      "runs that never ended",
    );

    const began = Map.groupBy(
      readFileSync(marks, "utf8")
        .split("\n")
        .filter((line) => line !== ""),
      (line) => line,
    );
    assert.deepEqual(
      [...began].filter(([, lines]) => lines.length > 1).map(([run]) => run),
      [],
      "runs that ran twice",
    );
    const known = new Set(runs.map((run) => run.id));
    assert.deepEqual(
      [...began.keys()].filter((run) => !known.has(run)),
      [],
      "runs that nobody submitted",
    );

    const endings = await store.read.selectFrom("audit").select("object").where("action", "=", "runs.end").execute();
    const endedTimes = Map.groupBy(endings, (ending) => ending.object);
    for (const run of runs) {
      assert.equal(endedTimes.get(run.id)?.length, 1, `${run.id} ended ${endedTimes.get(run.id)?.length ?? 0} times in the record`);
      assert.ok(
        run.result === "succeeded" || run.result === "unknown",
        `${run.id} ended ${run.result}: ${/"launchProblem":[^}]*/.exec(run.outcome ?? "")?.[0]}`,
      );
      if (run.result !== "succeeded") continue;
      assert.ok(began.has(run.id), `${run.id} succeeded without having begun`);
      const { chunks, rest, damaged } = decodeLogFrames(
        readFileSync(join(folder, "m", "manager", "logs", run.id.slice(4, 10), `${run.id}.log`)),
        0,
      );
      const text = chunks
        .filter((chunk) => chunk.stream !== "notice")
        .map((chunk) => chunk.bytes.toString("latin1"))
        .join("");
      assert.equal(rest, 0);
      assert.equal(damaged, false);
      assert.equal(text, `begun\n${"x".repeat(20_000)}\ndone ${run.id}\n`, `${run.id}: output is not complete`);
    }
    assert.ok((counted.get("succeeded")?.length ?? 0) > runs.length / 4, "far more runs should have succeeded");
    failed = false;
  },
);
