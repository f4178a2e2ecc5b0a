/** Asking for the end of runs. What still waits ends here and now; what a node has is told to the node by the controller. */
import { fail, problem, type Problem } from "#kernel/problem.ts";
import { isId } from "#kernel/ids.ts";
import type { Principal } from "#identity/principal.ts";
import { endQueuedRuns } from "#jobs/dispatch-store.ts";
import type { JobsContext } from "#jobs/jobs-context.ts";
import type { Writer } from "#store/store.ts";

export interface CancelAnswer {
  readonly run: string;
  readonly node: string;
  readonly controller: string;
  readonly attempt: number;
  /** `ended`: it had not been offered. `cancelling`: the controller has to tell the node. */
  readonly state: "ended" | "cancelling";
}

const longestReason = 500;

const readReason = (reason: string): string =>
  reason.length > longestReason || reason.includes("\u0000")
    ? fail("input.invalid-value", `the reason is longer than ${longestReason} characters or has a NUL character`, {
        at: { path: "reason" },
      })
    : reason;

const isOver = (run: string): Problem => problem("runs.already-ended", `the run \`${run}\` has ended already`);

/** Each run by its id: what became of the wish, and whether it was made before; a run that is not there has no entry. */
const cancelWithin = async (
  tx: Writer,
  principal: Principal,
  runs: readonly string[],
  reason: string,
  nowMs: number,
): Promise<ReadonlyMap<string, { readonly answer: CancelAnswer | Problem; readonly again: boolean }>> => {
  // First the wish, then the look: an offer that is made at the same moment sees the one or the other.
  const asked = await tx
    .updateTable("runs")
    .set({ cancel_at: nowMs, cancel_by: principal.accessId, cancel_reason: reason })
    .where("id", "in", runs)
    .where("state", "<>", "ended")
    .where("cancel_at", "is", null)
    .returning("id")
    .execute();
  const rows = await tx.selectFrom("runs").select(["id", "node", "controller", "attempt", "state"]).where("id", "in", runs).execute();
  const ended = new Set(await endQueuedRuns(tx, { ids: runs, result: "cancelled", endedAt: nowMs }));
  const fresh = new Set(asked.map(({ id }) => id));
  return new Map(
    rows.map(({ id, state, ...row }) => [
      id,
      {
        answer: state === "ended" ? isOver(id) : { run: id, ...row, state: ended.has(id) ? "ended" : "cancelling" },
        again: !fresh.has(id),
      },
    ]),
  );
};

/** Cancels a run, or asks again. Throws `runs.not-found` or `runs.already-ended`. The caller has asked whether he may. */
export const requestCancel = async (context: JobsContext, principal: Principal, runId: string, reason: string): Promise<CancelAnswer> => {
  readReason(reason);
  if (!isId("run", runId)) fail("runs.not-found", "there is no such run");
  return context.audit.act<CancelAnswer>(
    { actor: principal.accessId, action: "runs.cancel", object: runId, detail: { reason } },
    async (tx) => {
      const done = (await cancelWithin(tx, principal, [runId], reason, context.clock.nowMs())).get(runId);
      if (done === undefined) return fail("runs.not-found", `there is no run \`${runId}\``);
      const { answer, again } = done;
      if ("code" in answer) return fail(answer.code, answer.message);
      return { result: answer, detail: { state: answer.state, again } };
    },
  );
};

/** Cancels many as one act, in which each has a record of its own. What has ended by itself, or is not there, is told and changes nothing. */
export const requestCancels = async (
  context: JobsContext,
  principal: Principal,
  runIds: readonly string[],
  reason: string,
  /** Which they are, in the words of who asked; for the record. */
  asked: Readonly<Record<string, unknown>>,
): Promise<readonly (CancelAnswer | Problem)[]> => {
  readReason(reason);
  if (runIds.length === 0) return [];
  const actor = principal.accessId;
  return context.audit.act(
    { actor, action: "runs.cancel", object: "runs", detail: { ...asked, reason, runs: runIds.length } },
    async (tx, stage) => {
      const done = await cancelWithin(tx, principal, runIds, reason, context.clock.nowMs());
      const counts = { ended: 0, cancelling: 0 };
      const result = runIds.map((run) => {
        const { answer, again } = done.get(run) ?? { answer: problem("runs.not-found", `there is no run \`${run}\``), again: false };
        if ("code" in answer) return answer;
        counts[answer.state] += 1;
        context.audit.stageNote(stage, { actor, action: "runs.cancel", object: run, detail: { reason, state: answer.state, again } });
        return answer;
      });
      return { result, detail: counts };
    },
  );
};
