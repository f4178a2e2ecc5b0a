/**
 * A node's receipts form a chain (K1): each names its sequence and the digest of the one before it. What belongs here: where the
 * chain stands after a receipt, and what is wrong with it. What does not: signatures. Pure.
 */
export interface ChainPosition {
  /** 0: none yet. */
  readonly sequence: number;
  /** Digest of that receipt; empty: none yet. */
  readonly hash: string;
}

export type ChainFinding =
  /** Receipts between are missing: withheld, or lost at the node. */
  | { readonly kind: "gap"; readonly from: number; readonly to: number }
  /** It follows by number, but names another predecessor. */
  | { readonly kind: "broken"; readonly sequence: number };

export interface ChainStep {
  readonly position: ChainPosition;
  readonly finding: ChainFinding | null;
}

/**
 * The position after a receipt. One that is not newer (sent again, or late) moves nothing. `position` is null where the node's memory
 * has changed: what it signs first is then taken as the beginning.
 */
export const followChain = (
  position: ChainPosition | null,
  receipt: { readonly sequence: number; readonly previous: string },
  digest: string,
): ChainStep => {
  const next: ChainPosition = { sequence: receipt.sequence, hash: digest };
  if (position === null) return { position: next, finding: null };
  if (receipt.sequence <= position.sequence) return { position, finding: null };
  if (receipt.sequence > position.sequence + 1)
    return { position: next, finding: { kind: "gap", from: position.sequence + 1, to: receipt.sequence - 1 } };
  if (position.sequence > 0 && receipt.previous !== position.hash)
    return { position: next, finding: { kind: "broken", sequence: receipt.sequence } };
  return { position: next, finding: null };
};
