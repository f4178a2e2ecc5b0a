/**
 * What a verified outcome makes of its run: its end, or one more attempt. What belongs here: the decision. What does not: checking the
 * receipt, or carrying it out. Pure.
 */
import type { Outcome } from "#proof/launch-order.ts";
import { judge, type RunResult } from "#jobs/rules/run-state.ts";

export type OutcomeEffect =
  | { readonly kind: "end"; readonly result: RunResult }
  /** Queued again for a new attempt with a new token. */
  | { readonly kind: "again"; readonly because: "expired" | "not-now" | "unknown-exit" };

export interface OutcomeFacts {
  readonly outcome: Outcome;
  readonly successExitCodes: readonly (readonly [number, number])[];
  readonly restartable: boolean;
  readonly cancelRequested: boolean;
  readonly attempt: number;
  readonly maxAttempts: number;
  /** The node's journal has changed since the offer: what it refuses now it may have started before. */
  readonly journalChanged: boolean;
}

/** The launcher's refusals that say nothing about the order: the token came too late, or the node cannot start anything at present. Nothing was started. */
const passingRefusals: Readonly<Record<string, "expired" | "not-now">> = {
  "delegation.expired": "expired",
  "launch.issued-before-recovery": "expired",
  // The signing key was replaced while the token was on its way, or the node has yet to hear of it (S5).
  "delegation.unknown-issuer": "not-now",
  "delegation.replaced-issuer": "not-now",
  "launch.draining": "not-now",
  "launch.disk-full": "not-now",
  "launch.node-exhausted": "not-now",
  "launch.not-recorded": "not-now",
};

/** Decides; a cancelled run never gets another attempt. */
export const outcomeEffect = (facts: OutcomeFacts): OutcomeEffect => {
  const { outcome } = facts;
  const result = judge(outcome, facts.successExitCodes);
  const mayTryAgain = !facts.cancelRequested && facts.attempt < facts.maxAttempts;
  // A node that lost its memory refuses old tokens truthfully, but cannot know whether it had started them.
  const judged: RunResult = facts.journalChanged && !outcome.started ? "unknown" : result;
  if (judged === "unknown")
    return facts.restartable && mayTryAgain ? { kind: "again", because: "unknown-exit" } : { kind: "end", result: "unknown" };
  if (judged === "refused") {
    if (facts.cancelRequested) return { kind: "end", result: "cancelled" };
    const passing = passingRefusals[outcome.launchProblem?.code ?? ""];
    if (mayTryAgain && passing !== undefined) return { kind: "again", because: passing };
  }
  return { kind: "end", result: judged };
};

/** What becomes of a run whose node cannot say what happened (its memory was lost, or it was revoked). */
export const unknownEffect = (facts: Pick<OutcomeFacts, "restartable" | "cancelRequested" | "attempt" | "maxAttempts">): OutcomeEffect =>
  facts.restartable && !facts.cancelRequested && facts.attempt < facts.maxAttempts
    ? { kind: "again", because: "unknown-exit" }
    : { kind: "end", result: "unknown" };
