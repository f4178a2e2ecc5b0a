/** Builds outcomes: of what was refused, of what was watched to its end, and of what nobody saw end. Pure. */
import { createHash } from "node:crypto";
import type { Problem } from "#kernel/problem.ts";
import type { Outcome, VerdictRecord } from "#proof/launch-order.ts";
import type { KeptOrder } from "#launcher/run-records.ts";
import type { KeptOutput } from "#launcher/run-log.ts";
import type { ProcessFacts } from "#launcher/watch-process.ts";

export const instant = (ms: number): string => new Date(ms).toISOString();

const emptySha256 = createHash("sha256").digest("hex");
export const noOutput: KeptOutput = { logBytes: 0, writtenBytes: 0, truncated: false, sha256: emptySha256 };

const problemData = (problem: Problem): NonNullable<Outcome["launchProblem"]> => ({
  code: problem.code,
  message: problem.message,
  hint: problem.hint,
});

/** Nothing was started. */
export const refusedOutcome = (
  problem: Problem | null,
  verdicts: readonly VerdictRecord[],
  nowMs: number,
  cancelled: Outcome["cancelled"] = null,
): Outcome => ({
  started: false,
  startedAt: null,
  endedAt: instant(nowMs),
  durationMs: null,
  exitCode: null,
  signal: null,
  timedOut: false,
  cancelled,
  forced: false,
  leftovers: 0,
  exitUnknown: false,
  launchProblem: problem === null ? null : problemData(problem),
  output: noOutput,
  runAs: null,
  tree: null,
  verdicts,
});

/** Watched to its end; or, where the host says so, its program never began (O7). */
export const watchedOutcome = (
  order: KeptOrder,
  facts: ProcessFacts,
  started: { readonly atMs: number; readonly monotonicMs: number | null; readonly tree: Outcome["tree"] },
): Outcome => {
  const { exit } = facts;
  const isStarted = exit.startProblem === null;
  return {
    started: isStarted,
    startedAt: isStarted ? instant(started.atMs) : null,
    endedAt: instant(facts.endedAtMs),
    durationMs: isStarted && started.monotonicMs !== null ? Math.max(0, Math.round(facts.exitedMonotonicMs - started.monotonicMs)) : null,
    exitCode: isStarted ? exit.exitCode : null,
    signal: isStarted ? exit.signal : null,
    timedOut: facts.timedOut,
    cancelled: facts.cancelled,
    forced: facts.forced,
    leftovers: facts.leftovers,
    exitUnknown: isStarted && !exit.known,
    // A start that our own signal ended has no problem of its own.
    launchProblem: exit.startProblem === null || facts.cancelled !== null ? null : problemData(exit.startProblem),
    output: facts.output,
    runAs: isStarted ? order.runAs : null,
    tree: isStarted ? started.tree : null,
    verdicts: order.verdicts,
  };
};

/** It was started, or was about to be, and nothing of it is left: never a success. */
export const unseenOutcome = (
  order: KeptOrder,
  startedAtMs: number | null,
  nowMs: number,
  output: KeptOutput,
  cancelled: Outcome["cancelled"],
  timedOut: boolean,
): Outcome => ({
  started: true,
  startedAt: startedAtMs === null ? null : instant(startedAtMs),
  endedAt: instant(nowMs),
  durationMs: null,
  exitCode: null,
  signal: null,
  timedOut,
  cancelled,
  forced: false,
  leftovers: 0,
  exitUnknown: true,
  launchProblem: null,
  output,
  runAs: order.runAs,
  tree: null,
  verdicts: order.verdicts,
});
