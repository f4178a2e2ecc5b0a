/**
 * Saving and deleting definitions. The caller has asked whether he may, also for the credential keys that a job names (S6). A revision is
 * never changed; what stays the same makes none. A change of run identity is said in the answer and in the record.
 */
import { fail, problem, ProblemError } from "#kernel/problem.ts";
import { canonicalJson } from "#proof/canonical-json.ts";
import type { Principal } from "#identity/principal.ts";
import type { Job } from "#jobs/rules/job.ts";
import { folderOf } from "#jobs/rules/path.ts";
import type { JobsContext } from "#jobs/jobs-context.ts";
import { readStoredJob, saveRevision, type StoredJob } from "#jobs/store.ts";
import { isUniqueViolation } from "#store/store-problem.ts";
import type { Writer } from "#store/store.ts";

export interface JobToApply {
  readonly job: Job;
  /** YAML as it was given. */
  readonly source: string;
  /** The revision that the author started from; 0: he means a new job. Absent: whatever is there. */
  readonly expectedRevision?: number;
}

export interface AppliedJob {
  readonly path: string;
  readonly change: "created" | "changed" | "unchanged";
  /** The present revision; in a dry run the one it would become. */
  readonly revision: number;
  /** As whom it ran before and runs from now on, where that changes. */
  readonly runIdentity: { readonly from: string; readonly to: string } | null;
  /** What the author should know, one sentence each. */
  readonly notices: readonly string[];
}

/** A run identity in words. */
export const describeAs = (as: Job["as"]): string =>
  as.kind === "agent" ? "the node's default job account" : `the credential \`${as.key}\`${as.loadProfile ? " with its profile" : ""}`;

const refuseDuplicates = (items: readonly JobToApply[]): void => {
  const seen = new Set<string>();
  for (const { job } of items) {
    if (seen.has(job.path)) fail("jobs.duplicate-path", `the job \`${job.path}\` is given twice`);
    seen.add(job.path);
  }
};

const conflict = (path: string, present: number): never =>
  fail("jobs.revision-conflict", `the job \`${path}\` is at revision ${present} by now`, {
    hint: `look at it with \`behalf get job ${path} -o yaml\`, then apply again`,
  });

/** What applying would do to the job as it stands. */
const compare = (item: JobToApply, stored: StoredJob | null, unknownNodes: ReadonlySet<string>): AppliedJob => {
  const { job, expectedRevision } = item;
  const exists = stored !== null && !stored.deleted;
  const present = exists ? stored.revision : 0;
  if (expectedRevision !== undefined && expectedRevision !== present) conflict(job.path, present);
  const notices: string[] = [];
  for (const node of job.on) if (unknownNodes.has(node)) notices.push(`no node \`${node}\` has joined yet`);
  if (exists && canonicalJson(stored.job) === canonicalJson(job))
    return { path: job.path, change: "unchanged", revision: present, runIdentity: null, notices };
  const from = exists ? describeAs(stored.job.as) : null;
  const to = describeAs(job.as);
  const runIdentity = from === null || from === to ? null : { from, to };
  if (runIdentity !== null) notices.push(`the run identity changes: it ran as ${runIdentity.from} and will run as ${runIdentity.to}`);
  return { path: job.path, change: exists ? "changed" : "created", revision: (stored?.revision ?? 0) + 1, runIdentity, notices };
};

const applyOne = async (
  context: JobsContext,
  tx: Writer,
  principal: Principal,
  item: JobToApply,
  unknownNodes: ReadonlySet<string>,
): Promise<AppliedJob> => {
  const stored = await readStoredJob(tx, item.job.path);
  const applied = compare(item, stored, unknownNodes);
  if (applied.change === "unchanged") return applied;
  const { path } = item.job;
  const saved = await saveRevision(
    tx,
    {
      path,
      folder: folderOf(path),
      revision: applied.revision,
      job: item.job,
      source: item.source,
      author: principal.accessId,
      authorName: principal.name,
      createdAtMs: context.clock.nowMs(),
    },
    stored?.revision ?? null,
  );
  return saved ? applied : conflict(path, applied.revision);
};

const findUnknownNodes = async (context: JobsContext, items: readonly JobToApply[]): Promise<ReadonlySet<string>> => {
  const unknown = new Set<string>();
  for (const node of new Set(items.flatMap(({ job }) => job.on))) if (!(await context.nodes.exists(node))) unknown.add(node);
  return unknown;
};

/** Applies definitions, all or none. A dry run answers the same and stores nothing. */
export const applyJobs = async (
  context: JobsContext,
  principal: Principal,
  items: readonly JobToApply[],
  options: { readonly dryRun?: boolean } = {},
): Promise<readonly AppliedJob[]> => {
  refuseDuplicates(items);
  const unknownNodes = await findUnknownNodes(context, items);
  const preview = await Promise.all(
    items.map(async (item) => compare(item, await readStoredJob(context.store.read, item.job.path), unknownNodes)),
  );
  if (options.dryRun === true || preview.every(({ change }) => change === "unchanged")) return preview;
  const [first] = items;
  const entry = {
    actor: principal.accessId,
    action: "jobs.apply",
    object: items.length === 1 && first !== undefined ? first.job.path : "jobs",
    detail: { paths: items.slice(0, 100).map(({ job }) => job.path), jobs: items.length },
  };
  try {
    return await context.audit.act(entry, async (tx, stage) => {
      const result: AppliedJob[] = [];
      for (const item of items) {
        const applied = await applyOne(context, tx, principal, item, unknownNodes);
        result.push(applied);
        // Of many, each has a record of its own, so that a job's history can be found by its path.
        if (items.length > 1 && applied.change !== "unchanged")
          context.audit.stageNote(stage, {
            actor: principal.accessId,
            action: "jobs.apply",
            object: applied.path,
            detail: recordOf(applied),
          });
      }
      const [only] = result;
      return {
        result,
        detail:
          result.length === 1 && only !== undefined
            ? recordOf(only)
            : { changed: result.filter(({ change }) => change !== "unchanged").length },
      };
    });
  } catch (error) {
    if (isUniqueViolation(error))
      throw new ProblemError(problem("jobs.revision-conflict", "a job was changed by somebody else at the same moment"), { cause: error });
    throw error;
  }
};

const recordOf = ({ change, revision, runIdentity }: AppliedJob): Record<string, unknown> => ({
  change,
  revision,
  ...(runIdentity === null ? {} : { runIdentity }),
});

/** Deletes a job; its revisions and runs stay. */
export const deleteJob = async (
  context: JobsContext,
  principal: Principal,
  path: string,
  options: { readonly expectedRevision?: number } = {},
): Promise<void> => {
  await context.audit.act({ actor: principal.accessId, action: "jobs.delete", object: path }, async (tx) => {
    const stored = await readStoredJob(tx, path);
    if (stored === null || stored.deleted) return fail("jobs.not-found", `there is no job \`${path}\``);
    if (options.expectedRevision !== undefined && options.expectedRevision !== stored.revision) conflict(path, stored.revision);
    const gone = await tx
      .updateTable("jobs")
      .set({ deleted: 1, updated_at: context.clock.nowMs() })
      .where("path", "=", path)
      .where("revision", "=", stored.revision)
      .where("deleted", "=", 0)
      .executeTakeFirst();
    if (gone.numUpdatedRows !== 1n) conflict(path, stored.revision);
    return { result: undefined, detail: { revision: stored.revision } };
  });
};
