/**
 * Makes the book of runs durable: journal, chain of signed receipts, receipts file, compaction. A receipt leaves the launcher only after
 * it is journaled; on a full disk the reserved space is used, and what still cannot be written is tried until it can (2.8).
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openJournal, type Journal } from "#link/journal.ts";
import { newId } from "#kernel/ids.ts";
import type { Clock } from "#kernel/clock.ts";
import type { Log } from "#kernel/log.ts";
import type { DataLayout } from "#kernel/data-layout.ts";
import { signReceipt } from "#proof/receipt.ts";
import type { LaunchOrder, Outcome, Receipt } from "#proof/launch-order.ts";
import type { NodeKey } from "#launcher/node-files.ts";
import type { DiskSpace } from "#launcher/disk-space.ts";
import { openReceiptFile, type ReceiptFile } from "#launcher/receipt-file.ts";
import {
  type EndedRecord,
  type LauncherRecord,
  type RunningRecord,
  type StartingRecord,
  type StoppingRecord,
} from "#launcher/run-records.ts";
import { asLauncherRecord, RunBook } from "#launcher/run-book.ts";
import { readPersistedTime } from "#launcher/time-floor.ts";

/** The end of a run before it is signed. */
export interface RunEnd {
  readonly run: string;
  readonly attempt: number;
  readonly tokenDigest: string;
  readonly expMs: number;
  readonly verified: boolean;
  readonly orderDigest: string;
  readonly auditHead: LaunchOrder["auditHead"] | null;
  readonly outcome: Outcome;
}

export interface RunRecorder {
  readonly book: RunBook;
  /** Changes when records were lost. */
  readonly journalId: string;
  readonly refuseIssuedUpToMs: number | null;
  /** False when it could not be made durable: nothing may be started then. */
  recordStarting(record: StartingRecord): Promise<boolean>;
  recordRunning(record: RunningRecord): void;
  recordStopping(record: StoppingRecord): void;
  /** Signs and journals; resolves when durable. Never rejects: it goes on trying. */
  recordEnd(end: RunEnd): Promise<EndedRecord>;
  acknowledge(run: string, attempt: number): void;
  /** Forgets expired replay keys, and rewrites the journal when it is much larger than what it says. */
  tidy(): Promise<void>;
  readonly receipts: ReceiptFile;
  close(): Promise<void>;
}

export interface RunRecorderOptions {
  readonly layout: DataLayout["launcher"];
  readonly key: NodeKey;
  readonly nodeId: () => string;
  readonly clock: Clock;
  readonly skewMs: number;
  readonly disk: DiskSpace;
  readonly log: Log;
  readonly compactAboveBytes?: number;
  readonly rotateReceiptsBytes?: number;
}

const retryMs = 1000;

const cutText = (text: string, max = 4000): string => (text.length > max ? `${text.slice(0, max)}…` : text).toWellFormed();

/** Texts of other makers (names, messages) within what a receipt may hold. */
const fitting = (outcome: Outcome): Outcome => ({
  ...outcome,
  cancelled: outcome.cancelled === null ? null : { by: cutText(outcome.cancelled.by, 1000), reason: cutText(outcome.cancelled.reason) },
  launchProblem:
    outcome.launchProblem === null
      ? null
      : { code: outcome.launchProblem.code, message: cutText(outcome.launchProblem.message), hint: cutText(outcome.launchProblem.hint) },
});

class FileRunRecorder implements RunRecorder {
  readonly book: RunBook;
  readonly receipts: ReceiptFile;
  readonly #journal: Journal;
  readonly #options: RunRecorderOptions;
  #ends: { readonly end: RunEnd; readonly resolve: (record: EndedRecord) => void }[] = [];
  #flushing: Promise<void> | null = null;
  #compactedBytes = 0;
  #closed = false;

  constructor(options: RunRecorderOptions, journal: Journal, book: RunBook, receipts: ReceiptFile) {
    this.#options = options;
    this.#journal = journal;
    this.book = book;
    this.receipts = receipts;
  }

  get journalId(): string {
    return this.book.journal?.id ?? "";
  }

  get refuseIssuedUpToMs(): number | null {
    return this.book.journal?.refuseIssuedUpToMs ?? null;
  }

  async recordStarting(record: StartingRecord): Promise<boolean> {
    // INVARIANT: the book has a record from the moment the journal is given it, else a rewrite in between would lose it.
    this.book.apply(record);
    try {
      await this.#journal.append(record);
      return true;
    } catch {
      return false;
    }
  }

  recordRunning(record: RunningRecord): void {
    this.#appendSoon(record);
  }

  recordStopping(record: StoppingRecord): void {
    this.#appendSoon(record);
  }

  recordEnd(end: RunEnd): Promise<EndedRecord> {
    return new Promise((resolve) => {
      this.#ends.push({ end, resolve });
      this.#flushing ??= this.#flushEnds();
    });
  }

  acknowledge(run: string, attempt: number): void {
    const record = { kind: "acknowledged", run, attempt } as const;
    this.book.apply(record);
    this.#journal.appendLazily(record);
  }

  async tidy(): Promise<void> {
    this.#options.disk.restoreBallast();
    this.book.forgetExpired(this.#options.clock.nowMs());
    if (
      this.#journal.sizeBytes > (this.#options.compactAboveBytes ?? 8 * 1024 * 1024) &&
      this.#journal.sizeBytes > 2 * this.#compactedBytes
    )
      await this.#compact();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#flushing;
    await this.#journal.close();
    this.receipts.sync();
    this.receipts.close();
  }

  async #compact(): Promise<void> {
    // Receipts must be safe elsewhere before the journal forgets them.
    if (!this.receipts.sync()) return;
    try {
      await this.#journal.rewrite(this.book.records());
      this.#compactedBytes = this.#journal.sizeBytes;
    } catch (error) {
      this.#options.log.warn({ error: String(error) }, "journal could not be compacted");
    }
  }

  /** Ordered, not waited for. It is for the next launcher on this boot; a host that went down has no process of the run any more. */
  #appendSoon(record: LauncherRecord): void {
    this.book.apply(record);
    this.#journal.appendUnsynced(record).catch(() => {
      if (this.#options.disk.releaseBallast()) this.#journal.appendUnsynced(record).catch(() => {});
    });
  }

  /** One batch at a time: the order in the file is the order of the chain. */
  async #flushEnds(): Promise<void> {
    while (this.#ends.length > 0) {
      const batch = this.#ends;
      this.#ends = [];
      const records = batch.map(({ end }) => this.#sign(end));
      let missing: readonly EndedRecord[] = records;
      for (;;) {
        const results = await Promise.allSettled(missing.map((record) => this.#journal.append(record)));
        missing = missing.filter((_, index) => results[index]?.status === "rejected");
        if (missing.length === 0) break;
        if (this.#options.disk.releaseBallast()) continue;
        await this.#compact();
        if (this.#closed) return;
        await sleep(retryMs);
      }
      for (const [index, record] of records.entries()) {
        this.receipts.add(record.run, record.attempt, record.sequence, record.receipt);
        batch[index]?.resolve(record);
      }
    }
    this.#flushing = null;
  }

  #sign(end: RunEnd): EndedRecord {
    const { key, clock, nodeId, log } = this.#options;
    const sequence = this.book.sequence + 1;
    const receipt = (outcome: Outcome): Receipt => ({
      version: 1,
      kind: "outcome",
      node: { id: nodeId() || "not-joined", keyThumbprint: key.thumbprint },
      run: end.run,
      attempt: end.attempt,
      orderDigest: end.orderDigest,
      outcome,
      auditHead: end.auditHead,
      sequence,
      previous: this.book.previous,
      iat: Math.floor(clock.nowMs() / 1000),
    });
    let signed: string;
    try {
      signed = signReceipt(receipt(fitting(end.outcome)), key.privateKey, key.thumbprint);
    } catch (error) {
      log.error({ run: end.run, error }, "outcome did not fit a receipt: signed without verdicts and account");
      signed = signReceipt(receipt({ ...fitting(end.outcome), verdicts: [], runAs: null }), key.privateKey, key.thumbprint);
    }
    const record: EndedRecord = {
      kind: "ended",
      run: end.run,
      attempt: end.attempt,
      tokenDigest: end.tokenDigest,
      expMs: end.expMs,
      atMs: clock.nowMs(),
      verified: end.verified,
      started: end.outcome.started,
      exitUnknown: end.outcome.exitUnknown,
      sequence,
      receipt: signed,
      logBytes: end.outcome.output.logBytes,
    };
    this.book.apply(record);
    return record;
  }
}

/** Opens journal and receipts, and decides what a damaged or missing journal means (S4). */
export const openRunRecorder = async (options: RunRecorderOptions): Promise<RunRecorder> => {
  const { layout, clock, log } = options;
  const receipts = openReceiptFile(join(layout.folder, "receipts"), { log, rotateBytes: options.rotateReceiptsBytes ?? 32 * 1024 * 1024 });
  const book = new RunBook();
  const journal = await openJournal(layout.journal, {
    log,
    onRecord: (line) => {
      const record = asLauncherRecord(line);
      if (record === null) return;
      book.apply(record);
      if (record.kind === "ended") receipts.add(record.run, record.attempt, record.sequence, record.receipt);
    },
  });
  if (receipts.last.sequence > book.sequence)
    book.apply({ kind: "chain", sequence: receipts.last.sequence, previous: receipts.last.digest });
  const recorder = new FileRunRecorder(options, journal, book, receipts);
  const time = readPersistedTime(layout.time);
  // A journal without its first record, or none where this node has already kept a time, has lost records just like a damaged one.
  const lost = journal.damaged || (book.journal === null && time !== null) || Number.isNaN(time);
  if (lost || book.journal === null) {
    const nowMs = Math.max(clock.nowMs(), book.latestMs, time === null || Number.isNaN(time) ? 0 : time);
    const record = {
      kind: "journal",
      id: newId("jrn", nowMs),
      atMs: clock.nowMs(),
      refuseIssuedUpToMs: lost ? nowMs + options.skewMs : null,
    } as const;
    if (lost) log.error({ journalId: record.id }, "the journal lost records: tokens issued before now are refused");
    book.apply(record);
    receipts.sync();
    await journal.rewrite(book.records());
  }
  return recorder;
};
