/** What `behalf audit verify` can find, each with its place and a sentence. */
export interface AuditFinding {
  readonly kind:
    /** The content does not have the hash beside it. */
    | "altered"
    /** A sequence is missing inside a chain. */
    | "removed"
    /** A record does not follow the one before it: replaced, reordered or rewritten. */
    | "broken-link"
    /** Something trusted names a later record than the chain has. */
    | "cut-tail"
    /** Something trusted names a chain that is not there. */
    | "missing-chain"
    /** The chain is whole in itself, but not the one that something trusted names. */
    | "rewritten"
    /** Two trusted statements disagree. */
    | "fork"
    | "bad-checkpoint"
    | "bad-receipt"
    /** The node's own chain of receipts has a hole. */
    | "receipt-gap"
    /** A node ran something that the store and the audit do not know. */
    | "unreported-run"
    /** The store tells another outcome than the node signed. */
    | "altered-outcome";
  /** The chain; for receipts the node's id. */
  readonly writer: string;
  readonly sequence: number;
  readonly text: string;
}

export interface ChainSummary {
  readonly writer: string;
  readonly records: number;
  readonly lastSequence: number;
  readonly lastHash: string;
  /** Up to here something outside the table vouches for the chain; 0: nothing does, so its tail could have been cut unseen. */
  readonly confirmedSequence: number;
  /** Acts that were opened in it and never completed, by the sequence that opened them. */
  readonly open: ReadonlySet<number>;
}

export interface AuditReport {
  /** No findings. */
  readonly ok: boolean;
  readonly records: number;
  readonly chains: readonly ChainSummary[];
  readonly checkpoints: number;
  readonly receipts: number;
  /** Acts that were opened and never completed: a process ended in their midst. Not a finding. */
  readonly unfinishedActs: number;
  /** At most 200. */
  readonly findings: readonly AuditFinding[];
  /** Findings beyond those. */
  readonly furtherFindings: number;
}
