/** Jobs as far as a change of the policy can orphan them: who saved them, and whether they name a credential. */
import type { OwnedJob } from "#access/orphans.ts";
import { keysOf } from "#jobs/read-job.ts";
import type { Job } from "#jobs/rules/job.ts";
import type { Reader, Writer } from "#store/store.ts";

/** Every job that exists, by path. */
export const loadOwnedJobs = async (source: Reader | Writer, controller: string): Promise<readonly OwnedJob[]> => {
  const rows = await source
    .selectFrom("jobs")
    .innerJoin("job_revisions", (join) =>
      join.onRef("job_revisions.path", "=", "jobs.path").onRef("job_revisions.revision", "=", "jobs.revision"),
    )
    .select(["jobs.path", "job_revisions.author", "job_revisions.author_name", "definition"])
    .where("deleted", "=", 0)
    .orderBy("jobs.path")
    .execute();
  return rows.map((row) => ({
    path: row.path,
    controller,
    author: row.author,
    authorName: row.author_name,
    namesKey: keysOf(JSON.parse(row.definition) as Job).length > 0,
  }));
};
