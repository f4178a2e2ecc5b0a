/**
 * The store as every other room sees it: reads through Kysely, writes through one queue that commits many callers' work in
 * one durable transaction (group commit). `open.ts` opens SQLite or PostgreSQL behind it.
 */
import type { Kysely, Transaction } from "kysely";
import type { Tables } from "#store/tables.ts";

export type Reader = Kysely<Tables>;
export type Writer = Transaction<Tables>;

export interface Store {
  readonly kind: "sqlite" | "postgres";
  /** For reads outside a write. */
  readonly read: Reader;
  /**
   * Runs `work` in a savepoint of the next group transaction and resolves once that transaction is durable. If `work` throws, only its
   * own savepoint is rolled back and the error goes to its caller. INVARIANT: `work` awaits nothing but its own queries.
   */
  write<T>(work: (tx: Writer) => Promise<T>): Promise<T>;
  /** Waits for queued writes, then closes. Idempotent. */
  close(): Promise<void>;
}
