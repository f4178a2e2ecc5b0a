/** Reading the record, newest first, page by page. Who may read it is asked above. */
import type { Expression, SqlBool } from "kysely";
import { fail } from "#kernel/problem.ts";
import type { AuditPhase, AuditRecord } from "#audit/record.ts";
import type { Reader } from "#store/store.ts";

export interface AuditFilter {
  /** Exact; any of them. */
  readonly actors?: readonly string[];
  /** Exact, or with a final `*` everything that begins so: `runs.*`. */
  readonly action?: string;
  /** Exact. */
  readonly object?: string;
  readonly phase?: AuditPhase;
  /** Inclusive, milliseconds. */
  readonly fromMs?: number;
  /** Exclusive, milliseconds. */
  readonly toMs?: number;
  /** Only records of which this holds; who reads the record brings it along. */
  readonly within?: Expression<SqlBool>;
}

export interface AuditPage {
  readonly records: readonly AuditRecord[];
  /** Give it back for the next page; null at the end. */
  readonly next: string | null;
}

const cursorPattern = /^(\d{1,16})\.(\d{1,16})\.([\w.:-]{1,100})$/;

/** One page. Throws `input.invalid-value` for a cursor that was not given out here. */
export const listAudit = async (read: Reader, filter: AuditFilter, cursor: string | null, limit = 100): Promise<AuditPage> => {
  let query = read.selectFrom("audit").selectAll().orderBy("at", "desc").orderBy("writer", "desc").orderBy("sequence", "desc");
  if (filter.actors !== undefined) query = query.where("actor", "in", filter.actors);
  if (filter.object !== undefined) query = query.where("object", "=", filter.object);
  if (filter.within !== undefined) query = query.where(filter.within);
  if (filter.phase !== undefined) query = query.where("phase", "=", filter.phase);
  if (filter.fromMs !== undefined) query = query.where("at", ">=", filter.fromMs);
  if (filter.toMs !== undefined) query = query.where("at", "<", filter.toMs);
  if (filter.action?.endsWith("*") === true) {
    // A range instead of LIKE: both stores compare bytes, and no character needs escaping.
    const prefix = filter.action.slice(0, -1);
    query = query.where("action", ">=", prefix).where("action", "<", `${prefix}\u{10ffff}`);
  } else if (filter.action !== undefined) query = query.where("action", "=", filter.action);
  if (cursor !== null) {
    const found = cursorPattern.exec(cursor);
    if (found === null)
      return fail("input.invalid-value", "the cursor is not one that this list gave out", { hint: "begin again without `cursor`" });
    const [, at, sequence, writer] = found;
    query = query.where((where) =>
      where(where.refTuple("at", "writer", "sequence"), "<", where.tuple(Number(at), String(writer), Number(sequence))),
    );
  }
  const rows = await query.limit(limit + 1).execute();
  const records = rows.slice(0, limit).map((row): AuditRecord => ({ ...row, phase: row.phase as AuditPhase }));
  const last = records.at(-1);
  return { records, next: rows.length > limit && last !== undefined ? `${last.at}.${last.sequence}.${last.writer}` : null };
};
