/** Queries about definitions: jobs and their revisions. Runs: `run-queries.ts`, and `dispatch-store.ts` for what moves them. */
import { sql } from "kysely";
import type { Job } from "#jobs/rules/job.ts";
import { pathBelow, visibleWithin, type PlaceColumns, type VisibleFolders } from "#jobs/folder-filter.ts";
import { anyContains } from "#jobs/text-search.ts";
import { pageSize, parseCursor, toPage, type Page } from "#jobs/cursor.ts";
import type { Reader, Store, Writer } from "#store/store.ts";

export interface JobRevision {
  readonly path: string;
  readonly revision: number;
  readonly job: Job;
  /** Access ID and name of who saved it. */
  readonly author: string;
  readonly authorName: string;
  /** YAML as it was given. */
  readonly source: string;
  readonly createdAtMs: number;
}

/** A job as it stands: its present revision, and whether it was deleted. */
export interface StoredJob extends JobRevision {
  readonly deleted: boolean;
  readonly updatedAtMs: number;
}

interface RevisionRow {
  readonly path: string;
  readonly revision: number;
  readonly definition: string;
  readonly source: string;
  readonly author: string;
  readonly author_name: string;
  readonly created_at: number;
}

const toRevision = (row: RevisionRow): JobRevision => ({
  path: row.path,
  revision: row.revision,
  job: JSON.parse(row.definition) as Job,
  author: row.author,
  authorName: row.author_name,
  source: row.source,
  createdAtMs: row.created_at,
});

const revisionColumns = [
  "job_revisions.path",
  "job_revisions.revision",
  "definition",
  "source",
  "job_revisions.author",
  "author_name",
  "created_at",
] as const;

/** Revisions never change, so they are kept in memory; the oldest leave. */
export class RevisionCache {
  readonly #revisions = new Map<string, JobRevision>();
  readonly #most: number;

  constructor(most = 500) {
    this.#most = most;
  }

  get(path: string, revision: number): JobRevision | undefined {
    return this.#revisions.get(`${revision}:${path}`);
  }

  add(revision: JobRevision): void {
    const key = `${revision.revision}:${revision.path}`;
    if (this.#revisions.size >= this.#most && !this.#revisions.has(key)) {
      const oldest = this.#revisions.keys().next();
      if (oldest.done !== true) this.#revisions.delete(oldest.value);
    }
    this.#revisions.set(key, revision);
  }
}

/** One revision, also of a deleted job; null: there is none. */
export const readRevision = async (reader: Reader, path: string, revision: number): Promise<JobRevision | null> => {
  const row = await reader
    .selectFrom("job_revisions")
    .select(revisionColumns)
    .where("path", "=", path)
    .where("revision", "=", revision)
    .executeTakeFirst();
  return row === undefined ? null : toRevision(row);
};

/** The job as it stands, deleted or not; null: there never was one. */
export const readStoredJob = async (reader: Reader, path: string): Promise<StoredJob | null> => {
  const row = await reader
    .selectFrom("jobs")
    .innerJoin("job_revisions", (join) =>
      join.onRef("job_revisions.path", "=", "jobs.path").onRef("job_revisions.revision", "=", "jobs.revision"),
    )
    .select([...revisionColumns, "deleted", "updated_at"])
    .where("jobs.path", "=", path)
    .executeTakeFirst();
  return row === undefined ? null : { ...toRevision(row), deleted: row.deleted === 1, updatedAtMs: row.updated_at };
};

/** Present revisions of the jobs that exist, by path. */
export const readPresentRevisions = async (
  reader: Reader,
  paths: readonly string[],
  cache: RevisionCache,
): Promise<ReadonlyMap<string, JobRevision>> => {
  const found = new Map<string, JobRevision>();
  if (paths.length === 0) return found;
  const rows = await reader.selectFrom("jobs").select(["path", "revision"]).where("path", "in", paths).where("deleted", "=", 0).execute();
  for (const { path, revision } of rows) {
    const known = cache.get(path, revision) ?? (await readRevision(reader, path, revision));
    if (known === null) continue;
    cache.add(known);
    found.set(path, known);
  }
  return found;
};

export interface JobFilter {
  readonly folders: VisibleFolders;
  /** Only jobs in this folder or below. */
  readonly folder?: string;
  /** Only jobs whose path begins so. */
  readonly prefix?: string;
  /** Only jobs whose path or title contains this text. */
  readonly q?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

const jobPlace: PlaceColumns = { path: "jobs.path", folder: "jobs.folder", controller: null };

const presentJobs = ({ read, kind }: Pick<Store, "read" | "kind">, filter: JobFilter) => {
  let query = read
    .selectFrom("jobs")
    .innerJoin("job_revisions", (join) =>
      join.onRef("job_revisions.path", "=", "jobs.path").onRef("job_revisions.revision", "=", "jobs.revision"),
    )
    .where("deleted", "=", 0);
  const visible = visibleWithin(filter.folders, jobPlace);
  if (visible !== null) query = query.where(visible);
  if (filter.folder !== undefined) query = query.where(pathBelow("jobs.path", filter.folder));
  if (filter.prefix !== undefined)
    query = query.where("jobs.path", ">=", filter.prefix).where("jobs.path", "<", `${filter.prefix}\u{10ffff}`);
  if (filter.q !== undefined) {
    const title = kind === "sqlite" ? sql`json_extract(definition, '$.title')` : sql`((cast(definition as json) ->> 'title') collate "C")`;
    query = query.where(anyContains([sql.ref("jobs.path"), title], filter.q));
  }
  return query;
};

/** Paths of the jobs that exist, by path. */
export const listJobPaths = async (store: Pick<Store, "read" | "kind">, filter: JobFilter): Promise<readonly string[]> =>
  (await presentJobs(store, filter).select("jobs.path").orderBy("jobs.path").execute()).map(({ path }) => path);

/** Folders that have jobs and whose path begins so, after the given one, by path. */
export const listJobFolders = async (
  read: Reader,
  filter: { readonly prefix: string; readonly after: string; readonly limit: number },
): Promise<readonly string[]> => {
  const rows = await read
    .selectFrom("jobs")
    .select("folder")
    .distinct()
    .where("deleted", "=", 0)
    .where("folder", ">=", filter.prefix)
    .where("folder", "<", `${filter.prefix}\u{10ffff}`)
    .where("folder", ">", filter.after)
    .orderBy("folder")
    .limit(filter.limit)
    .execute();
  return rows.map(({ folder }) => folder);
};

/** Jobs that exist, by path. */
export const listStoredJobs = async (store: Pick<Store, "read" | "kind">, filter: JobFilter): Promise<Page<StoredJob>> => {
  const size = pageSize(filter.limit);
  let query = presentJobs(store, filter).select([...revisionColumns, "deleted", "updated_at"]);
  if (filter.cursor !== undefined) query = query.where("jobs.path", ">", String(parseCursor(filter.cursor, ["string"])[0]));
  const rows = await query
    .orderBy("jobs.path")
    .limit(size + 1)
    .execute();
  return toPage(
    rows,
    size,
    (row) => ({ ...toRevision(row), deleted: row.deleted === 1, updatedAtMs: row.updated_at }),
    (row) => [row.path],
  );
};

/** Every revision of a job, newest first, without the definitions. */
export const listRevisions = async (
  reader: Reader,
  path: string,
): Promise<
  readonly { readonly revision: number; readonly author: string; readonly authorName: string; readonly createdAtMs: number }[]
> => {
  const rows = await reader
    .selectFrom("job_revisions")
    .select(["revision", "author", "author_name", "created_at"])
    .where("path", "=", path)
    .orderBy("revision", "desc")
    .limit(1000)
    .execute();
  return rows.map((row) => ({ revision: row.revision, author: row.author, authorName: row.author_name, createdAtMs: row.created_at }));
};

/** Stores a revision and makes it the present one. False: somebody else stored one since `before` was read. */
export const saveRevision = async (
  tx: Writer,
  revision: JobRevision & { readonly folder: string },
  before: number | null,
): Promise<boolean> => {
  const { path, author, createdAtMs: at } = revision;
  const present = { folder: revision.folder, revision: revision.revision, deleted: 0, updated_at: at, author };
  if (before === null) {
    const made = await tx
      .insertInto("jobs")
      .values({ path, ...present })
      .onConflict((conflict) => conflict.column("path").doNothing())
      .executeTakeFirst();
    if (made.numInsertedOrUpdatedRows !== 1n) return false;
  } else {
    const changed = await tx.updateTable("jobs").set(present).where("path", "=", path).where("revision", "=", before).executeTakeFirst();
    if (changed.numUpdatedRows !== 1n) return false;
  }
  await tx
    .insertInto("job_revisions")
    .values({
      path,
      revision: revision.revision,
      definition: JSON.stringify(revision.job),
      source: revision.source,
      author,
      author_name: revision.authorName,
      created_at: at,
    })
    .execute();
  return true;
};
