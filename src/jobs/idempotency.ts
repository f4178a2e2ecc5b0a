/**
 * Idempotency keys (W8): scoped to principal and route, bound to the body's hash, stored with what they stand for. The same request
 * again gets the same answer; another one under the same key is refused. Whether the answer may be shown is asked by the caller.
 */
import { fail } from "#kernel/problem.ts";
import type { Reader, Writer } from "#store/store.ts";

export interface IdempotencyScope {
  readonly principal: string;
  readonly route: string;
  readonly key: string;
  readonly bodyHash: string;
}

const keyPattern = /^[\x21-\x7e]{1,200}$/;

/** The answer given before; null: the key is new. Throws `jobs.idempotency-mismatch` when it was used for another body. */
export const recallAnswer = async (reader: Reader, scope: IdempotencyScope): Promise<unknown> => {
  if (!keyPattern.test(scope.key))
    fail("input.invalid-value", "the idempotency key is not 1 to 200 printable ASCII characters without spaces");
  const row = await reader
    .selectFrom("idempotency")
    .select(["body_hash", "answer"])
    .where("principal", "=", scope.principal)
    .where("route", "=", scope.route)
    .where("key", "=", scope.key)
    .executeTakeFirst();
  if (row === undefined) return null;
  if (row.body_hash !== scope.bodyHash) fail("jobs.idempotency-mismatch", "the idempotency key was used for a different request");
  return JSON.parse(row.answer) as unknown;
};

/** Takes the key for this answer, in the transaction that stores what it stands for; the earlier answer where somebody was faster, null otherwise. */
export const claimIdempotencyKey = async (tx: Writer, scope: IdempotencyScope, answer: unknown, nowMs: number): Promise<unknown> => {
  const made = await tx
    .insertInto("idempotency")
    .values({
      principal: scope.principal,
      route: scope.route,
      key: scope.key,
      body_hash: scope.bodyHash,
      answer: JSON.stringify(answer),
      created_at: nowMs,
    })
    // Waits for whoever is inserting the same key, and then finds his row.
    .onConflict((conflict) => conflict.columns(["principal", "route", "key"]).doNothing())
    .executeTakeFirst();
  return made.numInsertedOrUpdatedRows === 1n ? null : recallAnswer(tx, scope);
};
