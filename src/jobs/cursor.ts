/** Cursors of lists: opaque to callers, the position of the last entry inside. */
import { fail } from "#kernel/problem.ts";

export type CursorPart = string | number;

/** The cursor that goes on after an entry with these sort keys. */
export const renderCursor = (parts: readonly CursorPart[]): string => Buffer.from(JSON.stringify(parts), "utf8").toString("base64url");

const decode = (cursor: string): unknown => {
  try {
    return JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    return null;
  }
};

/** Sort keys of a cursor; throws `jobs.invalid-cursor` unless they are of these types. */
export const parseCursor = (cursor: string, types: readonly ("string" | "number")[]): readonly CursorPart[] => {
  const parts = cursor.length > 2000 || !/^[A-Za-z0-9_-]+$/.test(cursor) ? null : decode(cursor);
  const fits =
    Array.isArray(parts) &&
    parts.length === types.length &&
    parts.every(
      (part, index) =>
        typeof part === types[index] && (typeof part !== "number" || Number.isSafeInteger(part)) && !String(part).includes("\u0000"),
    );
  return fits ? (parts as CursorPart[]) : fail("jobs.invalid-cursor", "the cursor is not one that this list gave out");
};

const mostPerPage = 500;

/** Entries per page: the given number within bounds. */
export const pageSize = (limit: number | undefined): number => Math.min(mostPerPage, Math.max(1, Math.trunc(limit ?? 50)));

export interface Page<T> {
  readonly items: readonly T[];
  /** Null: this was the last page. */
  readonly nextCursor: string | null;
}

/** Makes a page of rows that were asked for with one more than its size. */
export const toPage = <R, T>(rows: readonly R[], size: number, map: (row: R) => T, keys: (row: R) => readonly CursorPart[]): Page<T> => {
  const shown = rows.slice(0, size);
  const last = shown.at(-1);
  return { items: shown.map(map), nextCursor: rows.length > size && last !== undefined ? renderCursor(keys(last)) : null };
};
