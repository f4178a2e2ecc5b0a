/**
 * The life of the runs on this node: shown a token, it starts what the token says once and never again, watches it, and hands out its signed
 * outcome until it is confirmed (S3, S10). Decisions are in `admission.ts`, ends and refusals in `run-ends.ts`, durability in
 * `run-recorder.ts`, one process in `watch-process.ts`; what happens after a restart in `recover-runs.ts`.
 */
import { rm } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isId } from "#kernel/ids.ts";
import { problem, type Problem } from "#kernel/problem.ts";
import type { Clock } from "#kernel/clock.ts";
import type { Log } from "#kernel/log.ts";
import type { KnownRun } from "#link/messages.ts";
import type { HeldProcess, Place, ProcessHost } from "#launch/process-port.ts";
import { sha256Hex } from "#proof/digest.ts";
import { shutdownActor, type Outcome, type VerdictRecord } from "#proof/launch-order.ts";
import type { Admission, Permitted } from "#launcher/admission.ts";
import type { DiskSpace } from "#launcher/disk-space.ts";
import { watchedOutcome } from "#launcher/outcome.ts";
import type { AttemptConflict } from "#launcher/run-book.ts";
import { conflictProblem, RunEnds, takenAccount, type ShownOrder, type StartRequest } from "#launcher/run-ends.ts";
import { toldState, type RunEvents, type ToldState } from "#launcher/run-events.ts";
import { openRunLog, type RunLog, type RunLogOptions } from "#launcher/run-log.ts";
import type { RunRecorder } from "#launcher/run-recorder.ts";
import { attemptKey, type EndedRecord, type RunningRecord, type StartingRecord, type StoppingRecord } from "#launcher/run-records.ts";
import { watchProcess, type WatchedProcess } from "#launcher/watch-process.ts";

export interface RunsOptions {
  readonly host: ProcessHost;
  readonly recorder: RunRecorder;
  readonly admission: Admission;
  readonly disk: DiskSpace;
  /** Where logs are kept. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: RunEvents;
}

/** A run that this process watches. */
interface Watched {
  readonly process: WatchedProcess;
  readonly runLog: RunLog;
  /** Its end is recorded. */
  readonly ended: Promise<void>;
}

interface Pending {
  readonly attempt: number;
  readonly tokenDigest: string;
  cancelled: Outcome["cancelled"];
  readonly settled: Promise<void>;
}

/** Runs whose process has ended when the launcher is told to stop have so long to be recorded. */
const lastEndsMs = 3000;

export class Runs {
  readonly #options: RunsOptions;
  readonly #ends: RunEnds;
  /** Being admitted, by run. */
  readonly #pending = new Map<string, Pending>();
  readonly #watched = new Map<string, Watched>();
  #draining = false;

  constructor(options: RunsOptions) {
    this.#options = options;
    this.#ends = new RunEnds(options);
  }

  get isDraining(): boolean {
    return this.#draining;
  }

  logPath(run: string, attempt: number): string {
    return join(this.#options.folder, `${attemptKey(run, attempt)}.log`);
  }

  /** Answers through the events; a problem is returned only where no outcome may be written, because the run belongs to other bytes. */
  async start(request: StartRequest): Promise<Problem | null> {
    const { run, attempt, token } = request;
    // SECURITY: the run names files; only the shape that managers mint gets that far.
    if (!isId("run", run)) return problem("launch.wrong-request", "the run's id is malformed");
    const tokenDigest = sha256Hex(token);
    for (let pending = this.#pending.get(run); pending !== undefined; pending = this.#pending.get(run)) {
      if (pending.tokenDigest === tokenDigest) return null;
      await pending.settled;
    }
    const replay = this.#options.recorder.book.replay(run, attempt, tokenDigest);
    switch (replay.kind) {
      case "open":
        this.#options.events.onState(toldState(replay.open));
        return null;
      case "ended":
        this.#options.events.onEnded(replay.ended);
        return null;
      case "confirmed":
        return this.#ends.tellConfirmed(run, attempt, tokenDigest);
      case "other-bytes":
        return problem(
          "launch.other-order-same-run",
          `run \`${run}\`, attempt ${attempt} is known here by another order: these bytes are not looked at`,
        );
      case "conflict":
      case "new":
        break;
    }
    const conflict = replay.kind === "conflict" ? replay.why : null;
    const done = Promise.withResolvers<void>();
    const pending: Pending = { attempt, tokenDigest, cancelled: null, settled: done.promise };
    this.#pending.set(run, pending);
    try {
      return await this.#admit(request, tokenDigest, pending, conflict);
    } finally {
      this.#pending.delete(run);
      done.resolve();
    }
  }

  /** Null: it is being stopped, or its outcome was told again. */
  cancel(run: string, attempt: number, by: string, reason: string): Problem | null {
    const { book } = this.#options.recorder;
    const pending = this.#pending.get(run);
    if (pending !== undefined) pending.cancelled ??= { by, reason };
    const watched = this.#watched.get(attemptKey(run, attempt));
    if (watched !== undefined) watched.process.stop({ timedOut: false, cancelled: { by, reason } });
    const ended = book.ended.get(attemptKey(run, attempt));
    if (ended !== undefined) this.#options.events.onEnded(ended);
    if (pending !== undefined || watched !== undefined || ended !== undefined || book.open.has(attemptKey(run, attempt))) return null;
    return problem("launch.unknown-run", `run \`${run}\`, attempt ${attempt} is not known here`);
  }

  /** The manager has the outcome: what is kept of the run is deleted, its replay key is not. */
  acknowledge(run: string, attempt: number): void {
    const { recorder } = this.#options;
    const key = attemptKey(run, attempt);
    if (!isId("run", run) || recorder.book.open.has(key)) return;
    const hasNoLog = recorder.book.ended.get(key)?.logBytes === 0;
    recorder.acknowledge(run, attempt);
    if (!hasNoLog) rm(this.logPath(run, attempt), { force: true }, () => {});
  }

  known(): KnownRun[] {
    const { book } = this.#options.recorder;
    const runs: KnownRun[] = [];
    // INVARIANT: what was given is known from the first moment, else an agent that comes anew reports it as missing, and it is offered again.
    for (const [run, { attempt }] of this.#pending)
      if (!book.open.has(attemptKey(run, attempt))) runs.push({ run, attempt, state: "starting", logBytes: 0 });
    for (const [key, { starting, running }] of book.open)
      runs.push({
        run: starting.run,
        attempt: starting.attempt,
        state: running === null ? "starting" : "running",
        logBytes: this.#watched.get(key)?.runLog.logBytes ?? 0,
      });
    for (const { run, attempt, started, logBytes } of book.ended.values())
      runs.push({ run, attempt, state: started ? "ended" : "refused", logBytes });
    return runs;
  }

  /** Where everything stands that runs. */
  running(): readonly ToldState[] {
    return [...this.#options.recorder.book.open.values()].filter(({ running }) => running !== null).map(toldState);
  }

  unconfirmed(): readonly EndedRecord[] {
    return [...this.#options.recorder.book.ended.values()];
  }

  /** Bytes of log that may be read; null when the run's log is not (or no longer) here. */
  logBytes(run: string, attempt: number): number | null {
    const key = attemptKey(run, attempt);
    const { book } = this.#options.recorder;
    return this.#watched.get(key)?.runLog.logBytes ?? book.ended.get(key)?.logBytes ?? (book.open.has(key) ? 0 : null);
  }

  /** No new starts; what runs gets `drainMs`, then its normal termination as cancelled by `shutdown`. Resolves when nothing is left. */
  async drain(drainMs: number): Promise<void> {
    this.#draining = true;
    const { book } = this.#options.recorder;
    const { clock } = this.#options;
    const until = clock.monotonicMs() + drainMs;
    const isBusy = (): boolean => book.open.size > 0 || this.#pending.size > 0;
    while (isBusy() && clock.monotonicMs() < until) await sleep(Math.min(50, Math.max(1, until - clock.monotonicMs())));
    while (isBusy()) {
      for (const { process } of this.#watched.values())
        process.stop({ timedOut: false, cancelled: { by: shutdownActor, reason: "the node is shutting down" } });
      await sleep(20);
    }
  }

  /** Reads no more output and leaves every process running for the next launcher. */
  async close(): Promise<void> {
    this.#draining = true;
    await Promise.all([...this.#pending.values()].map(({ settled }) => settled));
    const leave = async ({ process, runLog, ended }: Watched): Promise<void> => {
      if (process.leave()) await runLog.suspend();
      else await Promise.race([ended, sleep(lastEndsMs, undefined, { ref: false })]);
    };
    await Promise.all([...this.#watched.values()].map(leave));
  }

  runLogOptions(run: string, attempt: number, limitBytes: number): RunLogOptions {
    const { clock, log, events } = this.#options;
    return {
      path: this.logPath(run, attempt),
      limitBytes,
      nowMs: clock.nowMs,
      log,
      onGrown: (bytes) => events.onLogGrown(run, attempt, bytes),
    };
  }

  /** Watches a process to its end and records it. Used for what was started here and for what was adopted. */
  watch(
    starting: StartingRecord,
    running: RunningRecord,
    held: HeldProcess,
    runLog: RunLog,
    options: { readonly monotonicMs: number | null; readonly timeoutInMs: number | null; readonly stopping: StoppingRecord | null },
  ): void {
    const { recorder, clock, log } = this.#options;
    const { run, attempt, order } = starting;
    const watched = watchProcess({
      held,
      runLog,
      graceMs: order.limits.graceMs,
      timeoutInMs: options.timeoutInMs,
      alreadyStopping: options.stopping,
      clock,
      log,
      onStopping: ({ timedOut, cancelled }) => {
        if (options.stopping === null) recorder.recordStopping({ kind: "stopping", run, attempt, timedOut, cancelled });
      },
    });
    const ended = watched.facts.then(async (facts) => {
      const outcome = watchedOutcome(order, facts, { atMs: running.atMs, monotonicMs: options.monotonicMs, tree: running.process.tree });
      await this.end(starting, outcome);
    });
    this.#watched.set(attemptKey(run, attempt), { process: watched, runLog, ended });
  }

  /** Signs, journals and tells the end of what was started. */
  async end(starting: StartingRecord, outcome: Outcome): Promise<void> {
    const ended = await this.#ends.ofStarted(starting, outcome);
    this.#watched.delete(attemptKey(starting.run, starting.attempt));
    this.#options.events.onEnded(ended);
  }

  async #admit(request: StartRequest, tokenDigest: string, pending: Pending, conflict: AttemptConflict | null): Promise<Problem | null> {
    const { admission, recorder } = this.#options;
    const believed = admission.believe(request, recorder.refuseIssuedUpToMs);
    if (!believed.ok) return this.#ends.ofBytes(request, tokenDigest, null, believed.problem);
    if (conflict !== null) return this.#ends.ofBytes(request, tokenDigest, believed.value, conflictProblem(request, conflict));
    await this.#startOrRefuse({ ...believed.value, tokenDigest }, pending);
    return null;
  }

  async #startOrRefuse(shown: ShownOrder, pending: Pending): Promise<void> {
    const { admission, disk, recorder } = this.#options;
    const refuse = (refusal: Problem | null, verdicts: readonly VerdictRecord[]): Promise<void> =>
      this.#ends.ofOrder(shown, refusal, verdicts, pending.cancelled);
    const unready = this.#draining ? problem("launch.draining", "this node is draining: it starts nothing more") : disk.check();
    if (unready !== null) return refuse(unready, [shown.verdict]);
    const decided = await admission.decide(shown);
    if (!decided.ok) return refuse(decided.problem, decided.verdicts);
    if (pending.cancelled !== null) return refuse(null, decided.verdicts);
    const taken = decided.isExclusive ? takenAccount(recorder.book.open.values(), decided.runAs, shown.order) : null;
    if (taken !== null) return refuse(taken, decided.verdicts);
    const failed = await this.#launch(shown, decided, pending);
    if (failed !== null) await refuse(failed, decided.verdicts);
  }

  /** The problem of what did not start. */
  async #launch(shown: ShownOrder, decided: Permitted, pending: Pending): Promise<Problem | null> {
    const { recorder, host, clock, events } = this.#options;
    const { order, orderDigest, tokenDigest } = shown;
    const { run, attempt, limits } = order;
    const { spec, runAs, verdicts } = decided;
    const place = this.#reserve(run);
    const starting: StartingRecord = {
      kind: "starting",
      run,
      attempt,
      tokenDigest,
      expMs: order.exp * 1000,
      atMs: clock.nowMs(),
      order: { digest: orderDigest, submitter: order.submitter.accessId, limits, auditHead: order.auditHead, runAs, verdicts },
      place,
    };
    // INVARIANT: nothing of the run begins before this is on the disk (S3).
    const recorded = recorder.recordStarting(starting);
    let atMs = starting.atMs;
    let monotonicMs = clock.monotonicMs();
    const mayBegin = recorded.then((isRecorded) => {
      if (isRecorded) events.onState(toldState({ starting, running: null }));
      atMs = clock.nowMs();
      monotonicMs = clock.monotonicMs();
      return isRecorded;
    });
    const started = await host.start({ ...spec, place }, mayBegin);
    if (!(await recorded))
      return problem("launch.not-recorded", "the start could not be recorded on this node's disk: nothing was started");
    if (!started.ok) return started.problem;
    const running: RunningRecord = { kind: "running", run, attempt, atMs, monotonicMs, process: started.value.record };
    recorder.recordRunning(running);
    this.watch(starting, running, started.value, openRunLog(this.runLogOptions(run, attempt, limits.outputBytes)), {
      monotonicMs,
      timeoutInMs: limits.timeoutMs,
      stopping: null,
    });
    events.onState(toldState({ starting, running }));
    if (pending.cancelled !== null) this.cancel(run, attempt, pending.cancelled.by, pending.cancelled.reason);
    return null;
  }

  #reserve(run: string): Place | null {
    try {
      return this.#options.host.reserve();
    } catch (error) {
      // The start will fail for the same reason, and say so.
      this.#options.log.error({ run, error }, "no place for a run could be made");
      return null;
    }
  }
}
