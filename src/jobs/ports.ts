/** What this room needs from others. */
import type { RunToOffer } from "#jobs/dispatch-store.ts";
import type { Stage, Writer } from "#store/store.ts";

export interface NodeNames {
  /** Whether a node of this name has joined and is not revoked. */
  exists(name: string): Promise<boolean>;
}

/** Runs that leave for their nodes in the very transaction that queues them. Exactly one of `go` and `stay` is called. */
export interface Departure {
  /** How many of the runs leave. */
  readonly runs: number;
  /** After the runs were written as queued. */
  write(tx: Writer, stage: Stage): Promise<void>;
  /** The transaction is durable. */
  go(): void;
  /** It was not committed: nothing leaves. */
  stay(): void;
}

/** Whoever dispatches what is submitted. */
export interface Dispatch {
  /** Chooses those of the runs, about to be queued at this controller, that can leave at once; null: none. Writes nothing and never rejects. */
  prepare(controller: string, runs: readonly (RunToOffer & { readonly node: string })[]): Promise<Departure | null>;
  /** Runs were queued that did not leave at once. */
  queued(): void;
}
