/**
 * The queries that move runs through their states; only the controller calls them. What belongs here: one guarded statement per
 * transition. What does not: deciding which transition.
 *
 * INVARIANT: every write names the state and attempt that it leaves, so that a run ends exactly once whoever else is at work.
 */
import type { NodeDecision } from "#link/messages.ts";
import type { Reader, Writer } from "#store/store.ts";
import type { RunResult } from "#jobs/rules/run-state.ts";

export interface QueuedRun {
  readonly id: string;
  readonly submitter: string;
  readonly cancelled: boolean;
}

/** The oldest queued runs of a node; `notOf` leaves out the runs of these submitters. */
export const readQueuedRuns = async (
  reader: Reader,
  filter: { readonly controller: string; readonly node: string; readonly limit: number; readonly notOf?: readonly string[] },
): Promise<QueuedRun[]> => {
  let query = reader
    .selectFrom("runs")
    .select(["id", "submitter", "cancel_at"])
    .where("state", "=", "queued")
    .where("node", "=", filter.node)
    .where("controller", "=", filter.controller);
  if (filter.notOf !== undefined && filter.notOf.length > 0) query = query.where("submitter", "not in", filter.notOf);
  const rows = await query.orderBy("queued_at").orderBy("id").limit(filter.limit).execute();
  return rows.map((row) => ({ id: row.id, submitter: row.submitter, cancelled: row.cancel_at !== null }));
};

/** Everything about a queued run that its launch order is made of, except the job itself. */
export interface RunToOffer {
  readonly id: string;
  readonly submissionId: string;
  readonly jobPath: string;
  readonly folder: string;
  readonly jobRevision: number;
  readonly attempt: number;
  /** JSON. */
  readonly arguments: string;
  readonly submitter: string;
  readonly submitterName: string;
  /** JSON. */
  readonly submitterClaim: string;
  readonly actor: string;
  readonly actorName: string;
}

export const readRunsToOffer = async (reader: Reader, ids: readonly string[]): Promise<RunToOffer[]> => {
  if (ids.length === 0) return [];
  const rows = await reader
    .selectFrom("runs")
    .innerJoin("submissions", "submissions.id", "runs.submission_id")
    .select([
      "runs.id as id",
      "runs.submission_id as submissionId",
      "runs.job_path as jobPath",
      "runs.folder as folder",
      "runs.job_revision as jobRevision",
      "runs.attempt as attempt",
      "submissions.arguments as arguments",
      "runs.submitter as submitter",
      "runs.submitter_name as submitterName",
      "submissions.submitter_claim as submitterClaim",
      "submissions.actor as actor",
      "submissions.actor_name as actorName",
    ])
    .where("runs.id", "in", ids)
    .where("runs.state", "=", "queued")
    .where("runs.cancel_at", "is", null)
    .execute();
  return rows;
};

export interface OfferRecord {
  readonly id: string;
  /** The attempt that is being offered: one more than the stored one. */
  readonly attempt: number;
  readonly journalId: string;
  readonly orderDigest: string;
  readonly offeredAt: number;
  readonly tokenExpiresAt: number;
  /** JSON `VerdictRecord[]`. */
  readonly dispatchVerdicts: string;
}

/** queued -> offered. False when the run is no longer queued at the attempt before, or was cancelled meanwhile. */
export const markOffered = async (tx: Writer, offer: OfferRecord): Promise<boolean> => {
  const result = await tx
    .updateTable("runs")
    .set({
      state: "offered",
      attempt: offer.attempt,
      journal_id: offer.journalId,
      order_digest: offer.orderDigest,
      offered_at: offer.offeredAt,
      accepted_at: null,
      token_expires_at: offer.tokenExpiresAt,
      dispatch_verdicts: offer.dispatchVerdicts,
    })
    .where("id", "=", offer.id)
    .where("state", "=", "queued")
    .where("attempt", "=", offer.attempt - 1)
    .where("cancel_at", "is", null)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
};

export interface StateChange {
  readonly id: string;
  readonly attempt: number;
  readonly state: "accepted" | "running";
  /** When it was first heard that the node has it; null: that was told before. */
  readonly acceptedAt: number | null;
  readonly startedAt: number | null;
  /** What its node says that it decided; null: nothing, or not yet. */
  readonly decided: NodeDecision | null;
}

/** offered -> accepted -> running; never backwards, never after the end. Of what runs, what its node decided may come later. */
export const markState = async (tx: Writer, change: StateChange): Promise<boolean> => {
  const { decided } = change;
  const result = await tx
    .updateTable("runs")
    .set({
      state: change.state,
      ...(change.acceptedAt === null ? {} : { accepted_at: change.acceptedAt }),
      ...(change.startedAt === null ? {} : { started_at: change.startedAt }),
      ...(decided === null ? {} : { run_as: decided.runAs, node_verdicts: JSON.stringify(decided.verdicts) }),
    })
    .where("id", "=", change.id)
    .where("attempt", "=", change.attempt)
    .where((is) => {
      const comesBefore = is("state", "in", change.state === "running" ? ["offered", "accepted"] : ["offered"]);
      return decided === null ? comesBefore : is.or([comesBefore, is.and([is("state", "=", "running"), is("node_verdicts", "is", null)])]);
    })
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
};

/** A node reports a run that was queued again as running under its last attempt: it goes on instead of starting twice. */
export const resumeQueued = async (
  tx: Writer,
  run: {
    readonly id: string;
    readonly attempt: number;
    readonly state: "accepted" | "running";
    readonly journalId: string;
    readonly orderDigest: string;
  },
): Promise<boolean> => {
  const result = await tx
    .updateTable("runs")
    .set({ state: run.state, journal_id: run.journalId })
    .where("id", "=", run.id)
    .where("attempt", "=", run.attempt)
    .where("state", "=", "queued")
    .where("order_digest", "=", run.orderDigest)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
};

export interface EndRecord {
  readonly id: string;
  readonly attempt: number;
  readonly result: RunResult;
  /** As in `StateChange`: a short run may end before its acceptance was written. */
  readonly acceptedAt: number | null;
  readonly startedAt: number | null;
  readonly endedAt: number;
  /** JSON `Outcome`; null where no outcome exists. */
  readonly outcome: string | null;
  readonly receipt: string | null;
  /** By the outcome. */
  readonly runAs: string | null;
  readonly exitCode: number | null;
  readonly logBytes: number;
}

/** offered, accepted or running -> ended. False when it had ended, or is at another attempt. */
export const endRun = async (tx: Writer, end: EndRecord): Promise<boolean> => {
  const result = await tx
    .updateTable("runs")
    .set({
      state: "ended",
      result: end.result,
      ...(end.acceptedAt === null ? {} : { accepted_at: end.acceptedAt }),
      ...(end.startedAt === null ? {} : { started_at: end.startedAt }),
      ended_at: end.endedAt,
      outcome: end.outcome,
      receipt: end.receipt,
      // The receipt wins. Without one, what the node said stays all that is known.
      ...(end.outcome === null ? {} : { run_as: end.runAs, node_verdicts: null }),
      exit_code: end.exitCode,
      log_bytes: end.logBytes,
    })
    .where("id", "=", end.id)
    .where("attempt", "=", end.attempt)
    .where("state", "in", ["offered", "accepted", "running"])
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
};

/** queued -> ended, before anything was offered: cancelled, or refused by the decision of today. */
export const endQueued = async (
  tx: Writer,
  end: {
    readonly id: string;
    readonly result: "cancelled" | "refused";
    readonly endedAt: number;
    readonly outcome: string | null;
    readonly dispatchVerdicts: string | null;
  },
): Promise<boolean> => {
  let query = tx
    .updateTable("runs")
    .set({
      state: "ended",
      result: end.result,
      ended_at: end.endedAt,
      outcome: end.outcome,
      ...(end.dispatchVerdicts === null ? {} : { dispatch_verdicts: end.dispatchVerdicts }),
    })
    .where("id", "=", end.id)
    .where("state", "=", "queued");
  if (end.result === "cancelled") query = query.where("cancel_at", "is not", null);
  const result = await query.executeTakeFirst();
  return result.numUpdatedRows === 1n;
};

/** The same for many whose cancellation was requested; the ids of those that it ended. */
export const endQueuedRuns = async (
  tx: Writer,
  end: { readonly ids: readonly string[]; readonly result: "cancelled"; readonly endedAt: number },
): Promise<readonly string[]> => {
  const rows = await tx
    .updateTable("runs")
    .set({ state: "ended", result: end.result, ended_at: end.endedAt })
    .where("id", "in", end.ids)
    .where("state", "=", "queued")
    .where("cancel_at", "is not", null)
    .returning("id")
    .execute();
  return rows.map(({ id }) => id);
};

/** offered, accepted or running -> queued, for one more attempt. The order's digest stays until the next offer, to know a late report. */
export const queueAgain = async (tx: Writer, run: { readonly id: string; readonly attempt: number }): Promise<boolean> => {
  const result = await tx
    .updateTable("runs")
    .set({
      state: "queued",
      journal_id: null,
      offered_at: null,
      accepted_at: null,
      token_expires_at: null,
      started_at: null,
      run_as: null,
      node_verdicts: null,
    })
    .where("id", "=", run.id)
    .where("attempt", "=", run.attempt)
    .where("state", "in", ["offered", "accepted", "running"])
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
};

/** A run that a node should know. */
export interface RunOnNode {
  readonly id: string;
  readonly node: string;
  readonly state: string;
  readonly attempt: number;
  readonly journalId: string | null;
  readonly orderDigest: string | null;
  readonly jobPath: string;
  readonly jobRevision: number;
  readonly folder: string;
  readonly submitter: string;
  readonly submissionId: string;
  readonly cancel: { readonly by: string; readonly reason: string } | null;
  readonly result: RunResult | null;
  readonly receipt: string | null;
  /** JSON `VerdictRecord[]`. */
  readonly dispatchVerdicts: string | null;
}

const runOnNodeColumns = [
  "id",
  "node",
  "state",
  "attempt",
  "journal_id",
  "order_digest",
  "job_path",
  "job_revision",
  "folder",
  "submitter",
  "submission_id",
  "cancel_at",
  "cancel_by",
  "cancel_reason",
  "result",
  "receipt",
  "dispatch_verdicts",
] as const;

type RunOnNodeRow = {
  id: string;
  node: string;
  state: string;
  attempt: number;
  journal_id: string | null;
  order_digest: string | null;
  job_path: string;
  job_revision: number;
  folder: string;
  submitter: string;
  submission_id: string;
  cancel_at: number | null;
  cancel_by: string | null;
  cancel_reason: string | null;
  result: string | null;
  receipt: string | null;
  dispatch_verdicts: string | null;
};

const toRunOnNode = (row: RunOnNodeRow): RunOnNode => ({
  id: row.id,
  node: row.node,
  state: row.state,
  attempt: row.attempt,
  journalId: row.journal_id,
  orderDigest: row.order_digest,
  jobPath: row.job_path,
  jobRevision: row.job_revision,
  folder: row.folder,
  submitter: row.submitter,
  submissionId: row.submission_id,
  cancel: row.cancel_at === null ? null : { by: row.cancel_by ?? "", reason: row.cancel_reason ?? "" },
  result: row.result as RunResult | null,
  receipt: row.receipt,
  dispatchVerdicts: row.dispatch_verdicts,
});

/** Runs in `offered`, `accepted` or `running` on a node. */
export const readRunsOnNode = async (
  reader: Reader,
  filter: { readonly controller: string; readonly node: string },
): Promise<RunOnNode[]> => {
  const rows = await reader
    .selectFrom("runs")
    .select(runOnNodeColumns)
    .where("state", "in", ["offered", "accepted", "running"])
    .where("node", "=", filter.node)
    .where("controller", "=", filter.controller)
    .execute();
  return rows.map(toRunOnNode);
};

/** One run as the controller needs it; null when there is none. */
export const readRun = async (reader: Reader, id: string): Promise<RunOnNode | null> => {
  const row = await reader.selectFrom("runs").select(runOnNodeColumns).where("id", "=", id).executeTakeFirst();
  return row === undefined ? null : toRunOnNode(row);
};

/** Nodes that have runs waiting, and how many, for what a person is told. */
export const readQueueSizes = async (reader: Reader, controller: string): Promise<{ readonly node: string; readonly runs: number }[]> => {
  const rows = await reader
    .selectFrom("runs")
    .select(["node", (expressions) => expressions.fn.countAll<number | bigint>().as("runs")])
    .where("state", "=", "queued")
    .where("controller", "=", controller)
    .groupBy("node")
    .execute();
  return rows.map((row) => ({ node: row.node, runs: Number(row.runs) }));
};

/** Queued runs whose cancellation was requested: they end although their node may never come. */
export const readCancelledQueued = async (reader: Reader, controller: string): Promise<string[]> => {
  const rows = await reader
    .selectFrom("runs")
    .select("id")
    .where("state", "=", "queued")
    .where("controller", "=", controller)
    .where("cancel_at", "is not", null)
    .limit(1000)
    .execute();
  return rows.map((row) => row.id);
};
