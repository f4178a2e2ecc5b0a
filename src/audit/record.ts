/**
 * One record of the audit chain and its hash. Each process that writes has a chain of its own: (writer, sequence, hash of the record before). What
 * belongs here: the record's form. What does not: when one is written (`audit-trail.ts`) or whether a chain holds (`verify-chain.ts`).
 */
import type { AuditTable } from "#store/tables.ts";
import { sha256Hex } from "#proof/digest.ts";

/** `opened` before an act, then one of `completed`, `refused`, `failed`; `noted` stands alone. */
export type AuditPhase = "opened" | "completed" | "failed" | "refused" | "noted";

export type AuditRecord = Omit<AuditTable, "phase"> & { readonly phase: AuditPhase };

/** `previous` of the first record of a chain. */
export const chainStart = "0".repeat(64);

/** A place in a chain: that the record there has this hash. */
export interface ChainPosition {
  readonly writer: string;
  readonly sequence: number;
  readonly hash: string;
}

/** A place that this process has seen itself. */
export interface SeenPlace extends ChainPosition {
  /** When it was written, or looked at; milliseconds. */
  readonly atMs: number;
}

/**
 * The hash (hex) of a record's content. A JSON array of texts and numbers in fixed order has one spelling, so it needs no sorting of names.
 * INVARIANT: every column but `hash` is in it.
 */
export const recordHash = (record: Omit<AuditTable, "hash">): string =>
  sha256Hex(
    JSON.stringify([
      1,
      record.writer,
      record.sequence,
      record.previous,
      record.at,
      record.actor,
      record.action,
      record.object,
      record.phase,
      record.opened,
      record.detail,
    ]),
  );
