/**
 * The book of runs: the journal's records folded into what is true now. It answers the replay questions (S3), keeps what is
 * unconfirmed, and writes itself anew without what nobody needs any more. What does not belong here: processes, signatures, sockets, disks.
 */
import { receiptDigest } from "#proof/receipt.ts";
import {
  attemptKey,
  type AcknowledgedRecord,
  type ChainRecord,
  type EndedRecord,
  type JournalRecord,
  type LauncherRecord,
  type ReplayKeyRecord,
  type RunningRecord,
  type StartingRecord,
  type StoppingRecord,
} from "#launcher/run-records.ts";

/** A run that was admitted and has not ended. */
export interface OpenRun {
  readonly starting: StartingRecord;
  running: RunningRecord | null;
  stopping: StoppingRecord | null;
}

/**
 * How long a replay key outlives its token. The clock may go back by the allowed difference, and the highest time is
 * persisted coarsely: beyond both together an expired token stays expired.
 */
export const keepKeyAfterExpiryMs = 5 * 60_000;
/** A token that could not be believed says no time that could be believed; remembered at most so long after it was shown. */
export const keepUnbelievedKeyMs = 24 * 3_600_000;
/** Unbelieved tokens cost the peer nothing to make: beyond so many, they are answered without a receipt. */
export const maxUnbelieved = 5000;

/** Why an attempt is not started although its bytes are new (S3). */
export type AttemptConflict = "later-attempt" | "earlier-attempt-open" | "earlier-attempt-ran";

/** What the book says about a token before anything else is looked at. */
export type Replay =
  | { readonly kind: "new" }
  | { readonly kind: "open"; readonly open: OpenRun }
  | { readonly kind: "ended"; readonly ended: EndedRecord }
  /** Ended and confirmed long ago; only the receipts file has it. */
  | { readonly kind: "confirmed" }
  /** This attempt is known by another token. */
  | { readonly kind: "other-bytes" }
  | { readonly kind: "conflict"; readonly why: AttemptConflict };

export class RunBook {
  journal: JournalRecord | null = null;
  sequence = 0;
  previous = "";
  /** Highest instant of any record. */
  latestMs = 0;
  readonly open = new Map<string, OpenRun>();
  /** Ended, not confirmed: by attempt, or by token digest where the token was not believed. */
  readonly ended = new Map<string, EndedRecord>();
  /** The highest attempt of each run whose token was believed. */
  readonly #keys = new Map<string, ReplayKeyRecord>();
  /** Token digests that were refused unbelieved. */
  readonly #unbelieved = new Map<string, ReplayKeyRecord>();

  apply(record: LauncherRecord): void {
    switch (record.kind) {
      case "journal":
        this.journal = record;
        this.latestMs = Math.max(this.latestMs, record.atMs);
        break;
      case "starting":
        this.open.set(attemptKey(record.run, record.attempt), { starting: record, running: null, stopping: null });
        this.#setKey({ ...keyOf(record), verified: true, started: true, exitUnknown: false });
        this.latestMs = Math.max(this.latestMs, record.atMs);
        break;
      case "running": {
        const open = this.open.get(attemptKey(record.run, record.attempt));
        if (open !== undefined) open.running = record;
        this.latestMs = Math.max(this.latestMs, record.atMs);
        break;
      }
      case "stopping": {
        const open = this.open.get(attemptKey(record.run, record.attempt));
        if (open !== undefined) open.stopping = record;
        break;
      }
      case "ended":
        if (record.verified) this.open.delete(attemptKey(record.run, record.attempt));
        this.ended.set(endedKey(record), record);
        this.#setKey({ ...keyOf(record), verified: record.verified, started: record.started, exitUnknown: record.exitUnknown });
        this.latestMs = Math.max(this.latestMs, record.atMs);
        if (record.sequence > this.sequence) {
          this.sequence = record.sequence;
          this.previous = receiptDigest(record.receipt);
        }
        break;
      case "acknowledged":
        this.#confirm(record);
        break;
      case "key":
        this.#setKey(record);
        break;
      case "chain":
        this.sequence = record.sequence;
        this.previous = record.previous;
        break;
    }
  }

  /** What is recorded about these bytes shown for this attempt. */
  replay(run: string, attempt: number, tokenDigest: string): Replay {
    const key = attemptKey(run, attempt);
    const open = this.open.get(key);
    if (open !== undefined) return open.starting.tokenDigest === tokenDigest ? { kind: "open", open } : { kind: "other-bytes" };
    const unbelieved = this.ended.get(`${key}.${tokenDigest}`);
    if (unbelieved !== undefined) return { kind: "ended", ended: unbelieved };
    if (this.#unbelieved.has(tokenDigest)) return { kind: "confirmed" };
    const ended = this.ended.get(key);
    if (ended !== undefined) return ended.tokenDigest === tokenDigest ? { kind: "ended", ended } : { kind: "other-bytes" };
    const highest = this.#keys.get(run);
    if (highest === undefined) return { kind: "new" };
    if (highest.attempt === attempt) return highest.tokenDigest === tokenDigest ? { kind: "confirmed" } : { kind: "other-bytes" };
    if (highest.attempt > attempt) return { kind: "conflict", why: "later-attempt" };
    if (this.open.has(attemptKey(run, highest.attempt))) return { kind: "conflict", why: "earlier-attempt-open" };
    // Only the manager can order another attempt of a run whose end nobody saw, and does so for `restartable` jobs alone.
    return highest.started && !highest.exitUnknown ? { kind: "conflict", why: "earlier-attempt-ran" } : { kind: "new" };
  }

  /** Whether one more token may be refused with a receipt although it was not believed. */
  mayRememberUnbelieved(): boolean {
    return this.#unbelieved.size < maxUnbelieved;
  }

  /** Drops replay keys that no token can ask for any more. */
  forgetExpired(nowMs: number): void {
    for (const [run, key] of this.#keys) {
      if (key.expMs + keepKeyAfterExpiryMs >= nowMs) continue;
      const attempt = attemptKey(run, key.attempt);
      if (!this.open.has(attempt) && !this.ended.has(attempt)) this.#keys.delete(run);
    }
    for (const [digest, key] of this.#unbelieved)
      if (key.expMs + keepKeyAfterExpiryMs < nowMs && !this.ended.has(`${attemptKey(key.run, key.attempt)}.${digest}`))
        this.#unbelieved.delete(digest);
  }

  /** Everything that is still needed, as records. */
  *records(): Generator<LauncherRecord> {
    if (this.journal !== null) yield this.journal;
    yield { kind: "chain", sequence: this.sequence, previous: this.previous } satisfies ChainRecord;
    yield* this.#keys.values();
    yield* this.#unbelieved.values();
    yield* this.ended.values();
    for (const { starting, running, stopping } of this.open.values()) {
      yield starting;
      if (running !== null) yield running;
      if (stopping !== null) yield stopping;
    }
  }

  #confirm({ run, attempt }: AcknowledgedRecord): void {
    const key = attemptKey(run, attempt);
    this.ended.delete(key);
    for (const [digest, unbelieved] of this.#unbelieved)
      if (unbelieved.run === run && unbelieved.attempt === attempt) this.ended.delete(`${key}.${digest}`);
  }

  #setKey(record: ReplayKeyRecord): void {
    if (!record.verified) {
      this.#unbelieved.set(record.tokenDigest, record);
      return;
    }
    const before = this.#keys.get(record.run);
    if (before === undefined || before.attempt <= record.attempt) this.#keys.set(record.run, record);
  }
}

const keyOf = (record: StartingRecord | EndedRecord): Pick<ReplayKeyRecord, "kind" | "run" | "attempt" | "tokenDigest" | "expMs"> => ({
  kind: "key",
  run: record.run,
  attempt: record.attempt,
  tokenDigest: record.tokenDigest,
  expMs: record.expMs,
});

const endedKey = (record: EndedRecord): string =>
  record.verified ? attemptKey(record.run, record.attempt) : `${attemptKey(record.run, record.attempt)}.${record.tokenDigest}`;

const objectKinds = new Set(["journal", "starting", "running", "stopping", "ended", "acknowledged", "key", "chain"]);

/** A journal line as a record; null for one of a newer version, which is skipped. */
export const asLauncherRecord = (value: unknown): LauncherRecord | null =>
  typeof value === "object" && value !== null && objectKinds.has((value as { kind?: string }).kind ?? "")
    ? (value as LauncherRecord)
    : null;
