/** WHAT: definitions, submissions and the history of runs, wired. Each use-case is in a file of its own; none asks whether the caller may. */
import { fail } from "#kernel/problem.ts";
import type { Principal } from "#identity/principal.ts";
import { applyJobs, deleteJob, type AppliedJob, type JobToApply } from "#jobs/apply-job.ts";
import { requestCancel, requestCancels, type CancelAnswer } from "#jobs/cancel-run.ts";
import type { Page } from "#jobs/cursor.ts";
import type { JobsContext } from "#jobs/jobs-context.ts";
import { runAgain, type RunAgainOptions } from "#jobs/run-again.ts";
import { sweepRetention, type RetentionPolicy, type Swept } from "#jobs/retention.ts";
import {
  countRuns,
  listRuns,
  listSubmissions,
  readRunDetails,
  readSubmission,
  type RunCount,
  type RunDetails,
  type RunFilter,
  type RunSummary,
  type Submission,
  type SubmissionFilter,
} from "#jobs/run-queries.ts";
import { countSeries, type SeriesCount, type SeriesFilter } from "#jobs/run-series.ts";
import {
  listJobFolders,
  listJobPaths,
  listRevisions,
  listStoredJobs,
  readRevision,
  readStoredJob,
  RevisionCache,
  type JobFilter,
  type JobRevision,
  type StoredJob,
} from "#jobs/store.ts";
import {
  previewSubmission,
  submit,
  type PreviewedSubmission,
  type SubmissionRequest,
  type SubmitAnswer,
  type SubmitOptions,
} from "#jobs/submit.ts";

export interface Jobs {
  /** Several definitions, all or none. */
  applyJobs(principal: Principal, items: readonly JobToApply[], options?: { readonly dryRun?: boolean }): Promise<readonly AppliedJob[]>;
  applyJob(principal: Principal, item: JobToApply, options?: { readonly dryRun?: boolean }): Promise<AppliedJob>;
  /** Throws `jobs.not-found` or `jobs.revision-conflict`. History stays. */
  deleteJob(principal: Principal, path: string, options?: { readonly expectedRevision?: number }): Promise<void>;
  /** The job as it stands; null: there is none, or it was deleted. */
  getJob(path: string): Promise<StoredJob | null>;
  /** Any revision, also of a deleted job; null: there is none. */
  getRevision(path: string, revision: number): Promise<JobRevision | null>;
  listRevisions(path: string): ReturnType<typeof listRevisions>;
  listJobs(filter: JobFilter): Promise<Page<StoredJob>>;
  /** Paths of all jobs of the filter, for counting. */
  listJobPaths(filter: JobFilter): Promise<readonly string[]>;
  /** Folders that have jobs, by path. */
  listFolders(filter: Parameters<typeof listJobFolders>[1]): Promise<readonly string[]>;
  submit(principal: Principal, requests: readonly SubmissionRequest[], options: SubmitOptions): Promise<SubmitAnswer>;
  /** What a request would become; null: there is no such job. */
  previewSubmission(request: Pick<SubmissionRequest, "job" | "arguments" | "on">): Promise<PreviewedSubmission | null>;
  requestCancel(principal: Principal, runId: string, reason: string): Promise<CancelAnswer>;
  /** Many as one act; one answer for each, in their order. */
  requestCancels(
    principal: Principal,
    runIds: readonly string[],
    reason: string,
    asked: Readonly<Record<string, unknown>>,
  ): ReturnType<typeof requestCancels>;
  /** Submits runs again, as one act. */
  runAgain(principal: Principal, runs: readonly RunSummary[], options: RunAgainOptions): Promise<SubmitAnswer>;
  listRuns(filter: RunFilter): Promise<Page<RunSummary>>;
  /** The runs of the same filter, counted by job, controller, state and result. */
  countRuns(filter: Omit<RunFilter, "limit" | "cursor">): Promise<readonly RunCount[]>;
  /** Runs over time, counted by job, controller, slice and result. */
  countSeries(filter: SeriesFilter): Promise<readonly SeriesCount[]>;
  getRun(id: string): Promise<RunDetails | null>;
  listSubmissions(filter: SubmissionFilter): Promise<Page<Submission>>;
  getSubmission(id: string): Promise<Submission | null>;
  sweepRetention(policy: RetentionPolicy): Promise<Swept>;
}

/** Opens the room. */
export const openJobs = (given: Omit<JobsContext, "revisions">): Jobs => {
  const context: JobsContext = { ...given, revisions: new RevisionCache() };
  const { read } = context.store;
  /** Ids, paths and names with NUL are nobody's; PostgreSQL would not even take them as a question. */
  const known = <T>(text: string, ask: () => Promise<T | null>): Promise<T | null> =>
    text.includes("\u0000") ? Promise.resolve(null) : ask();
  return {
    applyJobs: (principal, items, options) => applyJobs(context, principal, items, options),
    applyJob: async (principal, item, options) => {
      const [applied] = await applyJobs(context, principal, [item], options);
      return applied ?? fail("general.internal", "nothing was applied");
    },
    deleteJob: (principal, path, options) => deleteJob(context, principal, path, options),
    getJob: (path) =>
      known(path, async () => {
        const stored = await readStoredJob(read, path);
        return stored === null || stored.deleted ? null : stored;
      }),
    getRevision: (path, revision) =>
      known(path, async () => {
        const cached = context.revisions.get(path, revision);
        if (cached !== undefined) return cached;
        const found = await readRevision(read, path, revision);
        if (found !== null) context.revisions.add(found);
        return found;
      }),
    listRevisions: (path) => listRevisions(read, path),
    listJobs: (filter) => listStoredJobs(context.store, filter),
    listJobPaths: (filter) => listJobPaths(context.store, filter),
    listFolders: (filter) => listJobFolders(read, filter),
    submit: (principal, requests, options) => submit(context, principal, requests, options),
    previewSubmission: (request) => previewSubmission(context, request),
    requestCancel: (principal, runId, reason) => requestCancel(context, principal, runId, reason),
    requestCancels: (principal, runIds, reason, asked) => requestCancels(context, principal, runIds, reason, asked),
    runAgain: (principal, runs, options) => runAgain(context, principal, runs, options),
    listRuns: (filter) => listRuns(read, filter),
    countSeries: (filter) => countSeries(read, filter),
    countRuns: (filter) => countRuns(read, filter),
    getRun: (id) => known(id, () => readRunDetails(read, id)),
    listSubmissions: (filter) => listSubmissions(read, filter),
    getSubmission: (id) => known(id, () => readSubmission(read, id)),
    sweepRetention: (policy) => sweepRetention(context, policy),
  };
};
