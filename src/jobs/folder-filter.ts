/** Limits a query to what a reader may see. Ranges, not patterns: they use the index and mean the same bytes in both stores. */
import { sql, type Expression, type SqlBool } from "kysely";
import { escapeLike } from "#store/escape-like.ts";

/** The folders a caller may see: everything, or these. An entry also holds the object whose own path it names. */
export type VisibleFolders = "all" | readonly { readonly path: string; readonly recursive: boolean }[];

/** The same where each object belongs to a controller: some have folders of their own, all others share one answer (E4). */
export interface VisiblePlaces {
  readonly controllers: ReadonlyMap<string, VisibleFolders>;
  readonly others: VisibleFolders;
}

/** The columns of a table by which it is limited; without a folder column the path says it. */
export interface PlaceColumns {
  readonly path: string;
  readonly folder: string | null;
  readonly controller: string | null;
}

type Condition = Expression<SqlBool>;

/** The byte after `/`: every text that begins with `p/` is at least `p/` and less than `p0`. */
const above = (path: string): string => `${path}0`;

const nothing = sql<SqlBool>`1 = 0`;
const anyOf = (conditions: readonly Condition[]): Condition =>
  conditions.length === 0 ? nothing : sql<SqlBool>`(${sql.join(conditions, sql` or `)})`;

/** Whether the path is in the folder or below it. */
export const pathBelow = (column: string, folder: string): Condition => {
  const base = folder === "/" ? "" : folder;
  const path = sql.ref<string>(column);
  return sql<SqlBool>`(${path} >= ${`${base}/`} and ${path} < ${above(base)})`;
};

const heldBy = (entry: { readonly path: string; readonly recursive: boolean }, columns: PlaceColumns): Condition => {
  const path = sql.ref<string>(columns.path);
  const own = sql<SqlBool>`${path} = ${entry.path}`;
  const below = pathBelow(columns.path, entry.path);
  if (entry.recursive) return columns.folder === null ? sql<SqlBool>`(${own} or ${below})` : folderHolds(columns.folder, entry.path, own);
  if (columns.folder !== null) return sql<SqlBool>`(${own} or ${sql.ref<string>(columns.folder)} = ${entry.path})`;
  const deeper = `${escapeLike(entry.path === "/" ? "" : entry.path)}/%/%`;
  return sql<SqlBool>`(${own} or (${below} and ${path} not like ${deeper} escape '!'))`;
};

const folderHolds = (column: string, entry: string, own: Condition): Condition => {
  const folder = sql.ref<string>(column);
  const base = entry === "/" ? "" : entry;
  return sql<SqlBool>`(${own} or ${folder} = ${entry} or (${folder} >= ${`${base}/`} and ${folder} < ${above(base)}))`;
};

const isEverything = (folders: VisibleFolders): boolean =>
  folders === "all" || folders.some(({ path, recursive }) => path === "/" && recursive);

const within = (folders: VisibleFolders, columns: PlaceColumns): Condition | null =>
  folders === "all" || isEverything(folders) ? null : anyOf(folders.map((entry) => heldBy(entry, columns)));

/** Whether a row is in one of the folders of its controller; null: no limit. */
export const visibleWithin = (visible: VisibleFolders | VisiblePlaces, columns: PlaceColumns): Condition | null => {
  if (typeof visible === "string" || !("others" in visible)) return within(visible, columns);
  const { controllers, others } = visible;
  if (controllers.size === 0 || columns.controller === null) return within(others, columns);
  if (isEverything(others) && [...controllers.values()].every(isEverything)) return null;
  const controller = sql.ref<string>(columns.controller);
  const both = (place: Condition, condition: Condition | null): Condition =>
    condition === null ? place : sql<SqlBool>`(${place} and ${condition})`;
  return anyOf([
    ...[...controllers].map(([name, folders]) => both(sql<SqlBool>`${controller} = ${name}`, within(folders, columns))),
    both(sql<SqlBool>`${controller} not in (${sql.join([...controllers.keys()])})`, within(others, columns)),
  ]);
};
