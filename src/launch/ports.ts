/**
 * What the node keeps, as files that only the launcher's account owns, and the messages of the launcher's administration
 * socket. `behalf credential …`, `behalf node …` and the enrolment speak it.
 */
import type { NodeTable } from "#nodes/rules/node-table.ts";
import type { NodeTrust } from "#nodes/rules/node-trust.ts";
import type { NodeRole } from "#proof/launch-order.ts";

/** One entry of the node-side credential store (A6-A9, S6). On Linux there is no password: none is needed. */
export interface CredentialEntry {
  readonly key: string;
  /** User name of the OS account (A17/A58: letters, digits, `_ . - , space @`). */
  readonly user: string;
  /** Empty lists mean nobody (S6): both must match. */
  readonly allow: {
    /** Job folders, recursive. */
    readonly folders: readonly string[];
    /** Access IDs (`user:…`, `os:…`), `group:<name>`, or `authenticated`. */
    readonly submitters: readonly string[];
  };
  readonly allowNologin: boolean;
  readonly noNewPrivileges: boolean;
}

/** The node's policy file: it can only narrow, except for the uids it names (S7). */
export interface NodePolicy {
  readonly version: 1;
  /** Uids allowed although they are system accounts (0, 65535, 4294967295, below UID_MIN). */
  readonly namedUids: readonly number[];
  /** User name of the default job account (`as: agent`); null: `as: agent` is refused. */
  readonly defaultJobAccount: string | null;
  /** When not empty: an OS account may be used only where one rule names it with the job's folder and one of the submitter's node roles. */
  readonly accounts: readonly { readonly user: string; readonly folders: readonly string[]; readonly roles: readonly NodeRole[] }[];
  /** Only one submitter at a time may have runs under the same OS account (O9). */
  readonly exclusive: "none" | "submitter";
}

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
  | { readonly type: "journal-export"; /** Pages: only receipts after this sequence; answered by `{ receipts, nextAfter }`, `nextAfter` null on the last page. */ readonly afterSequence?: number }
  /** Re-reads credentials, policy and table. */
  | { readonly type: "refresh" };
