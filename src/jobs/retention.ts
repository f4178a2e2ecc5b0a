/**
 * What is kept of history and logs, and for how long. Small transactions, so that nobody waits for a sweep. The caller deletes the
 * log files that are named; a file left behind by a crash in between belongs to a run that is gone and can be removed at any time.
 */
import { sql } from "kysely";
import type { JobsContext } from "#jobs/jobs-context.ts";

export interface RetentionPolicy {
  /** Ended runs and their submissions are deleted after this time. */
  readonly historyMs: number;
  /** At most so many ended runs are kept, whatever their age. Absent: no such limit. */
  readonly keepRuns?: number;
  /** Logs are deleted after this time, runs stay. */
  readonly logsMs: number;
  /** Idempotency keys are forgotten after this time; a day by default. */
  readonly idempotencyMs?: number;
}

export interface Swept {
  /** Runs whose log files are to be deleted now: those that are gone, and those whose log is too old. */
  readonly logsOf: readonly string[];
  readonly runs: number;
  readonly submissions: number;
  readonly idempotencyKeys: number;
  /** There was more than one sweep may take: sweep again soon. */
  readonly more: boolean;
}

const rowsPerTransaction = 200;
const transactionsPerSweep = 50;

/** Ended before this instant: too old or too many. */
const historyCutoff = async (context: JobsContext, policy: RetentionPolicy, nowMs: number): Promise<number> => {
  const byAge = nowMs - policy.historyMs;
  if (policy.keepRuns === undefined) return byAge;
  const oldestKept = await context.store.read
    .selectFrom("runs")
    .select("ended_at")
    .where("ended_at", "is not", null)
    .orderBy("ended_at", "desc")
    .offset(Math.max(0, policy.keepRuns - 1))
    .limit(1)
    .executeTakeFirst();
  return Math.max(byAge, oldestKept?.ended_at ?? byAge);
};

/** Repeats `step` until it finds less than a full transaction's rows; true when it was stopped before. */
const repeat = async (step: () => Promise<number>): Promise<boolean> => {
  for (let count = 0; count < transactionsPerSweep; count += 1) if ((await step()) < rowsPerTransaction) return false;
  return true;
};

/** Deletes what is older than the policy keeps. Never touches a run that has not ended. */
export const sweepRetention = async (context: JobsContext, policy: RetentionPolicy): Promise<Swept> => {
  const nowMs = context.clock.nowMs();
  const cutoff = await historyCutoff(context, policy, nowMs);
  const logsOf: string[] = [];
  let runs = 0;
  let submissions = 0;
  let idempotencyKeys = 0;
  const moreRuns = await repeat(() =>
    context.store.write(async (tx) => {
      const old = await tx
        .selectFrom("runs")
        .select(["id", "submission_id"])
        .where("state", "=", "ended")
        .where("ended_at", "<", cutoff)
        .orderBy("ended_at")
        .limit(rowsPerTransaction)
        .execute();
      if (old.length === 0) return 0;
      const ids = old.map(({ id }) => id);
      await tx.deleteFrom("runs").where("id", "in", ids).execute();
      const gone = await tx
        .deleteFrom("submissions")
        .where("id", "in", [...new Set(old.map((row) => row.submission_id))])
        .where(({ not, exists, selectFrom }) =>
          not(exists(selectFrom("runs").select("runs.id").whereRef("runs.submission_id", "=", "submissions.id"))),
        )
        .executeTakeFirst();
      logsOf.push(...ids);
      runs += ids.length;
      submissions += Number(gone.numDeletedRows);
      return ids.length;
    }),
  );
  const moreLogs = await repeat(() =>
    context.store.write(async (tx) => {
      // A literal 0: SQLite uses the partial index `runs_with_log` only for the very condition it was made with.
      const old = await tx
        .selectFrom("runs")
        .select("id")
        .where("state", "=", "ended")
        .where("ended_at", "<", nowMs - policy.logsMs)
        .where("log_bytes", ">", sql.lit(0))
        .orderBy("ended_at")
        .limit(rowsPerTransaction)
        .execute();
      if (old.length === 0) return 0;
      const ids = old.map(({ id }) => id);
      await tx.updateTable("runs").set({ log_bytes: 0 }).where("id", "in", ids).execute();
      logsOf.push(...ids);
      return ids.length;
    }),
  );
  const moreKeys = await repeat(() =>
    context.store.write(async (tx) => {
      const old = await tx
        .selectFrom("idempotency")
        .select(["principal", "route", "key"])
        .where("created_at", "<", nowMs - (policy.idempotencyMs ?? 86_400_000))
        .orderBy("created_at")
        .limit(rowsPerTransaction)
        .execute();
      for (const row of old)
        await tx
          .deleteFrom("idempotency")
          .where("principal", "=", row.principal)
          .where("route", "=", row.route)
          .where("key", "=", row.key)
          .execute();
      idempotencyKeys += old.length;
      return old.length;
    }),
  );
  if (runs > 0 || idempotencyKeys > 0 || logsOf.length > 0) {
    await context.audit.note({
      actor: "part:manager",
      action: "runs.sweep",
      object: "runs",
      detail: { runs, submissions, logs: logsOf.length, endedBefore: cutoff },
    });
    context.log.info({ runs, submissions, logs: logsOf.length }, "old history deleted");
  }
  return { logsOf, runs, submissions, idempotencyKeys, more: moreRuns || moreLogs || moreKeys };
};
