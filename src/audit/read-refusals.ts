/** Refused acts of one kind, newest first. Who may know of which is asked above. */
import { sql } from "kysely";
import type { Reader } from "#store/store.ts";

export interface Refusal {
  readonly actor: string;
  readonly object: string;
  readonly atMs: number;
  readonly detail: Readonly<Record<string, unknown>>;
}

const detailOf = (text: string): Refusal["detail"] => {
  const detail: unknown = JSON.parse(text);
  return typeof detail === "object" && detail !== null ? (detail as Refusal["detail"]) : {};
};

/** Those since `fromMs`, at most `most`. The phase stands in the statement itself, where the index `audit_refusals` is found by it. */
export const readRefusals = async (
  read: Reader,
  { action, fromMs, most }: { readonly action: string; readonly fromMs: number; readonly most: number },
): Promise<readonly Refusal[]> => {
  const rows = await read
    .selectFrom("audit")
    .select(["actor", "object", "at", "detail"])
    .where(sql<boolean>`phase = 'refused'`)
    .where("action", "=", action)
    .where("at", ">=", fromMs)
    .orderBy("at", "desc")
    .orderBy("writer", "desc")
    .orderBy("sequence", "desc")
    .limit(most)
    .execute();
  return rows.map(({ actor, object, at, detail }) => ({ actor, object, atMs: at, detail: detailOf(detail) }));
};
