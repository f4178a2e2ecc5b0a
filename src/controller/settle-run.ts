/**
 * The transactions in which a run leaves a node: ended by a signed outcome, ended as unknown, or queued for one more attempt. What does not
 * belong here: checking receipts and logs (`outcome-desk.ts`), and what is sent afterwards.
 *
 * INVARIANT: end, receipt position and audit record are one transaction; a run that had left already changes nothing.
 */
import { shutdownActor, type Outcome } from "#proof/launch-order.ts";
import { endQueued, endRun, queueAgain, readRun } from "#jobs/dispatch-store.ts";
import type { RunResult } from "#jobs/rules/run-state.ts";
import type { Problem } from "#kernel/problem.ts";
import type { Writer } from "#store/store.ts";
import type { ControllerContext } from "#controller/controller-context.ts";
import type { LiveRun, ReceivedOutcome } from "#controller/live-run.ts";
import { outcomeEffect, unknownEffect, type OutcomeEffect } from "#controller/rules/outcome-effect.ts";
import type { ChainFinding, ChainPosition } from "#controller/rules/receipt-chain.ts";

/** `stale`: the run had ended, or was at another attempt; nothing was changed. */
export type Settled = "ended" | "again" | "stale";

const part = "part:controller";

const announce = (context: ControllerContext, live: LiveRun, effect: OutcomeEffect): void => {
  context.states.drop(live.run);
  context.changed({
    run: live.run,
    submission: live.submission,
    jobPath: live.jobPath,
    folder: live.folder,
    submitter: live.submitter,
    node: live.node,
    state: effect.kind === "end" ? "ended" : "queued",
    result: effect.kind === "end" ? effect.result : null,
    attempt: live.attempt,
    atMs: context.clock.nowMs(),
  });
};

const instantMs = (iso: string | null): number | null => {
  if (iso === null) return null;
  const ms = Date.parse(iso);
  return Number.isNaN(ms) ? null : ms;
};

/** The launcher no longer has the rest of it, or its bytes are not those that the node signed. */
export type LogFault = "missing" | "differs";

export interface OutcomeCircumstances {
  readonly nodeId: string;
  readonly journalChanged: boolean;
  /** Null: the receipt was not newer than what is recorded. */
  readonly chain: { readonly position: ChainPosition; readonly finding: ChainFinding | null } | null;
  /** Bytes of log that are durable here. */
  readonly logBytes: number;
  /** Null: the log is what the node signed. */
  readonly logFault: LogFault | null;
}

/** Commits a verified outcome. */
export const settleOutcome = async (
  context: ControllerContext,
  live: LiveRun,
  received: ReceivedOutcome,
  circumstances: OutcomeCircumstances,
): Promise<Settled> => {
  const { outcome } = received.receipt;
  const effect = outcomeEffect({
    outcome,
    successExitCodes: live.successExitCodes,
    restartable: live.restartable,
    cancelRequested: live.cancel !== null,
    attempt: live.attempt,
    maxAttempts: context.settings.maxAttempts,
    journalChanged: circumstances.journalChanged,
  });
  const settled = await context.store.write(async (tx, stage): Promise<Settled> => {
    const moved =
      effect.kind === "end"
        ? await endRun(tx, {
            id: live.run,
            attempt: live.attempt,
            result: effect.result,
            acceptedAt: live.acceptedAtMs,
            startedAt: instantMs(outcome.startedAt),
            endedAt: instantMs(outcome.endedAt) ?? context.clock.nowMs(),
            outcome: JSON.stringify(outcome),
            receipt: received.jws,
            runAs: outcome.runAs?.user ?? null,
            exitCode: outcome.exitCode,
            logBytes: circumstances.logBytes,
          })
        : await queueAgain(tx, { id: live.run, attempt: live.attempt });
    if (circumstances.chain !== null) {
      await context.nodes.saveReceiptPosition(tx, circumstances.nodeId, circumstances.chain.position);
      const { finding } = circumstances.chain;
      if (finding !== null)
        context.audit.stageNote(stage, { actor: part, action: "nodes.receipt-chain", object: live.node, detail: { ...finding } });
    }
    if (!moved) return "stale";
    const { cancelled } = outcome;
    // SECURITY: a cancel is not signed, so the courier could have made one up: it shows (`outcome-desk.test.ts`).
    if (cancelled !== null && cancelled.by !== shutdownActor && live.cancel === null && (await readRun(tx, live.run))?.cancel === null)
      context.audit.stageNote(stage, {
        actor: part,
        action: "runs.unasked-cancel",
        object: live.run,
        detail: { attempt: live.attempt, node: live.node, by: cancelled.by },
      });
    context.audit.stageNote(stage, {
      actor: part,
      action: effect.kind === "end" ? "runs.end" : "runs.queue-again",
      object: live.run,
      detail: {
        attempt: live.attempt,
        node: live.node,
        ...(effect.kind === "end" ? { result: effect.result } : { because: effect.because }),
        orderDigest: received.receipt.orderDigest,
        receiptDigest: received.digest,
        receiptSequence: received.receipt.sequence,
        ...(circumstances.logFault === null ? {} : { logFault: circumstances.logFault }),
      },
    });
    return effect.kind === "end" ? "ended" : "again";
  });
  if (settled !== "stale") announce(context, live, effect);
  if (settled === "again") {
    await context.logs.reset(live.run);
    context.wake();
  }
  return settled;
};

const commitWithoutOutcome = async (
  context: ControllerContext,
  live: LiveRun,
  effect: OutcomeEffect,
  because: string,
  logBytes: number,
): Promise<Settled> => {
  const settled = await context.store.write(async (tx, stage): Promise<Settled> => {
    const moved =
      effect.kind === "end"
        ? await endRun(tx, {
            id: live.run,
            attempt: live.attempt,
            result: effect.result,
            acceptedAt: live.acceptedAtMs,
            startedAt: null,
            endedAt: context.clock.nowMs(),
            outcome: null,
            receipt: null,
            runAs: null,
            exitCode: null,
            logBytes,
          })
        : await queueAgain(tx, { id: live.run, attempt: live.attempt });
    if (!moved) return "stale";
    context.audit.stageNote(stage, {
      actor: part,
      action: effect.kind === "end" ? "runs.end" : "runs.queue-again",
      object: live.run,
      detail: { attempt: live.attempt, node: live.node, ...(effect.kind === "end" ? { result: effect.result } : {}), because },
    });
    return effect.kind === "end" ? "ended" : "again";
  });
  if (settled !== "stale") announce(context, live, effect);
  if (settled === "again") context.wake();
  return settled;
};

/** The node cannot say what became of the run (`because`): it ends as unknown, or is tried again where its job allows. */
export const settleUnknown = async (context: ControllerContext, live: LiveRun, because: string): Promise<Settled> => {
  const effect = unknownEffect({
    restartable: live.restartable,
    cancelRequested: live.cancel !== null,
    attempt: live.attempt,
    maxAttempts: context.settings.maxAttempts,
  });
  // What output came is kept where the run ends, and goes where it begins anew.
  if (effect.kind === "again") await context.logs.reset(live.run);
  else await context.logs.seal(live.run);
  return commitWithoutOutcome(context, live, effect, because, effect.kind === "end" ? await context.logs.size(live.run) : 0);
};

/** The node never got the run: it is queued again, or ends where that has happened too often. */
export const settleNotReached = async (context: ControllerContext, live: LiveRun, because: string): Promise<Settled> => {
  if (live.attempt < context.settings.maxAttempts || live.cancel !== null) {
    await context.logs.reset(live.run);
    return commitWithoutOutcome(context, live, { kind: "again", because: "expired" }, because, 0);
  }
  return commitWithoutOutcome(context, live, { kind: "end", result: "refused" }, `${because}, ${live.attempt} times`, 0);
};

/** An outcome for what the manager itself refused before any offer: the same shape, so that every surface shows it alike. */
export const refusedOutcome = (refused: Problem, endedAt: string): Outcome => ({
  started: false,
  startedAt: null,
  endedAt,
  durationMs: null,
  exitCode: null,
  signal: null,
  timedOut: false,
  cancelled: null,
  forced: false,
  leftovers: 0,
  exitUnknown: false,
  launchProblem: { code: refused.code, message: refused.message, hint: refused.hint },
  output: { logBytes: 0, writtenBytes: 0, truncated: false, sha256: "" },
  runAs: null,
  tree: null,
  verdicts: [],
});

/** Ends a queued run whose cancellation was requested. True when it was this call that ended it. */
export const endCancelledQueued = async (context: ControllerContext, run: string): Promise<boolean> => {
  const ended = await context.store.write(async (tx: Writer, stage) => {
    const moved = await endQueued(tx, {
      id: run,
      result: "cancelled",
      endedAt: context.clock.nowMs(),
      outcome: null,
      dispatchVerdicts: null,
    });
    if (moved)
      context.audit.stageNote(stage, {
        actor: part,
        action: "runs.end",
        object: run,
        detail: { result: "cancelled" satisfies RunResult, because: "cancelled before it was offered" },
      });
    return moved;
  });
  const row = ended ? await readRun(context.store.read, run) : null;
  if (row !== null) {
    context.changed({
      run,
      submission: row.submissionId,
      jobPath: row.jobPath,
      folder: row.folder,
      submitter: row.submitter,
      node: row.node,
      state: "ended",
      result: "cancelled",
      attempt: row.attempt,
      atMs: context.clock.nowMs(),
    });
  }
  return ended;
};
