/** What was submitted, as far as it can be decided again: who asked for which job, where. What was refused is in the audit trail alone. */
import type { Reader } from "#store/store.ts";

export interface RecordedSubmission {
  readonly id: string;
  readonly job: string;
  readonly controller: string;
  readonly submitter: string;
  readonly submitterName: string;
  readonly createdAtMs: number;
}

/** Those since `fromMs`, newest first, at most `most`. */
export const readRecordedSubmissions = async (
  reader: Reader,
  { fromMs, most }: { readonly fromMs: number; readonly most: number },
): Promise<readonly RecordedSubmission[]> => {
  const rows = await reader
    .selectFrom("submissions")
    .select(["id", "job_path", "controller", "submitter", "submitter_name", "created_at"])
    .where("created_at", ">=", fromMs)
    .orderBy("created_at", "desc")
    .orderBy("id", "desc")
    .limit(most)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    job: row.job_path,
    controller: row.controller,
    submitter: row.submitter,
    submitterName: row.submitter_name,
    createdAtMs: row.created_at,
  }));
};

/** The paths of the jobs that exist. */
export const readJobPaths = async (reader: Reader): Promise<readonly string[]> =>
  (await reader.selectFrom("jobs").select("path").where("deleted", "=", 0).orderBy("path").execute()).map((row) => row.path);
