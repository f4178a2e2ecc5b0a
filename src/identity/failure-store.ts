/** The counters of failed logins per account and address (W6); how long they delay is a rule (`rules/login-delay.ts`). */
import { sql } from "kysely";
import { fail } from "#kernel/problem.ts";
import type { Clock } from "#kernel/clock.ts";
import type { Store, Writer } from "#store/store.ts";
import { remainingDelayMs, type DelayPolicy } from "#identity/rules/login-delay.ts";

/** One counter that a login touches. */
export interface Counted {
  readonly key: string;
  readonly policy: DelayPolicy;
}

export interface FailureStore {
  /** Throws `identity.delayed` with the seconds to wait while any of the counters delays. */
  refuseDelayed(counted: readonly Counted[]): Promise<void>;
  /** Counts one failure on each. */
  count(counted: readonly Counted[]): Promise<void>;
}

/** Forgets the failures of one account after it signed in. */
export const clearFailures = async (tx: Writer, key: string): Promise<void> => {
  await tx.deleteFrom("login_failures").where("key", "=", key).execute();
};

const pruneEveryMs = 600_000;

export const openFailureStore = (store: Store, clock: Clock): FailureStore => {
  let prunedAtMs = clock.monotonicMs();
  return {
    refuseDelayed: async (counted) => {
      const rows = await store.read
        .selectFrom("login_failures")
        .selectAll()
        .where(
          "key",
          "in",
          counted.map(({ key }) => key),
        )
        .execute();
      const nowMs = clock.nowMs();
      let longest = 0;
      for (const { key, policy } of counted) {
        const row = rows.find((one) => one.key === key);
        if (row !== undefined)
          longest = Math.max(longest, remainingDelayMs({ failures: row.failures, lastAtMs: row.last_at }, policy, nowMs));
      }
      if (longest <= 0) return;
      const seconds = Math.ceil(longest / 1000);
      fail("identity.delayed", `too many failed logins: wait ${seconds} s`, {
        retryAfterSeconds: seconds,
        hint: `try again in ${seconds} s; it does not matter whether the password is right before that`,
      });
    },
    count: async (counted) => {
      const nowMs = clock.nowMs();
      const prune = clock.monotonicMs() - prunedAtMs >= pruneEveryMs;
      if (prune) prunedAtMs = clock.monotonicMs();
      await store.write(async (tx) => {
        for (const { key, policy } of counted) {
          await tx
            .insertInto("login_failures")
            .values({ key, failures: 1, last_at: nowMs })
            .onConflict((conflict) =>
              conflict.column("key").doUpdateSet({
                failures: sql<number>`case when login_failures.last_at <= ${nowMs - policy.forgetAfterMs} then 1 else login_failures.failures + 1 end`,
                last_at: nowMs,
              }),
            )
            .execute();
        }
        if (prune)
          await tx
            .deleteFrom("login_failures")
            .where("last_at", "<=", nowMs - Math.max(...counted.map(({ policy }) => policy.forgetAfterMs)))
            .execute();
      });
    },
  };
};
