/**
 * What the node keeps, as files that only the launcher's account owns, and the messages of the launcher's administration
 * socket. `behalf credential …`, `behalf node …` and the enrolment speak it.
 */
import type { CredentialEntry, NodePolicy } from "#launch/rules/credentials.ts";
import type { NodeTable } from "#nodes/rules/node-table.ts";
import type { NodeTrust } from "#nodes/rules/node-trust.ts";

export type { CredentialEntry, NodePolicy };
export type { NodeTable, NodeTrust };

/** Requests on the administration socket: one JSON frame each, answered by `{ type: "ok", … }` or `{ type: "problem", … }`. */
export type AdminRequest =
  | { readonly type: "credential-set"; readonly entry: CredentialEntry }
  | { readonly type: "credential-list" }
  | { readonly type: "credential-delete"; readonly key: string }
  /** Resolves the account and starts nothing but `/bin/true` as it: the whole launch path without a job. */
  | { readonly type: "credential-test"; readonly key: string }
  | { readonly type: "policy-show" }
  | { readonly type: "policy-set"; readonly policy: NodePolicy }
  | { readonly type: "table-show" }
  | { readonly type: "table-set"; readonly table: NodeTable }
  | { readonly type: "trust-show" }
  /** First trust anchors (join) or an announcement signed by the pinned root with a rising serial (rotation). */
  | { readonly type: "trust-set"; readonly trust: NodeTrust }
  | { readonly type: "trust-rotate"; readonly announcement: string }
  | { readonly type: "status" }
  | { readonly type: "doctor" }
  /** No new starts; running jobs get `drainMs`, then their normal termination, recorded as cancelled by `shutdown`; answers when none is left. */
  | { readonly type: "drain"; readonly drainMs: number }
  /** The receipts journal as witness for `behalf audit verify --against` (K1). */
  | {
      readonly type: "journal-export";
      /** Pages: only receipts after this sequence; answered by `{ receipts, nextAfter }`, `nextAfter` null on the last page. */ readonly afterSequence?: number;
    }
  /** Re-reads credentials, policy and table. */
  | { readonly type: "refresh" };
