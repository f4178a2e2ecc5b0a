/**
 * What becomes of a run that was offered to a node when that node says what it knows. What belongs here: the decision. What does
 * not: the queries that carry it out. Pure.
 *
 * INVARIANT: offered again only when the node's own journal, unbroken since the offer, does not have it.
 */
export type NodeRunState = "accepted" | "starting" | "running" | "ended" | "refused";

export interface OfferedRun {
  readonly attempt: number;
  /** The node's journal when it was offered. */
  readonly journalId: string | null;
  /** Offered over the connection that now reports: the offer may still be under way. */
  readonly offeredHere: boolean;
}

export interface NodeReport {
  /** Empty while the launcher is away: then nothing follows from what is missing. */
  readonly journalId: string;
  /** What the node says about this run; null: it does not know the run. */
  readonly known: { readonly attempt: number; readonly state: NodeRunState } | null;
}

export type Reconciliation =
  /** The node has it; an outcome will come. */
  | { readonly kind: "keep"; readonly state: "accepted" | "running" }
  /** Nothing can be said yet. */
  | { readonly kind: "wait" }
  /** The node never got it. */
  | { readonly kind: "offer-again" }
  /** It may have run: the node's memory is not the one that it was offered to. */
  | { readonly kind: "unknown" };

/** Decides for one run in `offered`, `accepted` or `running`. */
export const reconcile = (offered: OfferedRun, report: NodeReport): Reconciliation => {
  const { known } = report;
  if (known !== null && known.attempt === offered.attempt)
    return { kind: "keep", state: known.state === "running" ? "running" : "accepted" };
  if (report.journalId === "" || offered.offeredHere) return { kind: "wait" };
  return offered.journalId === report.journalId ? { kind: "offer-again" } : { kind: "unknown" };
};
