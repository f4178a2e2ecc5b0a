/**
 * The process host alone, measured like the bare loop: starts, output pipes, control group, TMPDIR, exit, release, for `/bin/true`
 * as another account. Run by hand for both numbers and their ratio: `node test/bench/host-loop.ts`.
 */
import { chmodSync, mkdtempSync, readlinkSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Log } from "#kernel/log.ts";
import { openLinuxHost } from "#launch/linux/host.ts";
import { bareSetprivLoop, type LoopOptions, type LoopResult } from "./setpriv-loop.ts";

const silent: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: (fields) => console.error(fields),
  error: (fields) => console.error(fields),
  child: () => silent,
};

export interface HostLoopOptions extends LoopOptions {
  readonly tree?: "cgroup" | "group";
}

/** In this process; needs root. */
export const measureHost = async (options: HostLoopOptions): Promise<LoopResult & { readonly tree: string }> => {
  const folder = mkdtempSync("/tmp/behalf-bench-");
  chmodSync(folder, 0o711);
  try {
    const host = await openLinuxHost({
      fifoFolder: join(folder, "fifos"),
      tmpFolder: join(folder, "tmp"),
      log: silent,
      ...(options.tree === undefined ? {} : { tree: options.tree }),
    });
    const times: number[] = [];
    let started = 0;
    const begin = performance.now();
    const lane = async (): Promise<void> => {
      while (started < options.count) {
        const id = (started += 1);
        const at = performance.now();
        const account = await host.resolveAccount(options.user);
        if (!account.ok) throw new Error(account.problem.message);
        const run = await host.start({
          run: `bench_${id}`,
          attempt: 1,
          account: account.value,
          program: { kind: "program", file: "/bin/true", args: [] },
          environment: { BEHALF_JOB_PATH: "/bench" },
          workingDirectory: "/",
          umask: null,
          noNewPrivileges: false,
        });
        if (!run.ok) throw new Error(`${run.problem.message} ${run.problem.hint}`);
        run.value.stdout.resume();
        run.value.stderr.resume();
        const exit = await run.value.exited;
        if (exit.exitCode !== 0) throw new Error(`ended with ${JSON.stringify(exit)}`);
        times.push(performance.now() - at);
        await run.value.killTree();
        await run.value.release();
      }
    };
    await Promise.all(Array.from({ length: options.inFlight }, lane));
    const perSecond = (options.count / (performance.now() - begin)) * 1000;
    times.sort((left, right) => left - right);
    await host.close();
    return { perSecond, medianMs: times[Math.floor(times.length / 2)] ?? 0, tree: host.tree };
  } finally {
    await sleep(50);
    try {
      rmSync(readlinkSync(join(folder, "fifos")), { recursive: true });
    } catch {
      // Not in memory.
    }
    rmSync(folder, { recursive: true, force: true });
  }
};

/** In a process of its own. */
export const hostLoop = async (options: HostLoopOptions): Promise<LoopResult & { readonly tree: string }> => {
  const { stdout } = await promisify(execFile)(process.execPath, [import.meta.filename, JSON.stringify(options)]);
  return JSON.parse(stdout) as LoopResult & { tree: string };
};

if (process.argv[1] === import.meta.filename) {
  const given = process.argv[2];
  if (given !== undefined) {
    console.log(JSON.stringify(await measureHost(JSON.parse(given) as HostLoopOptions)));
    process.exit(0);
  }
  const options = { count: 600, inFlight: 8, user: "nobody" };
  for (let round = 0; round < 3; round += 1) {
    const bare = await bareSetprivLoop(options);
    for (const tree of ["cgroup", "group"] as const) {
      const host = await hostLoop({ ...options, tree });
      console.log(
        `bare ${bare.perSecond.toFixed(0)}/s ${bare.medianMs.toFixed(1)} ms · host (${host.tree}) ${host.perSecond.toFixed(0)}/s ${host.medianMs.toFixed(1)} ms · ratio ${(host.perSecond / bare.perSecond).toFixed(2)}`,
      );
    }
  }
}
