/** A run that was offered over, or reported on, one connection: what is needed to settle it without asking the store again. */
import { createHash } from "node:crypto";
import type { RunOnNode } from "#jobs/dispatch-store.ts";
import type { Receipt, VerdictRecord } from "#proof/launch-order.ts";

export interface ReceivedOutcome {
  readonly jws: string;
  readonly receipt: Receipt;
  readonly digest: string;
}

export interface LiveRun {
  readonly run: string;
  readonly attempt: number;
  readonly submission: string;
  readonly jobPath: string;
  readonly folder: string;
  readonly submitter: string;
  readonly node: string;
  /** The node's journal at the offer. */
  readonly journalId: string | null;
  readonly orderDigest: string;
  /** SHA-256 (hex) of the token's text: what a node names that could not read the order; null when it is not known. */
  readonly tokenDigest: string | null;
  readonly successExitCodes: readonly (readonly [number, number])[];
  readonly restartable: boolean;
  /** Offered over this very connection, and nothing was heard about it yet. */
  offeredHere: boolean;
  /** When this process first heard that the node has it. */
  acceptedAtMs: number | null;
  cancel: { readonly by: string; readonly reason: string } | null;
  /** Verified; waits for its log or its transaction. */
  outcome: ReceivedOutcome | null;
  /** Its receipt is in its place in the chain, its inline log is written. */
  outcomeTaken: boolean;
  settling: boolean;
  /** Something came while it was being settled. */
  lookAgain: boolean;
  /** Offered by this process, and no byte of output has come: there is no file to look at. */
  logUntouched: boolean;
  /** The agent knows where to go on with the log. */
  logFlowing: boolean;
  /** Taking the log has failed; what still comes is passed over until it is asked for again. */
  logStalled: boolean;
  logMissing: boolean;
  /** The log was asked for once more from its beginning. */
  logRestarted: boolean;
}

export const tokenDigestOf = (token: string): string => createHash("sha256").update(token).digest("hex");

/** The key under which the verdict of a dispatch keeps the digest of the token that it led to. */
export const tokenDigestFact = "tokenSha256";

const tokenDigestIn = (dispatchVerdicts: string | null): string | null => {
  if (dispatchVerdicts === null) return null;
  try {
    for (const { facts } of JSON.parse(dispatchVerdicts) as VerdictRecord[]) {
      const digest = facts?.[tokenDigestFact];
      if (typeof digest === "string") return digest;
    }
  } catch {
    // Without it only the order's own digest is believed.
  }
  return null;
};

/** A live run from its row, after a restart or on a new connection. */
export const liveRunOf = (
  row: RunOnNode,
  job: { readonly successExitCodes: LiveRun["successExitCodes"]; readonly restartable: boolean },
  tokenDigest: string | null = tokenDigestIn(row.dispatchVerdicts),
): LiveRun => ({
  run: row.id,
  attempt: row.attempt,
  submission: row.submissionId,
  jobPath: row.jobPath,
  folder: row.folder,
  submitter: row.submitter,
  node: row.node,
  journalId: row.journalId,
  orderDigest: row.orderDigest ?? "",
  tokenDigest,
  successExitCodes: job.successExitCodes,
  restartable: job.restartable,
  offeredHere: false,
  acceptedAtMs: null,
  cancel: row.cancel,
  outcome: null,
  outcomeTaken: false,
  settling: false,
  lookAgain: false,
  logUntouched: false,
  logFlowing: false,
  logStalled: false,
  logMissing: false,
  logRestarted: false,
});
