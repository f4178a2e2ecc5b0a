/**
 * The life of the runs on this node: shown a token, it starts what the token says once and never again, watches it, and hands out its signed
 * outcome until it is confirmed (S3, S10). Decisions are in `admission.ts`, durability in `run-recorder.ts`, one process in
 * `watch-process.ts`; what happens after a restart in `recover-runs.ts`.
 */
import { rm } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isId } from "#kernel/ids.ts";
import { problem, type Problem } from "#kernel/problem.ts";
import type { Clock } from "#kernel/clock.ts";
import type { Log } from "#kernel/log.ts";
import type { KnownRun, NodeDecision } from "#link/messages.ts";
import type { HeldProcess, Place, ProcessHost, StartSpec } from "#launch/process-port.ts";
import { sha256Hex } from "#proof/digest.ts";
import { shutdownActor, type LaunchOrder, type Outcome, type VerdictRecord } from "#proof/launch-order.ts";
import type { Admission, Believed } from "#launcher/admission.ts";
import type { DiskSpace } from "#launcher/disk-space.ts";
import { refusedOutcome, watchedOutcome } from "#launcher/outcome.ts";
import { openRunLog, type RunLog, type RunLogOptions } from "#launcher/run-log.ts";
import type { OpenRun } from "#launcher/run-book.ts";
import type { RunRecorder } from "#launcher/run-recorder.ts";
import {
  attemptKey,
  type EndedRecord,
  type KeptOrder,
  type RunningRecord,
  type StartingRecord,
  type StoppingRecord,
} from "#launcher/run-records.ts";
import { watchProcess, type WatchedProcess } from "#launcher/watch-process.ts";

/** Where a run stands that has not ended. */
export interface ToldState {
  readonly run: string;
  readonly attempt: number;
  readonly state: "starting" | "running";
  readonly atMs: number;
  readonly pid: number | null;
  /** Of what runs. */
  readonly decided: NodeDecision | null;
}

const toldState = ({ starting, running }: Pick<OpenRun, "starting" | "running">): ToldState => {
  const { run, attempt, order } = starting;
  if (running === null) return { run, attempt, state: "starting", atMs: starting.atMs, pid: null, decided: null };
  const decided = order.runAs === null ? null : { runAs: order.runAs.user, verdicts: order.verdicts };
  return { run, attempt, state: "running", atMs: running.atMs, pid: running.process.pid, decided };
};

/** What the link is told; it tells the agent. */
export interface RunEvents {
  onState(told: ToldState): void;
  onLogGrown(run: string, attempt: number, logBytes: number): void;
  onEnded(ended: EndedRecord): void;
}

export interface StartRequest {
  readonly run: string;
  readonly attempt: number;
  readonly token: string;
}

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

/** How long an unbelieved token says it lives, at most. */
const farthestExpiryMs = 365 * 86_400_000;

/** `exp` of a token whose signature means nothing here: only for how long its bytes are remembered as refused. */
const claimedExpiryMs = (token: string, nowMs: number): number => {
  let exp: unknown;
  try {
    exp = (JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8")) as { exp?: unknown }).exp;
  } catch {
    exp = null;
  }
  return typeof exp === "number" && Number.isFinite(exp) ? Math.min(Math.max(exp * 1000, nowMs), nowMs + farthestExpiryMs) : nowMs;
};

export class Runs {
  readonly #options: RunsOptions;
  /** Being admitted, by run. */
  readonly #pending = new Map<string, Pending>();
  readonly #watched = new Map<string, Watched>();
  #draining = false;

  constructor(options: RunsOptions) {
    this.#options = options;
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
        return this.#showConfirmed(run, attempt, tokenDigest);
      case "conflict":
        if (replay.why === "other-bytes")
          return problem(
            "launch.other-order-same-run",
            `run \`${run}\`, attempt ${attempt} is known here by another order: these bytes are not looked at`,
          );
        break;
      case "new":
        break;
    }
    const done = Promise.withResolvers<void>();
    const pending: Pending = { attempt, tokenDigest, cancelled: null, settled: done.promise };
    this.#pending.set(run, pending);
    try {
      return await this.#admit(
        request,
        tokenDigest,
        pending,
        replay.kind === "conflict" && replay.why !== "other-bytes" ? replay.why : null,
      );
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

  /** Signs, journals and tells the end of a believed run. */
  async end(starting: StartingRecord, outcome: Outcome): Promise<void> {
    const { recorder, events } = this.#options;
    const { run, attempt, tokenDigest, expMs, order } = starting;
    const ended = await recorder.recordEnd({
      run,
      attempt,
      tokenDigest,
      expMs,
      verified: true,
      orderDigest: order.digest,
      auditHead: order.auditHead,
      outcome,
    });
    this.#watched.delete(attemptKey(run, attempt));
    events.onEnded(ended);
  }

  async #admit(
    request: StartRequest,
    tokenDigest: string,
    pending: Pending,
    conflict: "later-attempt" | "earlier-attempt-open" | "earlier-attempt-ran" | null,
  ): Promise<Problem | null> {
    const { admission, disk } = this.#options;
    const { run, attempt } = request;
    const believed = admission.believe(request, this.#options.recorder.refuseIssuedUpToMs);
    if (!believed.ok) return this.#refuseBytes(request, tokenDigest, null, believed.problem);
    if (conflict !== null) {
      const refusal =
        conflict === "later-attempt"
          ? problem("launch.attempt-superseded", `a later attempt of run \`${run}\` is known here: attempt ${attempt} is not started`)
          : problem(
              "launch.already-ran",
              `an earlier attempt of run \`${run}\` ${conflict === "earlier-attempt-open" ? "is running" : "has run"} here: attempt ${attempt} is not started`,
            );
      return this.#refuseBytes(request, tokenDigest, believed.value, refusal);
    }
    const { order } = believed.value;
    const refuse = (refusal: Problem, verdicts: readonly VerdictRecord[]): Promise<void> =>
      this.#refuseRun(
        order,
        believed.value.orderDigest,
        tokenDigest,
        refusedOutcome(refusal, verdicts, this.#options.clock.nowMs(), pending.cancelled),
      );
    if (this.#draining) await refuse(problem("launch.draining", "this node is draining: it starts nothing more"), [believed.value.verdict]);
    else {
      const noSpace = disk.check();
      if (noSpace !== null) {
        await refuse(noSpace, [believed.value.verdict]);
        return null;
      }
      const decided = await admission.decide(believed.value);
      if (!decided.ok) await refuse(decided.problem, decided.verdicts);
      else if (pending.cancelled !== null)
        await this.#refuseRun(
          order,
          believed.value.orderDigest,
          tokenDigest,
          refusedOutcome(null, decided.verdicts, this.#options.clock.nowMs(), pending.cancelled),
        );
      else
        await this.#launch(
          order,
          believed.value.orderDigest,
          tokenDigest,
          decided.spec,
          decided.runAs,
          decided.verdicts,
          decided.isExclusive,
          pending,
        );
    }
    return null;
  }

  async #launch(
    order: LaunchOrder,
    orderDigest: string,
    tokenDigest: string,
    spec: StartSpec,
    runAs: KeptOrder["runAs"],
    verdicts: readonly VerdictRecord[],
    isExclusive: boolean,
    pending: Pending,
  ): Promise<void> {
    const { recorder, host, clock, events } = this.#options;
    const { run, attempt, limits } = order;
    const refuse = (refusal: Problem): Promise<void> =>
      this.#refuseRun(order, orderDigest, tokenDigest, refusedOutcome(refusal, verdicts, clock.nowMs(), pending.cancelled));
    if (isExclusive && runAs !== null) {
      for (const { starting } of recorder.book.open.values())
        if (starting.order.runAs?.uid === runAs.uid && starting.order.submitter !== order.submitter.accessId)
          return refuse(
            problem(
              "launch.exclusive-account",
              `\`${runAs.user}\` is in use by another submitter's run, and this node's policy lets an account serve one submitter at a time`,
            ),
          );
    }
    const kept: KeptOrder = {
      digest: orderDigest,
      submitter: order.submitter.accessId,
      limits,
      auditHead: order.auditHead,
      runAs,
      verdicts,
    };
    const place = this.#reserve(run);
    const starting: StartingRecord = {
      kind: "starting",
      run,
      attempt,
      tokenDigest,
      expMs: order.exp * 1000,
      atMs: clock.nowMs(),
      order: kept,
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
      return refuse(problem("launch.not-recorded", "the start could not be recorded on this node's disk: nothing was started"));
    if (!started.ok) return refuse(started.problem);
    const running: RunningRecord = { kind: "running", run, attempt, atMs, monotonicMs, process: started.value.record };
    recorder.recordRunning(running);
    this.watch(starting, running, started.value, openRunLog(this.runLogOptions(run, attempt, limits.outputBytes)), {
      monotonicMs,
      timeoutInMs: limits.timeoutMs,
      stopping: null,
    });
    events.onState(toldState({ starting, running }));
    if (pending.cancelled !== null) this.cancel(run, attempt, pending.cancelled.by, pending.cancelled.reason);
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

  /** A believed order that is not started: its replay key is used up all the same. */
  async #refuseRun(order: LaunchOrder, orderDigest: string, tokenDigest: string, outcome: Outcome): Promise<void> {
    const { recorder, events } = this.#options;
    const ended = await recorder.recordEnd({
      run: order.run,
      attempt: order.attempt,
      tokenDigest,
      expMs: order.exp * 1000,
      verified: true,
      orderDigest,
      auditHead: order.auditHead,
      outcome,
    });
    events.onEnded(ended);
  }

  /**
   * SECURITY: a token that is refused with a receipt is never started later, even if it would become valid: else a courier could
   * show the manager a refusal of what then runs. The run itself stays free for the right token.
   */
  async #refuseBytes(request: StartRequest, tokenDigest: string, believed: Believed | null, refusal: Problem): Promise<Problem | null> {
    const { recorder, events, clock, admission, log } = this.#options;
    const { run, attempt, token } = request;
    const nowMs = clock.nowMs();
    log.warn({ run, attempt, code: refusal.code }, "token refused");
    if (!recorder.book.mayRememberUnbelieved())
      return problem("launch.too-many-refusals", "too many tokens were refused here lately: this one is refused without a receipt");
    const verdict = believed?.verdict ?? admission.disbelief(refusal);
    const ended = await recorder.recordEnd({
      run,
      attempt,
      tokenDigest,
      expMs: believed === null ? claimedExpiryMs(token, nowMs) : believed.order.exp * 1000,
      verified: false,
      orderDigest: believed?.orderDigest ?? tokenDigest,
      auditHead: believed?.order.auditHead ?? null,
      outcome: refusedOutcome(refusal, [verdict], nowMs),
    });
    events.onEnded(ended);
    return null;
  }

  async #showConfirmed(run: string, attempt: number, tokenDigest: string): Promise<Problem | null> {
    const { recorder, events, clock } = this.#options;
    const receipt = await recorder.receipts.find(run, attempt);
    if (receipt === null)
      return problem("launch.unknown-run", `run \`${run}\`, attempt ${attempt} was confirmed long ago; its receipt is no longer kept`);
    events.onEnded({
      kind: "ended",
      run,
      attempt,
      tokenDigest,
      expMs: 0,
      atMs: clock.nowMs(),
      verified: true,
      started: false,
      exitUnknown: false,
      sequence: 0,
      receipt,
      logBytes: 0,
    });
    return null;
  }
}
