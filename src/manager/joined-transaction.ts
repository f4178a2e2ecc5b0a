/**
 * Several use-cases in one transaction: a store and an audit trail that run inside a write that has already begun, so that what is
 * applied together (`POST /definitions`) is committed together or not at all. What each use-case records goes into the same transaction.
 */
import type { AuditTrail } from "#audit/audit-trail.ts";
import type { Stage, Store, Writer } from "#store/store.ts";

export interface Joined {
  readonly store: Store;
  readonly audit: AuditTrail;
}

/** Store and trail for use-cases that take part in the write of `tx`. INVARIANT: they are not used after that write has ended. */
export const joinTransaction = (outer: { readonly store: Store; readonly audit: AuditTrail }, tx: Writer, stage: Stage): Joined => {
  const act: AuditTrail["act"] = async (entry, work) => {
    const { result, detail } = await work(tx, stage);
    outer.audit.stageNote(stage, { ...entry, detail: { ...entry.detail, ...detail } });
    return result;
  };
  return {
    store: {
      kind: outer.store.kind,
      read: tx,
      write: (work) => work(tx, stage),
      flushWith: () => {
        throw new TypeError("a joined transaction has no flusher of its own");
      },
      close: async () => {},
    },
    audit: {
      act,
      actAtOnce: act,
      refused: () => {
        throw new TypeError("what is refused is recorded outside of the transaction that it rolls back");
      },
      note: async (entry) => outer.audit.stageNote(stage, entry),
      stageNote: (_stage, entry) => outer.audit.stageNote(stage, entry),
      head: () => outer.audit.head(),
      heads: () => outer.audit.heads(),
      checkpoint: async () => {},
      close: async () => {},
    },
  };
};
