/** What the controller needs from the rooms around it. The manager hands the real ones in; `open-controller.ts` names them. */
import type { Principal } from "#identity/principal.ts";
import type { Job } from "#jobs/rules/job.ts";
import type { NodeFacts } from "#link/messages.ts";
import type { Writer } from "#store/store.ts";

/** A node as the controller needs it. */
export interface KnownNode {
  readonly id: string;
  readonly name: string;
  /** Raw Ed25519 (base64url): the launcher's, which signs receipts. */
  readonly publicKey: string;
  readonly keyThumbprint: string;
  /** SHA-256 (hex, lower case, no colons) of the agent's current certificate. */
  readonly certificateFingerprint: string;
  /** Of a renewed one that was not used yet; null: none. */
  readonly nextCertificateFingerprint: string | null;
  readonly active: boolean;
  /** Of the last facts that were stored; null: none yet. */
  readonly journalId: string | null;
  readonly receiptSequence: number;
  readonly receiptHash: string;
}

export interface NodeDirectory {
  /** Today's record; null when there is none. */
  find(id: string): Promise<KnownNode | null>;
  /** The id of the node that a URI name of an agent's certificate stands for; null when it is no agent's name of this realm. */
  nodeIdOf(uriName: string): string | null;
  /** A new certificate for the key of the request, for this active node and nothing else. Throws a problem. */
  renewCertificate(nodeId: string, csrPem: string): Promise<string>;
  /** The renewed certificate was used; false: it is not good (any more). */
  certificateUsed(nodeId: string, fingerprint: string): Promise<boolean>;
  saveFacts(tx: Writer, nodeId: string, facts: NodeFacts, seenAtMs: number): Promise<void>;
  saveSeen(tx: Writer, nodeId: string, seenAtMs: number): Promise<void>;
  saveReceiptPosition(tx: Writer, nodeId: string, position: { readonly sequence: number; readonly hash: string }): Promise<void>;
}

export interface JobRevision {
  readonly job: Job;
  /** Access ID of who saved it. */
  readonly author: string;
}

export interface JobDirectory {
  /** A revision never changes; null when it is gone. */
  getRevision(path: string, revision: number): Promise<JobRevision | null>;
}

/** Today's facts about a submitter; null: unknown or disabled. */
export type PrincipalOf = (accessId: string) => Promise<Principal | null>;
