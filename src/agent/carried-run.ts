/** One run as the courier carries it: what it was told by either side, nothing that it decided. */
import type { FromAgent, KnownRun } from "#link/messages.ts";

type RunningMessage = Extract<FromAgent, { type: "state" }>;

export interface CarriedRun {
  readonly run: string;
  readonly attempt: number;
  /** As offered; null when only the launcher told of the run. */
  token: string | null;
  state: KnownRun["state"];
  /** That it runs, as its launcher told it; null before that. */
  running: RunningMessage | null;
  /** Bytes of log that the launcher is known to have. */
  logBytes: number;
  /** Bytes of log sent on the present connection; null until the controller has said where to begin. */
  shippedBytes: number | null;
  /** The size that was last heard may be old: one read tells. */
  checkSize: boolean;
  /** A `read-log` is under way. */
  reading: boolean;
  /** The launcher no longer has the rest of the log, and the controller was told. */
  logMissing: boolean;
  outcome: {
    readonly receipt: string;
    readonly logInline: boolean;
    readonly payload: Buffer;
    /** Order in which the launcher gave them. */ readonly turn: number;
  } | null;
  /** To be passed to the launcher as soon as it is there. */
  cancel: { readonly by: string; readonly reason: string } | null;
}

export const carriedRunKey = (run: string, attempt: number): string => `${run}/${attempt}`;

export const newCarriedRun = (run: string, attempt: number, token: string | null): CarriedRun => ({
  run,
  attempt,
  token,
  state: "accepted",
  running: null,
  logBytes: 0,
  shippedBytes: null,
  checkSize: false,
  reading: false,
  logMissing: false,
  outcome: null,
  cancel: null,
});
