/**
 * The store as every other room sees it: reads through Kysely, writes through one queue that commits many callers' work in
 * one durable transaction (group commit). `open.ts` opens SQLite or PostgreSQL behind it.
 */
import type { Kysely, Transaction } from "kysely";
import type { Tables } from "#store/tables.ts";

export type Reader = Kysely<Tables>;
export type Writer = Transaction<Tables>;

/** Adds an item for the flusher to this work's part of the group transaction. */
export type Stage = (item: object) => void;

export interface Flusher {
  flush(tx: Writer, items: readonly object[]): Promise<void>;
  /** The group was committed (true) or rolled back (false). */
  settled(committed: boolean): void;
}

export interface Store {
  readonly kind: "sqlite" | "postgres";
  /** For reads outside a write. */
  readonly read: Reader;
  /**
   * Runs `work` in a savepoint of the next group transaction and resolves once that transaction is durable. If `work` throws, only its
   * own savepoint is rolled back and the error goes to its caller. INVARIANT: `work` awaits nothing but its own queries.
   */
  write<T>(work: (tx: Writer, stage: Stage) => Promise<T>): Promise<T>;
  /**
   * Registers the one flusher (the audit trail): before each group commit it gets, in order, the items that the group's
   * successful works staged, and writes them in the same transaction. Items of a work that failed are dropped with its savepoint.
   * If the flusher throws, the whole group fails: nothing is committed without its record.
   */
  flushWith(flusher: Flusher): void;
  /** Waits for queued writes, then closes. Idempotent. */
  close(): Promise<void>;
}
