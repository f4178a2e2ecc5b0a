/**
 * After a restart: every run that the journal knows as open is found again, or its end is recorded as unseen (2.8). Logs are hashed again
 * from their first byte. What does not belong here: what a run does from then on (`runs.ts`).
 */
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "#kernel/clock.ts";
import type { Log } from "#kernel/log.ts";
import type { ProcessHost } from "#launch/process-port.ts";
import { unseenOutcome } from "#launcher/outcome.ts";
import { resumeRunLog } from "#launcher/run-log.ts";
import type { OpenRun } from "#launcher/run-book.ts";
import type { RunRecorder } from "#launcher/run-recorder.ts";
import { attemptKey, type RunningRecord } from "#launcher/run-records.ts";
import type { Runs } from "#launcher/runs.ts";

export interface RecoverOptions {
  readonly runs: Runs;
  readonly recorder: RunRecorder;
  readonly host: ProcessHost;
  /** Where logs are kept. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
}

const recoverOne = async (options: RecoverOptions, { starting, running, stopping }: OpenRun): Promise<void> => {
  const { runs, recorder, host, clock, log } = options;
  const { run, attempt, order } = starting;
  const runLog = await resumeRunLog(runs.runLogOptions(run, attempt, order.limits.outputBytes));
  const held = await host.adopt(run, attempt, running?.process ?? null, starting.place ?? null);
  if (held === null) {
    log.warn({ run, attempt }, "a run ended while no launcher watched: its exit is unknown");
    runLog.notice("behalf: the launcher was restarted; this run ended meanwhile, its exit is unknown");
    const output = await runLog.finish();
    const startedAtMs = running?.atMs ?? null;
    await runs.end(
      starting,
      unseenOutcome(order, startedAtMs, clock.nowMs(), output, stopping?.cancelled ?? null, stopping?.timedOut ?? false),
    );
    return;
  }
  log.info({ run, attempt, pid: held.record.pid }, "run adopted");
  runLog.notice("behalf: the launcher was restarted while this run went on");
  const found: RunningRecord = running ?? {
    kind: "running",
    run,
    attempt,
    atMs: starting.atMs,
    monotonicMs: clock.monotonicMs(),
    process: held.record,
  };
  if (running === null) recorder.recordRunning(found);
  // The monotonic clock means something within one boot, and an adopted process is of this boot.
  const elapsedMs = Math.max(0, clock.monotonicMs() - found.monotonicMs);
  const timeoutInMs = order.limits.timeoutMs === null ? null : Math.max(0, order.limits.timeoutMs - elapsedMs);
  runs.watch(starting, found, held, runLog, { monotonicMs: found.monotonicMs, timeoutInMs, stopping });
};

/** Finds every open run again; removes logs that belong to no run that is known. */
export const recoverRuns = async (options: RecoverOptions): Promise<void> => {
  const { recorder, folder, log } = options;
  const { book } = recorder;
  for (const open of book.open.values()) {
    try {
      await recoverOne(options, open);
    } catch (error) {
      log.error({ run: open.starting.run, error }, "a run could not be found again");
      await options.runs.end(
        open.starting,
        unseenOutcome(
          open.starting.order,
          open.running?.atMs ?? null,
          options.clock.nowMs(),
          { logBytes: 0, writtenBytes: 0, truncated: true, sha256: "0".repeat(64) },
          null,
          false,
        ),
      );
    }
  }
  const wanted = new Set([...book.open.values()].map(({ starting }) => `${attemptKey(starting.run, starting.attempt)}.log`));
  for (const { run, attempt } of book.ended.values()) wanted.add(`${attemptKey(run, attempt)}.log`);
  for (const name of readdirSync(folder)) if (!wanted.has(name)) rmSync(join(folder, name), { force: true, recursive: true });
};
