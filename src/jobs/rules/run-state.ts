/**
 * The life of a run as rules: which state follows which, and how independent facts are judged. `queued -> offered -> accepted
 * -> running -> ended`; only the controller writes states, only a signed receipt (or a decision before any offer) ends a run.
 */
import type { Outcome } from "#proof/launch-order.ts";

export type RunState = "queued" | "offered" | "accepted" | "running" | "ended";
export type RunResult = "succeeded" | "failed" | "timed-out" | "cancelled" | "refused" | "unknown";

/** Judges an outcome. Order matters: what was not started is refused or failed; what is not known is unknown; then why it was stopped; then its exit code. */
export const judge = (outcome: Outcome, successExitCodes: readonly (readonly [number, number])[]): RunResult => {
  if (outcome.exitUnknown) return "unknown";
  if (!outcome.started) return outcome.cancelled === null ? "refused" : "cancelled";
  if (outcome.cancelled !== null) return "cancelled";
  if (outcome.timedOut) return "timed-out";
  if (outcome.launchProblem !== null || outcome.signal !== null || outcome.exitCode === null) return "failed";
  const code = outcome.exitCode;
  return successExitCodes.some(([low, high]) => code >= low && code <= high) ? "succeeded" : "failed";
};
