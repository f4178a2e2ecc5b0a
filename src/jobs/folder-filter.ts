/** Limits a query to folders. Ranges, not patterns: they use the index and mean the same bytes in both stores. */
import { sql, type Expression, type SqlBool } from "kysely";

/** The folders a caller may see: everything, or these. */
export type VisibleFolders = "all" | readonly { readonly path: string; readonly recursive: boolean }[];

/** The byte after `/`: every text that begins with `p/` is at least `p/` and less than `p0`. */
const above = (path: string): string => `${path}0`;

const anyOf = (conditions: readonly Expression<SqlBool>[]): Expression<SqlBool> =>
  conditions.length === 0 ? sql<SqlBool>`1 = 0` : sql<SqlBool>`(${sql.join(conditions, sql` or `)})`;

/** Whether the column `folder` is within; null: no limit. */
export const folderWithin = (folders: VisibleFolders): Expression<SqlBool> | null => {
  if (folders === "all" || folders.some(({ path, recursive }) => path === "/" && recursive)) return null;
  const folder = sql.ref<string>("folder");
  return anyOf(
    folders.map(({ path, recursive }) =>
      recursive
        ? sql<SqlBool>`(${folder} = ${path} or (${folder} >= ${`${path}/`} and ${folder} < ${above(path)}))`
        : sql<SqlBool>`${folder} = ${path}`,
    ),
  );
};

/** The same for the column `job_path`. */
export const jobPathWithin = (folders: VisibleFolders): Expression<SqlBool> | null => {
  if (folders === "all" || folders.some(({ path, recursive }) => path === "/" && recursive)) return null;
  const jobPath = sql.ref<string>("job_path");
  return anyOf(
    folders.map(({ path, recursive }) => {
      const base = path === "/" ? "" : path;
      const below = sql<SqlBool>`(${jobPath} >= ${`${base}/`} and ${jobPath} < ${above(base)})`;
      const deeper = `${base.replaceAll("!", "!!").replaceAll("%", "!%").replaceAll("_", "!_")}/%/%`;
      return recursive ? below : sql<SqlBool>`(${below} and ${jobPath} not like ${deeper} escape '!')`;
    }),
  );
};
