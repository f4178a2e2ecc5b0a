/**
 * The revision of who may what: one row that every change of accounts, roles and assignments raises, so that what was compiled from them
 * is known to be stale, also where another manager on the same database made the change.
 */
import { sql } from "kysely";
import type { Clock } from "#kernel/clock.ts";
import type { Store, Writer } from "#store/store.ts";

const key = "identity.revision";
/** A change made by another manager is seen after at most this long; one's own at once. */
const checkEveryMs = 250;

export interface PolicyRevision {
  /**
   * Raises the revision. INVARIANT: the first statement of every change: the row stays locked until the commit, so changes of several managers come
   * one after the other, and the guard for the last administrator sees what it decides on.
   */
  raise(tx: Writer): Promise<void>;
  /** A change of this process was committed: the next `current` looks. */
  changed(): void;
  /** The revision, looked up at most every 250 ms. Throws when the store does not answer. */
  current(): Promise<number>;
}

export const openPolicyRevision = (store: Store, clock: Clock): PolicyRevision => {
  let known = 0;
  let checkedAtMs = Number.NEGATIVE_INFINITY;
  let changes = 0;
  return {
    raise: async (tx) => {
      await tx
        .insertInto("meta")
        .values({ key, value: "1" })
        .onConflict((conflict) => conflict.column("key").doUpdateSet({ value: sql<string>`cast(cast(meta.value as bigint) + 1 as text)` }))
        .execute();
    },
    changed: () => {
      changes += 1;
      checkedAtMs = Number.NEGATIVE_INFINITY;
    },
    current: async () => {
      const nowMs = clock.monotonicMs();
      if (nowMs - checkedAtMs < checkEveryMs) return known;
      const seen = changes;
      const row = await store.read.selectFrom("meta").select("value").where("key", "=", key).executeTakeFirst();
      // A look that began before a change must neither undo a later one nor stand for it.
      known = Math.max(known, Number(row?.value ?? 0));
      if (changes === seen) checkedAtMs = nowMs;
      return known;
    },
  };
};
