/** Which audit records are about something in a folder: their object is a job's path or a run's id. */
import { sql, type Expression, type SqlBool } from "kysely";
import { visibleWithin, type VisibleFolders } from "#jobs/folder-filter.ts";
import type { Reader } from "#store/store.ts";

/**
 * Whether an audit record's object is a job, or a run that is still kept, in one of the folders; null: no limit. What belongs to no folder
 * (accounts, roles, nodes, sign-ins, acts on several jobs at once) is in none.
 */
export const auditedWithin = (folders: VisibleFolders): Expression<SqlBool> | null => {
  const paths = visibleWithin(folders, { path: "audit.object", folder: null, controller: null });
  const runs = visibleWithin(folders, { path: "runs.job_path", folder: "runs.folder", controller: null });
  if (paths === null || runs === null) return null;
  const object = sql.ref<string>("audit.object");
  return sql<SqlBool>`((${object} like '/%' and ${paths}) or (${object} like 'run!_%' escape '!' and exists (select 1 from runs where runs.id = ${object} and ${runs})))`;
};

/** The job of each run that is still kept. */
export const jobsOfRuns = async (read: Reader, runIds: readonly string[]): Promise<ReadonlyMap<string, string>> => {
  if (runIds.length === 0) return new Map();
  const rows = await read.selectFrom("runs").select(["id", "job_path"]).where("id", "in", runIds).execute();
  return new Map(rows.map((row) => [row.id, row.job_path]));
};
