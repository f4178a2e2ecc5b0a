/**
 * Durable runs per second from HTTP submission to committed outcome, against a bare loop of `setpriv … /bin/true` in the same
 * run; the time of a single run against one bare call; memory (PSS) and start-up of a real `behalf up`.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ApiClient } from "#cli/api-client.ts";
import type { RunView } from "#cli/run-view.ts";
import { callLauncher } from "#cli/launcher-client.ts";
import { removeFolder, startInstance, type TestInstance } from "#test/fixtures/instance.ts";
import { bareSetprivLoop } from "#test/bench/setpriv-loop.ts";
import { median, type Measured } from "#test/bench/measured.ts";

const job = `kind: Job
path: /bench/true
requires: operator
run: { program: /bin/true }
as: { credential: bench }
on: [local]
timeout: 1m
`;

const batchSize = 50;
const inFlight = 8;

const pssBytes = (pid: number): number => {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
};

const memory = (behalf: TestInstance): { total: number; launcher: number; parts: Record<string, number> } => {
  const parts: Record<string, number> = { supervisor: pssBytes(behalf.supervisor.pid ?? 0) };
  for (const part of ["manager", "agent", "launcher"] as const) parts[part] = pssBytes(behalf.pidOf(part));
  return { total: Object.values(parts).reduce((sum, bytes) => sum + bytes, 0), launcher: parts["launcher"] ?? 0, parts };
};

const megabytes = (whose: string, bytes: number, most: number, detail?: Record<string, number>): Measured => ({
  name: `memory of ${whose} (PSS)`,
  value: bytes / 1e6,
  unit: "MB",
  goal: `<= ${most}`,
  met: bytes <= most * 1e6,
  ...(detail === undefined ? {} : { detail }),
});

const unfinished = async (api: ApiClient): Promise<boolean> => {
  for (const state of ["queued", "offered", "accepted", "running"]) {
    const page = await api.call<{ items: unknown[] }>("GET", `/api/v1/runs?state=${state}&limit=1`);
    if (page.items.length > 0) return true;
  }
  return false;
};

const waitForAll = async (api: ApiClient): Promise<void> => {
  // Seldom: asking costs the manager as much as half a run.
  while (await unfinished(api)) await new Promise((resolve) => setTimeout(resolve, 100));
};

const submitBatches = async (api: ApiClient, count: number): Promise<void> => {
  const bodies = Array.from({ length: Math.ceil(count / batchSize) }, (_, index) => ({
    items: Array.from({ length: Math.min(batchSize, count - index * batchSize) }, () => ({ job: "/bench/true" })),
  }));
  await Promise.all(
    [0, 1].map(async (worker) => {
      for (let index = worker; index < bodies.length; index += 2) await api.call("POST", "/api/v1/submissions", bodies[index] ?? {});
    }),
  );
};

const submitSingly = async (api: ApiClient, count: number): Promise<void> => {
  let left = count;
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (left > 0) {
        left -= 1;
        await api.call("POST", "/api/v1/submissions", { job: "/bench/true" });
      }
    }),
  );
};

/** Runs per second from the first submission to the last committed outcome. */
const throughput = async (api: ApiClient, count: number, submit: (api: ApiClient, count: number) => Promise<void>): Promise<number> => {
  const begin = performance.now();
  await submit(api, count);
  await waitForAll(api);
  return count / ((performance.now() - begin) / 1000);
};

interface SingleRun {
  /** From the request to the exit of the process, by the one clock of this host. */
  readonly exitMs: number;
  /** Until the client was told of the committed outcome. */
  readonly toldMs: number;
}

const single = async (api: ApiClient): Promise<SingleRun> => {
  const begin = performance.now();
  const submission = await api.call<{ runs: { id: string }[] }>("POST", "/api/v1/submissions", { job: "/bench/true" });
  const id = submission.runs[0]?.id ?? "";
  for await (const event of api.events(`/api/v1/runs/${id}/events`)) {
    if (event.event !== "run") continue;
    const run = JSON.parse(event.data) as RunView;
    if (run.state === "ended")
      return { exitMs: Date.parse(run.endedAt ?? "") - performance.timeOrigin - begin, toldMs: performance.now() - begin };
  }
  throw new Error("the run's events ended before the run did");
};

interface Pass {
  readonly value: number;
  readonly peer: number;
}

const besides = async (peer: () => Promise<number>, measure: () => Promise<number>): Promise<Pass> => {
  const before = await peer();
  const value = await measure();
  return { value, peer: (before + (await peer())) / 2 };
};

/** `long`: also 50,000 runs with their history present. */
export const benchEndToEnd = async (options: {
  repetitions: number;
  runs: number;
  long: boolean;
  tell: (text: string) => void;
}): Promise<Measured[]> => {
  const { repetitions, runs, long, tell } = options;
  const found: Measured[] = [];
  // Measured on an ordinary start: a first one also makes keys and certificates.
  const args = ["--max-in-flight", String(inFlight), "--no-example"];
  const first = await startInstance({ args });
  await first.stop();
  const behalf = await startInstance({ dataFolder: first.dataFolder, args });
  const { api } = behalf;
  try {
    const tree = (await api.call<{ facts: { tree: string; switching: string } }>("GET", "/api/v1/nodes/local")).facts;
    await callLauncher(behalf.layout.launcher.adminSocket, {
      type: "credential-set",
      entry: {
        key: "bench",
        user: "nobody",
        allow: { folders: ["/bench"], submitters: ["authenticated"] },
        allowNologin: true,
        noNewPrivileges: false,
      },
    });
    await api.call("POST", "/api/v1/definitions", { documents: job });
    const atStart = memory(behalf);
    found.push(megabytes("all processes after start", atStart.total, 300, atStart.parts));

    await throughput(api, 200, submitBatches);
    // These machines change their speed by the second: the peer runs before and after each pass, and a pass is held against the mean of both.
    const bareRate = async (): Promise<number> =>
      (await bareSetprivLoop({ count: Math.min(runs, 500), inFlight, user: "nobody" })).perSecond;
    const bareTime = async (): Promise<number> => (await bareSetprivLoop({ count: 40, inFlight: 1, user: "nobody" })).medianMs;
    const batches: Pass[] = [];
    const singly: Pass[] = [];
    const singleMs: Pass[] = [];
    const toldMs: number[] = [];
    for (let repetition = 0; repetition < repetitions; repetition += 1) {
      tell(`end to end, repetition ${repetition + 1} of ${repetitions}`);
      batches.push(await besides(bareRate, () => throughput(api, runs, submitBatches)));
      singly.push(await besides(bareRate, () => throughput(api, runs, submitSingly)));
      singleMs.push(
        await besides(bareTime, async () => {
          const runs: SingleRun[] = [];
          for (let index = 0; index < 40; index += 1) runs.push(await single(api));
          toldMs.push(median(runs.map((run) => run.toldMs)));
          return median(runs.map((run) => run.exitMs));
        }),
      );
    }
    const ratio = (name: string, passes: readonly Pass[]): Measured => {
      const value = median(passes.map((pass) => pass.value / pass.peer));
      return {
        name: `${name}, tree kill by ${tree.tree}`,
        value,
        unit: "of bare setpriv",
        goal: ">= 0.5",
        met: value >= 0.5,
        detail: { runsPerSecond: median(passes.map((pass) => pass.value)), bareSetprivPerSecond: median(passes.map((pass) => pass.peer)) },
      };
    };
    found.push(ratio("durable runs per second, submitted in batches", batches), ratio("durable runs per second, submitted singly", singly));
    const latency = median(singleMs.map((pass) => pass.value / pass.peer));
    found.push({
      name: "submit to exit of one /bin/true",
      value: latency,
      unit: "x bare setpriv",
      goal: "<= 3",
      met: latency <= 3,
      detail: {
        ms: median(singleMs.map((pass) => pass.value)),
        bareMs: median(singleMs.map((pass) => pass.peer)),
        untilTheClientIsToldMs: median(toldMs),
      },
    });

    tell("10,000 runs for memory");
    await throughput(api, Math.max(0, 10_000 - repetitions * runs * 2), submitBatches);
    const later = memory(behalf);
    found.push(
      megabytes("all processes after 10,000 runs", later.total, 300, later.parts),
      megabytes("the launcher after 10,000 runs", later.launcher, 70),
    );
    if (long) {
      const early = await throughput(api, 2_000, submitBatches);
      tell("50,000 runs for the growth of the cost");
      for (let done = 0; done < 38_000; done += 2_000) await throughput(api, 2_000, submitBatches);
      const late = await throughput(api, 2_000, submitBatches);
      found.push({
        name: "cost per run after 50,000 runs",
        value: early / late,
        unit: "x the cost after 10,000",
        goal: "<= 1.15",
        met: early / late <= 1.15,
        detail: { early, late },
      });
    }
  } finally {
    await behalf.stop();
    removeFolder(join(behalf.dataFolder, ".."));
  }

  return found;
};

/** From the start of `behalf up`'s own process until everything answers: on an empty data folder, and on one that was used before. */
export const benchStarts = async (options: { repetitions: number; tell: (text: string) => void }): Promise<Measured[]> => {
  const { repetitions, tell } = options;
  const firstMs: number[] = [];
  const againMs: number[] = [];
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    tell(`starts, repetition ${repetition + 1} of ${repetitions}`);
    const first = await startInstance({ args: ["--no-example"] });
    await first.stop();
    const again = await startInstance({ dataFolder: first.dataFolder, args: ["--no-example"] });
    await again.stop();
    firstMs.push(first.readyMs);
    againMs.push(again.readyMs);
    removeFolder(join(first.dataFolder, ".."));
  }
  const measured = (name: string, values: readonly number[]): Measured => ({
    name,
    value: median(values) / 1000,
    unit: "s",
    goal: "<= 1.5",
    met: median(values) <= 1500,
    detail: { fastestMs: Math.min(...values), slowestMs: Math.max(...values) },
  });
  return [measured("first `behalf up` to ready, empty data folder", firstMs), measured("`behalf up` to ready", againMs)];
};
