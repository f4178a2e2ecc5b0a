/** Asking for a run's end. What still waits ends here and now; what a node has is told to the node by the controller. */
import { fail } from "#kernel/problem.ts";
import { isId } from "#kernel/ids.ts";
import type { Principal } from "#identity/principal.ts";
import { endQueued } from "#jobs/dispatch-store.ts";
import type { JobsContext } from "#jobs/jobs-context.ts";

export interface CancelAnswer {
  readonly run: string;
  readonly node: string;
  readonly controller: string;
  readonly attempt: number;
  /** `ended`: it had not been offered. `cancelling`: the controller has to tell the node. */
  readonly state: "ended" | "cancelling";
}

const longestReason = 500;

/** Cancels a run, or asks again. Throws `runs.not-found` or `runs.already-ended`. The caller has asked whether he may. */
export const requestCancel = async (context: JobsContext, principal: Principal, runId: string, reason: string): Promise<CancelAnswer> => {
  if (reason.length > longestReason || reason.includes("\u0000"))
    fail("input.invalid-value", `the reason is longer than ${longestReason} characters or has a NUL character`, { at: { path: "reason" } });
  if (!isId("run", runId)) fail("runs.not-found", "there is no such run");
  return context.audit.act<CancelAnswer>(
    { actor: principal.accessId, action: "runs.cancel", object: runId, detail: { reason } },
    async (tx) => {
      const nowMs = context.clock.nowMs();
      // First the wish, then the look: an offer that is made at the same moment sees the one or the other.
      const asked = await tx
        .updateTable("runs")
        .set({ cancel_at: nowMs, cancel_by: principal.accessId, cancel_reason: reason })
        .where("id", "=", runId)
        .where("state", "<>", "ended")
        .where("cancel_at", "is", null)
        .executeTakeFirst();
      const run = await tx.selectFrom("runs").select(["node", "controller", "attempt", "state"]).where("id", "=", runId).executeTakeFirst();
      if (run === undefined) return fail("runs.not-found", `there is no run \`${runId}\``);
      if (run.state === "ended") return fail("runs.already-ended", `the run \`${runId}\` has ended already`);
      const ended = await endQueued(tx, { id: runId, result: "cancelled", endedAt: nowMs, outcome: null, dispatchVerdicts: null });
      const state = ended ? "ended" : "cancelling";
      return {
        result: { run: runId, node: run.node, controller: run.controller, attempt: run.attempt, state },
        detail: { state, again: asked.numUpdatedRows === 0n },
      };
    },
  );
};
