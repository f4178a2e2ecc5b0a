/**
 * What the launcher's journal holds: the lines that make a restarted launcher know what was started here, what must never be
 * started again, and which receipts nobody has confirmed yet. What does not belong here: how lines become durable (`link/journal.ts`)
 * and what is done with them (`run-book.ts`).
 */
import type { LaunchOrder, Outcome, VerdictRecord } from "#proof/launch-order.ts";
import type { Place, ProcessRecord } from "#launch/process-port.ts";

/** What is needed of a verified order to watch its process and to write its receipt, after a restart too. Holds no program text, arguments or environment. */
export interface KeptOrder {
  readonly digest: string;
  readonly submitter: string;
  readonly limits: LaunchOrder["limits"];
  readonly auditHead: LaunchOrder["auditHead"];
  readonly runAs: Outcome["runAs"];
  readonly verdicts: readonly VerdictRecord[];
}

/** Identity of the journal (changes when records were lost), and the time rules that came with it (S4). */
export interface JournalRecord {
  readonly kind: "journal";
  readonly id: string;
  readonly atMs: number;
  /** Tokens issued up to this instant are refused: they may have been used in the part that was lost. Null: nothing was lost. */
  readonly refuseIssuedUpToMs: number | null;
}

/** Fsynced before the process starts (S3). */
export interface StartingRecord {
  readonly kind: "starting";
  readonly run: string;
  readonly attempt: number;
  readonly tokenDigest: string;
  readonly expMs: number;
  readonly atMs: number;
  readonly order: KeptOrder;
  /** Where its processes will be. */
  readonly place?: Place | null;
}

export interface RunningRecord {
  readonly kind: "running";
  readonly run: string;
  readonly attempt: number;
  readonly atMs: number;
  /** The host's monotonic clock at the start; means something within one boot only. */
  readonly monotonicMs: number;
  readonly process: ProcessRecord;
}

/** Why a run is being stopped; so that its outcome says so although another launcher sees the end. */
export interface StoppingRecord {
  readonly kind: "stopping";
  readonly run: string;
  readonly attempt: number;
  readonly timedOut: boolean;
  readonly cancelled: Outcome["cancelled"];
}

export interface EndedRecord {
  readonly kind: "ended";
  readonly run: string;
  readonly attempt: number;
  readonly tokenDigest: string;
  readonly expMs: number;
  readonly atMs: number;
  /** False when the token could not be believed: the record then blocks these very bytes, not the run. */
  readonly verified: boolean;
  readonly started: boolean;
  readonly exitUnknown: boolean;
  readonly sequence: number;
  readonly receipt: string;
  readonly logBytes: number;
}

export interface AcknowledgedRecord {
  readonly kind: "acknowledged";
  readonly run: string;
  readonly attempt: number;
}

/** What compaction leaves of an acknowledged run until its token cannot be shown any more (S3). */
export interface ReplayKeyRecord {
  readonly kind: "key";
  readonly run: string;
  readonly attempt: number;
  readonly tokenDigest: string;
  readonly expMs: number;
  readonly verified: boolean;
  readonly started: boolean;
  readonly exitUnknown: boolean;
}

/** Where the chain of receipts stands. */
export interface ChainRecord {
  readonly kind: "chain";
  readonly sequence: number;
  readonly previous: string;
}

export type LauncherRecord =
  | JournalRecord
  | StartingRecord
  | RunningRecord
  | StoppingRecord
  | EndedRecord
  | AcknowledgedRecord
  | ReplayKeyRecord
  | ChainRecord;

/** The key of one attempt of a run in maps and file names. */
export const attemptKey = (run: string, attempt: number): string => `${run}.${attempt}`;
