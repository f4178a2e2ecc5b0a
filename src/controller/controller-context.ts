/** What the pieces of one controller share. What belongs here: names of shared things. What does not: doing anything with them. */
import type { KeyObject } from "node:crypto";
import type { AuditTrail } from "#audit/audit-trail.ts";
import type { Clock } from "#kernel/clock.ts";
import type { Log } from "#kernel/log.ts";
import type { LaunchOrder } from "#proof/launch-order.ts";
import type { RunResult, RunState } from "#jobs/rules/run-state.ts";
import type { Store } from "#store/store.ts";
import type { JobDirectory, NodeDirectory, PrincipalOf } from "#controller/ports.ts";
import type { RunLogs } from "#controller/run-log.ts";
import type { StateBatch } from "#controller/state-batch.ts";

export interface ControllerSettings {
  /** The controller's name, as in a run's `controller`. */
  readonly name: string;
  /** Runs offered to one node and not ended. */
  readonly maxInFlightPerNode: number;
  /** Life of a delegation token, at most 5 minutes (S2). */
  readonly tokenLifeMs: number;
  readonly heartbeatMs: number;
  /** A connection on which nothing is heard for so long is cut. */
  readonly silenceMs: number;
  /** Attempts of one run, first one included. */
  readonly maxAttempts: number;
  /** How long a node that refused for a passing reason is left alone. */
  readonly holdOffersMs: number;
  /** The queue is looked at again at least this often. */
  readonly pollMs: number;
  /** Free bytes below which nothing new is admitted. */
  readonly logFloorBytes: number;
}

export const defaultControllerSettings: ControllerSettings = {
  name: "main",
  maxInFlightPerNode: 50,
  tokenLifeMs: 120_000,
  heartbeatMs: 3000,
  silenceMs: 10_000,
  maxAttempts: 10,
  holdOffersMs: 2000,
  pollMs: 5000,
  logFloorBytes: 256 * 1024 * 1024,
};

/** A run's state has changed and is committed. Enough to decide who may see it without another query. */
export interface RunChange {
  readonly run: string;
  readonly submission: string;
  readonly jobPath: string;
  readonly folder: string;
  readonly submitter: string;
  readonly node: string;
  readonly state: RunState;
  readonly result: RunResult | null;
  readonly attempt: number;
  readonly atMs: number;
}

/** The realm's issuers, signed by its root. */
export interface Announcement {
  readonly serial: number;
  readonly text: string;
}

export interface ControllerContext {
  readonly settings: ControllerSettings;
  readonly store: Store;
  readonly audit: AuditTrail;
  readonly clock: Clock;
  readonly log: Log;
  readonly nodes: NodeDirectory;
  readonly jobs: JobDirectory;
  readonly principalOf: PrincipalOf;
  /** Asked at every mint: an epoch may rise while the manager runs. */
  readonly realm: () => LaunchOrder["realm"];
  /** Asked at every mint: the key is replaced while the manager runs. */
  readonly signer: () => { readonly kid: string; readonly privateKey: KeyObject };
  /** What nodes must know of the realm's issuers; null: what they were told at their join (S5). */
  readonly announcement: () => Announcement | null;
  /** Whether a node may be given one more certificate now. */
  readonly mayRenew: (nodeId: string) => boolean;
  readonly logs: RunLogs;
  readonly states: StateBatch;
  readonly changed: (change: RunChange) => void;
  /** A slot is free, or a run is queued again. */
  readonly wake: () => void;
}
