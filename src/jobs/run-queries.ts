/** Reading runs and submissions: single ones, and lists newest first. What moves a run: `dispatch-store.ts`. */
import { sql, type SqlBool } from "kysely";
import type { Outcome, PrincipalClaim, VerdictRecord } from "#proof/launch-order.ts";
import { pageSize, parseCursor, toPage, type Page } from "#jobs/cursor.ts";
import { pathBelow, visibleWithin, type PlaceColumns, type VisibleFolders, type VisiblePlaces } from "#jobs/folder-filter.ts";
import type { RunResult, RunState } from "#jobs/rules/run-state.ts";
import { anyContains } from "#jobs/text-search.ts";
import type { Reader } from "#store/store.ts";

export interface RunSummary {
  readonly id: string;
  readonly submissionId: string;
  readonly job: string;
  readonly folder: string;
  readonly jobRevision: number;
  readonly controller: string;
  readonly node: string;
  readonly submitter: { readonly accessId: string; readonly name: string };
  readonly actor: { readonly accessId: string; readonly name: string };
  readonly state: RunState;
  readonly result: RunResult | null;
  readonly attempt: number;
  readonly queuedAtMs: number;
  readonly offeredAtMs: number | null;
  /** When the controller heard that the node has it. */
  readonly acceptedAtMs: number | null;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly cancel: { readonly atMs: number; readonly by: string; readonly reason: string } | null;
  /** User name of the account it ran as: the decided output. While it runs, by what its node says. */
  readonly runAs: string | null;
  readonly exitCode: number | null;
  readonly logBytes: number;
}

export interface RunDetails extends RunSummary {
  readonly arguments: Readonly<Record<string, string>>;
  readonly comment: string | null;
  readonly outcome: Outcome | null;
  readonly receipt: string | null;
  readonly orderDigest: string | null;
  /** Who and may at submission, may again at dispatch, where and as whom at the node. `signed`: those of the node are its receipt's; else they are what it says. */
  readonly verdicts: {
    readonly submission: readonly VerdictRecord[];
    readonly dispatch: readonly VerdictRecord[];
    readonly node: readonly VerdictRecord[];
    readonly signed: boolean;
  };
}

export interface Submission {
  readonly id: string;
  readonly job: string;
  readonly jobRevision: number;
  readonly controller: string;
  readonly arguments: Readonly<Record<string, string>>;
  readonly submitter: PrincipalClaim;
  readonly actor: { readonly accessId: string; readonly name: string };
  readonly verdicts: readonly VerdictRecord[];
  readonly comment: string | null;
  readonly createdAtMs: number;
}

export interface RunFilter {
  readonly folders: VisibleFolders | VisiblePlaces;
  readonly job?: string;
  /** Only jobs in this folder or below. */
  readonly folder?: string;
  readonly submission?: string;
  /** Only these. */
  readonly ids?: readonly string[];
  /** `active`: any but `ended`. */
  readonly state?: RunState | "active";
  /** Any of these. */
  readonly results?: readonly RunResult[];
  readonly node?: string;
  readonly controller?: string;
  readonly submitter?: string;
  /** Queued at this instant or later, and before that one. */
  readonly fromMs?: number;
  readonly beforeMs?: number;
  /** Only runs whose job, node, people, account, comment or id contains this text. */
  readonly q?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

const summaryColumns = [
  "runs.id as id",
  "submission_id",
  "runs.job_path as job_path",
  "folder",
  "runs.job_revision as job_revision",
  "runs.controller as controller",
  "node",
  "runs.submitter as submitter",
  "runs.submitter_name as submitter_name",
  "actor",
  "actor_name",
  "state",
  "result",
  "attempt",
  "queued_at",
  "offered_at",
  "accepted_at",
  "started_at",
  "ended_at",
  "cancel_at",
  "cancel_by",
  "cancel_reason",
  "run_as",
  "exit_code",
  "log_bytes",
] as const;

interface SummaryRow {
  readonly id: string;
  readonly submission_id: string;
  readonly job_path: string;
  readonly folder: string;
  readonly job_revision: number;
  readonly controller: string;
  readonly node: string;
  readonly submitter: string;
  readonly submitter_name: string;
  readonly actor: string;
  readonly actor_name: string;
  readonly state: string;
  readonly result: string | null;
  readonly attempt: number;
  readonly queued_at: number;
  readonly offered_at: number | null;
  readonly accepted_at: number | null;
  readonly started_at: number | null;
  readonly ended_at: number | null;
  readonly cancel_at: number | null;
  readonly cancel_by: string | null;
  readonly cancel_reason: string | null;
  readonly run_as: string | null;
  readonly exit_code: number | null;
  readonly log_bytes: number;
}

const toSummary = (row: SummaryRow): RunSummary => ({
  id: row.id,
  submissionId: row.submission_id,
  job: row.job_path,
  folder: row.folder,
  jobRevision: row.job_revision,
  controller: row.controller,
  node: row.node,
  submitter: { accessId: row.submitter, name: row.submitter_name },
  actor: { accessId: row.actor, name: row.actor_name },
  state: row.state as RunState,
  result: row.result as RunResult | null,
  attempt: row.attempt,
  queuedAtMs: row.queued_at,
  offeredAtMs: row.offered_at,
  acceptedAtMs: row.accepted_at,
  startedAtMs: row.started_at,
  endedAtMs: row.ended_at,
  cancel: row.cancel_at === null ? null : { atMs: row.cancel_at, by: row.cancel_by ?? "", reason: row.cancel_reason ?? "" },
  runAs: row.run_as,
  exitCode: row.exit_code,
  logBytes: row.log_bytes,
});

const parseVerdicts = (json: string | null): readonly VerdictRecord[] => (json === null ? [] : (JSON.parse(json) as VerdictRecord[]));

/** One run with everything that was decided about it; null: there is none. */
export const readRunDetails = async (reader: Reader, id: string): Promise<RunDetails | null> => {
  const row = await reader
    .selectFrom("runs")
    .innerJoin("submissions", "submissions.id", "runs.submission_id")
    .select([
      ...summaryColumns,
      "arguments",
      "comment",
      "verdicts",
      "outcome",
      "receipt",
      "order_digest",
      "dispatch_verdicts",
      "node_verdicts",
    ])
    .where("runs.id", "=", id)
    .executeTakeFirst();
  if (row === undefined) return null;
  const outcome = row.outcome === null ? null : (JSON.parse(row.outcome) as Outcome);
  return {
    ...toSummary(row),
    arguments: JSON.parse(row.arguments) as Record<string, string>,
    comment: row.comment,
    outcome,
    receipt: row.receipt,
    orderDigest: row.order_digest,
    verdicts: {
      submission: parseVerdicts(row.verdicts),
      dispatch: parseVerdicts(row.dispatch_verdicts),
      node: outcome?.verdicts ?? parseVerdicts(row.node_verdicts),
      signed: outcome !== null,
    },
  };
};

const runPlace: PlaceColumns = { path: "runs.job_path", folder: "runs.folder", controller: "runs.controller" };
const searchedColumns = ["runs.job_path", "node", "runs.submitter_name", "actor_name", "run_as", "comment", "runs.id"] as const;

const filteredRuns = (reader: Reader, filter: Omit<RunFilter, "limit" | "cursor">) => {
  let query = reader.selectFrom("runs").innerJoin("submissions", "submissions.id", "runs.submission_id");
  const visible = visibleWithin(filter.folders, runPlace);
  if (visible !== null) query = query.where(visible);
  if (filter.folder !== undefined) query = query.where(pathBelow("runs.job_path", filter.folder));
  if (filter.job !== undefined) query = query.where("runs.job_path", "=", filter.job);
  if (filter.submission !== undefined) query = query.where("submission_id", "=", filter.submission);
  if (filter.ids !== undefined) query = query.where("runs.id", "in", filter.ids);
  if (filter.state === "active") query = query.where("state", "in", ["queued", "offered", "accepted", "running"]);
  else if (filter.state !== undefined) query = query.where("state", "=", filter.state);
  if (filter.results !== undefined) query = query.where("result", "in", filter.results);
  if (filter.node !== undefined) query = query.where("node", "=", filter.node);
  if (filter.controller !== undefined) query = query.where("runs.controller", "=", filter.controller);
  if (filter.submitter !== undefined) {
    // Few runs are active, and somebody may have a million that are not: without this SQLite looks through his, newest first.
    const submitter = filter.state === "active" ? sql<string>`coalesce(runs.submitter, '')` : sql.ref<string>("runs.submitter");
    query = query.where(submitter, "=", filter.submitter);
  }
  if (filter.fromMs !== undefined) query = query.where("queued_at", ">=", filter.fromMs);
  if (filter.beforeMs !== undefined) query = query.where("queued_at", "<", filter.beforeMs);
  if (filter.q !== undefined)
    query = query.where(
      anyContains(
        searchedColumns.map((column) => sql.ref(column)),
        filter.q,
      ),
    );
  return query;
};

/** Runs, newest first. */
export const listRuns = async (reader: Reader, filter: RunFilter): Promise<Page<RunSummary>> => {
  const size = pageSize(filter.limit);
  let query = filteredRuns(reader, filter).select(summaryColumns);
  if (filter.cursor !== undefined) {
    const [queuedAt, id] = parseCursor(filter.cursor, ["number", "string"]);
    query = query.where(sql<SqlBool>`(runs.queued_at, runs.id) < (${queuedAt}, ${id})`);
  }
  const rows = await query
    .orderBy("queued_at", "desc")
    .orderBy("runs.id", "desc")
    .limit(size + 1)
    .execute();
  return toPage(rows, size, toSummary, (row) => [row.queued_at, row.id]);
};

/** How many runs of one job on one controller are in a state with a result. */
export interface RunCount {
  readonly job: string;
  readonly controller: string;
  readonly state: RunState;
  readonly result: RunResult | null;
  readonly runs: number;
}

/** The same runs as `listRuns`, counted by what a reader is asked about: job and controller. */
export const countRuns = async (reader: Reader, filter: Omit<RunFilter, "limit" | "cursor">): Promise<readonly RunCount[]> => {
  const rows = await filteredRuns(reader, filter)
    .select((select) => [
      "runs.job_path as job_path",
      "runs.controller as controller",
      "state",
      "result",
      select.fn.countAll<number>().as("runs"),
    ])
    .groupBy(["runs.job_path", "runs.controller", "state", "result"])
    .execute();
  return rows.map((row) => ({
    job: row.job_path,
    controller: row.controller,
    state: row.state as RunState,
    result: row.result as RunResult | null,
    runs: row.runs,
  }));
};

interface SubmissionRow {
  readonly id: string;
  readonly job_path: string;
  readonly job_revision: number;
  readonly controller: string;
  readonly arguments: string;
  readonly submitter: string;
  readonly submitter_name: string;
  readonly submitter_claim: string;
  readonly actor: string;
  readonly actor_name: string;
  readonly verdicts: string;
  readonly comment: string | null;
  readonly created_at: number;
}

const toSubmission = (row: SubmissionRow): Submission => ({
  id: row.id,
  job: row.job_path,
  jobRevision: row.job_revision,
  controller: row.controller,
  arguments: JSON.parse(row.arguments) as Record<string, string>,
  submitter: {
    accessId: row.submitter,
    name: row.submitter_name,
    groups: (JSON.parse(row.submitter_claim) as { groups: readonly string[] }).groups,
  },
  actor: { accessId: row.actor, name: row.actor_name },
  verdicts: parseVerdicts(row.verdicts),
  comment: row.comment,
  createdAtMs: row.created_at,
});

/** One submission; null: there is none. Its runs: `listRuns({ submission })`. */
export const readSubmission = async (reader: Reader, id: string): Promise<Submission | null> => {
  const row = await reader.selectFrom("submissions").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? null : toSubmission(row);
};

/** The arguments of submissions, by their ids. */
export const readArguments = async (
  reader: Reader,
  submissionIds: readonly string[],
): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> => {
  const rows = await reader.selectFrom("submissions").select(["id", "arguments"]).where("id", "in", submissionIds).execute();
  return new Map(rows.map((row) => [row.id, JSON.parse(row.arguments) as Record<string, string>]));
};

const submissionPlace: PlaceColumns = { path: "job_path", folder: null, controller: "controller" };

export interface SubmissionFilter {
  readonly folders: VisibleFolders | VisiblePlaces;
  readonly job?: string;
  readonly submitter?: string;
  readonly fromMs?: number;
  readonly beforeMs?: number;
  readonly limit?: number;
  readonly cursor?: string;
}

/** Submissions, newest first. */
export const listSubmissions = async (reader: Reader, filter: SubmissionFilter): Promise<Page<Submission>> => {
  const size = pageSize(filter.limit);
  let query = reader.selectFrom("submissions").selectAll();
  const visible = visibleWithin(filter.folders, submissionPlace);
  if (visible !== null) query = query.where(visible);
  if (filter.job !== undefined) query = query.where("job_path", "=", filter.job);
  if (filter.submitter !== undefined) query = query.where("submitter", "=", filter.submitter);
  if (filter.fromMs !== undefined) query = query.where("created_at", ">=", filter.fromMs);
  if (filter.beforeMs !== undefined) query = query.where("created_at", "<", filter.beforeMs);
  if (filter.cursor !== undefined) {
    const [createdAt, id] = parseCursor(filter.cursor, ["number", "string"]);
    query = query.where(sql<SqlBool>`(created_at, id) < (${createdAt}, ${id})`);
  }
  const rows = await query
    .orderBy("created_at", "desc")
    .orderBy("id", "desc")
    .limit(size + 1)
    .execute();
  return toPage(rows, size, toSubmission, (row) => [row.created_at, row.id]);
};
