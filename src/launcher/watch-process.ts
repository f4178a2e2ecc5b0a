/**
 * Watches one process tree from its start (or adoption) to its last byte of output: timeout, cancel, SIGTERM, grace, SIGKILL of
 * every descendant, and what is left of it afterwards. Gives independent facts, no verdict. What does not belong here: journal, receipts.
 */
import type { Clock } from "#kernel/clock.ts";
import type { Log } from "#kernel/log.ts";
import type { HeldProcess, ProcessExit } from "#launch/process-port.ts";
import type { KeptOutput, RunLog } from "#launcher/run-log.ts";

/** Why a run is stopped before its own end. */
export interface StopCause {
  readonly timedOut: boolean;
  readonly cancelled: { readonly by: string; readonly reason: string } | null;
}

export interface ProcessFacts {
  readonly exit: ProcessExit;
  readonly timedOut: boolean;
  readonly cancelled: StopCause["cancelled"];
  readonly forced: boolean;
  readonly leftovers: number;
  readonly output: KeptOutput;
  /** Monotonic milliseconds at the main process's exit. */
  readonly exitedMonotonicMs: number;
  readonly endedAtMs: number;
}

export interface WatchOptions {
  readonly held: HeldProcess;
  readonly runLog: RunLog;
  readonly graceMs: number;
  /** Milliseconds left until the timeout; null: none. */
  readonly timeoutInMs: number | null;
  /** A stop that was decided before this launcher watched. */
  readonly alreadyStopping: StopCause | null;
  readonly clock: Clock;
  readonly log: Log;
  /** Told when a stop is decided, before the first signal. */
  readonly onStopping: (cause: StopCause) => void;
}

export interface WatchedProcess {
  /** SIGTERM, grace, SIGKILL. Only the first cause counts. */
  stop(cause: StopCause): void;
  /** Leaves the process to the next launcher: nothing more is done about it here. False when it has ended: its facts are coming. */
  leave(): boolean;
  readonly facts: Promise<ProcessFacts>;
}

/** Longest delay of a timer; a longer one would fire at once. */
const maxTimerMs = 2_147_483_647;
/** Descendants that still hold the output after the main process ended have so long to finish by themselves. */
const leftoverGraceMs = 1000;
/** After everything was killed, what is in the pipes is read for so long. */
const drainMs = 10_000;

const after = (delayMs: number, action: () => void): { clear(): void } => {
  let timer: NodeJS.Timeout;
  const arm = (leftMs: number): void => {
    timer = setTimeout(() => (leftMs > maxTimerMs ? arm(leftMs - maxTimerMs) : action()), Math.min(leftMs, maxTimerMs));
  };
  arm(Math.max(0, delayMs));
  return { clear: () => clearTimeout(timer) };
};

/** Whether the promise settled within the time. */
const within = (promise: Promise<unknown>, limitMs: number): Promise<boolean> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), limitMs);
    void promise.then(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });

export const watchProcess = (options: WatchOptions): WatchedProcess => {
  const { held, runLog, graceMs, clock, log } = options;
  let cause: StopCause | null = null;
  let forced = false;
  let hasExited = false;
  let isLeft = false;
  let killTimer: { clear(): void } | null = null;
  let killAtMs = 0;

  const quietly = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      log.error({ run: held.record.run, error }, what);
    }
  };

  const stop = (why: StopCause): void => {
    if (cause !== null || hasExited || isLeft) return;
    cause = why;
    options.onStopping(why);
    killAtMs = clock.monotonicMs() + graceMs;
    void quietly("SIGTERM could not be sent", () => held.signal("SIGTERM"));
    killTimer = after(graceMs, () => {
      if (hasExited || isLeft) return;
      forced = true;
      void quietly("SIGKILL could not be sent", () => held.signal("SIGKILL"));
    });
  };

  const timeout = options.timeoutInMs === null ? null : after(options.timeoutInMs, () => stop({ timedOut: true, cancelled: null }));
  if (options.alreadyStopping !== null) stop(options.alreadyStopping);

  const streams = Promise.all([runLog.keep("stdout", held.stdout), runLog.keep("stderr", held.stderr)]);

  const run = async (): Promise<ProcessFacts> => {
    const exit = await held.exited;
    if (isLeft) return new Promise(() => {});
    hasExited = true;
    const exitedMonotonicMs = clock.monotonicMs();
    const endedAtMs = clock.nowMs();
    timeout?.clear();
    killTimer?.clear();
    // A tree that is being stopped keeps the rest of its grace; another one a moment to say its last words.
    const patience = cause === null ? leftoverGraceMs : Math.max(leftoverGraceMs, killAtMs - exitedMonotonicMs);
    await within(streams, patience);
    let leftovers = 0;
    await quietly("what a run left behind could not be killed", async () => (leftovers = await held.killTree()));
    const isDrained = await within(streams, drainMs);
    if (!isDrained)
      log.warn({ run: held.record.run }, "the output of a run is still held by a process that cannot be killed: no longer waited for");
    await quietly("what was made for a run could not be removed", () => held.release());
    if (!isDrained) {
      held.stdout.destroy();
      held.stderr.destroy();
    }
    const output = await runLog.finish();
    return {
      exit,
      timedOut: cause?.timedOut ?? false,
      cancelled: cause?.cancelled ?? null,
      forced,
      leftovers,
      output,
      exitedMonotonicMs,
      endedAtMs,
    };
  };

  const leave = (): boolean => {
    if (hasExited) return false;
    isLeft = true;
    timeout?.clear();
    killTimer?.clear();
    return true;
  };

  return { stop, leave, facts: run() };
};
