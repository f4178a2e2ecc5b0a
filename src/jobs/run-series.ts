/** Runs over time, for charts: how many were queued in each slice, how they ended, how long they waited. What a reader may see is the caller's matter. */
import { sql } from "kysely";
import { visibleWithin, type PlaceColumns, type VisibleFolders, type VisiblePlaces } from "#jobs/folder-filter.ts";
import type { RunResult } from "#jobs/rules/run-state.ts";
import type { Reader } from "#store/store.ts";

export interface SeriesFilter {
  readonly folders: VisibleFolders | VisiblePlaces;
  /** Queued at this instant or later, and before that one. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Milliseconds of one slice; the first begins at `fromMs`. */
  readonly sliceMs: number;
}

/** The runs of one job on one controller that were queued in one slice and ended so. */
export interface SeriesCount {
  readonly job: string;
  readonly controller: string;
  /** When the slice begins. */
  readonly atMs: number;
  readonly result: RunResult | null;
  readonly runs: number;
  /** Those that have started. */
  readonly started: number;
  /** From queued to started, summed over those, and the longest. */
  readonly waitedMs: number;
  readonly longestWaitMs: number;
}

const place: PlaceColumns = { path: "job_path", folder: "folder", controller: "controller" };

/** Counted by what a reader is asked about, as `countRuns`. */
export const countSeries = async (reader: Reader, filter: SeriesFilter): Promise<readonly SeriesCount[]> => {
  const { fromMs, toMs, sliceMs } = filter;
  // The remainder means the same in both stores; a quotient would be cut in one and rounded in the other.
  const slice = sql<number>`queued_at - ((queued_at - ${sql.lit(fromMs)}) % ${sql.lit(sliceMs)})`;
  const waited = sql<number>`case when started_at is null then 0 when started_at < queued_at then 0 else started_at - queued_at end`;
  let query = reader
    .selectFrom("runs")
    .select((select) => [
      "job_path",
      "controller",
      slice.as("slice"),
      "result",
      select.fn.countAll<number>().as("runs"),
      select.fn.count<number>("started_at").as("started"),
      // A sum of bigints is a numeric in PostgreSQL, which would arrive as text.
      sql<number>`cast(sum(${waited}) as bigint)`.as("waited"),
      sql<number>`max(${waited})`.as("longest"),
    ])
    .where("queued_at", ">=", fromMs)
    .where("queued_at", "<", toMs)
    .groupBy(["job_path", "controller", "slice", "result"]);
  const visible = visibleWithin(filter.folders, place);
  if (visible !== null) query = query.where(visible);
  return (await query.execute()).map((row) => ({
    job: row.job_path,
    controller: row.controller,
    atMs: row.slice,
    result: row.result as RunResult | null,
    runs: row.runs,
    started: row.started,
    waitedMs: row.waited,
    longestWaitMs: row.longest,
  }));
};
