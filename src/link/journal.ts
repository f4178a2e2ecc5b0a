/**
 * An append-only file of records that survives a crash: what agent and launcher must not forget. One line per record:
 * `crc32 length json`, checksum and length over the UTF-8 bytes of the JSON. What belongs here: durability, group commit,
 * finding damage. What does not: what the records mean.
 *
 * An unfinished last line is the normal trace of a crash: nobody was told that it was written, so it is cut. Anything else that
 * does not check is damage: the readable records are given, `damaged` is true, and it stays true at every opening until the
 * owner has decided what to do and called `rewrite`, which keeps the damaged file beside it as `PATH.damaged`.
 */
import {
  close,
  closeSync,
  constants,
  fchmodSync,
  fdatasync,
  fsyncSync,
  fstatSync,
  ftruncateSync,
  linkSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  write,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { fail } from "#kernel/problem.ts";
import type { Log } from "#kernel/log.ts";
import { shellWord } from "#kernel/shell-word.ts";

export interface Journal {
  /** Every readable record in order, as it was when opened; empty when `onRecord` took them, or after `forgetRecords`. */
  readonly records: readonly unknown[];
  /** Something in the file did not check; records may be missing. */
  readonly damaged: boolean;
  /** The file did not exist before. */
  readonly created: boolean;
  readonly sizeBytes: number;
  /** Resolves once the record is fsynced. Records are written in the order of the calls; calls that meet share one fsync. Rejects when it could not be made durable: the file is then as if the record had never been given. */
  append(record: object): Promise<void>;
  /**
   * Resolves once the record is in the file, in the order of the calls, and not necessarily on the disk: it outlives this process, not the host. For records
   * that mean nothing after the host has gone. Rejects like `append`.
   */
  appendUnsynced(record: object): Promise<void>;
  /** Written with the next `append`, or after a second: for records whose loss only means work done twice. */
  appendLazily(record: object): void;
  /** Replaces everything appended before this call by these records, atomically. */
  rewrite(records: Iterable<object>): Promise<void>;
  /** Lets go of `records`, so that they can be collected. */
  forgetRecords(): void;
  /** Writes what is pending. */
  close(): Promise<void>;
}

export interface JournalOptions {
  readonly log: Log;
  /** Receives each record instead of `records`: for journals that are not wanted in memory as a whole. */
  readonly onRecord?: (record: unknown) => void;
}

/** Longest line that is read back; a longer one is damage. */
const maxLineBytes = 8 * 1024 * 1024;
const readChunkBytes = 1024 * 1024;
const lazyDelayMs = 1000;
const newline = 0x0a;

/** One record as its line. */
export const journalLine = (record: object): string => {
  const json = JSON.stringify(record);
  return `${crc32(json).toString(16).padStart(8, "0")} ${Buffer.byteLength(json, "utf8")} ${json}\n`;
};

/** The record of a line (without its newline); undefined when it does not check. */
export const readJournalLine = (line: Buffer): unknown => {
  const head = /^([0-9a-f]{8}) (\d{1,9}) /.exec(line.toString("latin1", 0, 20));
  if (head === null) return undefined;
  const json = line.subarray(head[0].length);
  if (json.length !== Number(head[2]) || crc32(json) !== Number.parseInt(head[1] ?? "", 16)) return undefined;
  try {
    return JSON.parse(json.toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
};

/** Reads all whole lines. `goodBytes` is where the unfinished last line begins. */
const readLines = (descriptor: number, onRecord: (record: unknown) => void): { readonly goodBytes: number; readonly badLines: number } => {
  const chunk = Buffer.allocUnsafe(readChunkBytes);
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let goodBytes = 0;
  let badLines = 0;
  let tooLong = false;
  for (let at = 0; ;) {
    const got = readSync(descriptor, chunk, 0, chunk.length, at);
    if (got === 0) break;
    at += got;
    let from = 0;
    for (let end = chunk.indexOf(newline); end !== -1 && end < got; end = chunk.indexOf(newline, from)) {
      const tail = chunk.subarray(from, end);
      const line = pending.length === 0 ? tail : Buffer.concat([...pending, tail]);
      const record = tooLong ? undefined : readJournalLine(line);
      if (record === undefined) badLines += 1;
      else onRecord(record);
      goodBytes += pendingBytes + tail.length + 1;
      pending = [];
      pendingBytes = 0;
      tooLong = false;
      from = end + 1;
    }
    if (from < got) {
      pendingBytes += got - from;
      if (pendingBytes > maxLineBytes) {
        tooLong = true;
        pending = [];
      } else pending.push(Buffer.from(chunk.subarray(from, got)));
    }
  }
  return { goodBytes, badLines };
};

const syncFolderOf = (path: string): void => {
  const folder = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
};

const writeAllSync = (descriptor: number, bytes: Buffer): void => {
  for (let from = 0; from < bytes.length;) from += writeSync(descriptor, bytes, from, bytes.length - from, null);
};

/** Up to so many bytes are handed to the kernel at once: the way to another thread and back takes longer. */
const mostBytesAtOnce = 64 * 1024;

const writeFully = (descriptor: number, bytes: Buffer): Promise<void> => {
  if (bytes.length <= mostBytesAtOnce) {
    writeAllSync(descriptor, bytes);
    return Promise.resolve();
  }
  return new Promise((resolve, reject) => {
    const step = (from: number): void =>
      write(descriptor, bytes, from, bytes.length - from, null, (error, written) => {
        if (error !== null) reject(error);
        else if (from + written < bytes.length) step(from + written);
        else resolve();
      });
    step(0);
  });
};

const flush = (descriptor: number): Promise<void> =>
  new Promise((resolve, reject) => fdatasync(descriptor, (error) => (error === null ? resolve() : reject(error))));

interface Waiting {
  readonly line: string;
  readonly settle: { resolve(): void; reject(error: unknown): void } | null;
  readonly isSynced: boolean;
}

class FileJournal implements Journal {
  readonly #path: string;
  readonly #log: Log;
  #descriptor: number;
  #size: number;
  #records: readonly unknown[];
  #damaged: boolean;
  readonly created: boolean;
  #waiting: Waiting[] = [];
  /** The chain of batches and rewrites: one at a time, in the order asked. */
  #tail: Promise<void> = Promise.resolve();
  #scheduled: Waiting[] | null = null;
  #lazyTimer: NodeJS.Timeout | null = null;
  #broken: unknown = null;
  #closed = false;

  constructor(
    path: string,
    log: Log,
    opened: { descriptor: number; size: number; records: readonly unknown[]; damaged: boolean; created: boolean },
  ) {
    this.#path = path;
    this.#log = log;
    this.#descriptor = opened.descriptor;
    this.#size = opened.size;
    this.#records = opened.records;
    this.#damaged = opened.damaged;
    this.created = opened.created;
  }

  get records(): readonly unknown[] {
    return this.#records;
  }

  get damaged(): boolean {
    return this.#damaged;
  }

  get sizeBytes(): number {
    return this.#size;
  }

  forgetRecords(): void {
    this.#records = [];
  }

  append(record: object): Promise<void> {
    return this.#add(record, true);
  }

  appendUnsynced(record: object): Promise<void> {
    return this.#add(record, false);
  }

  #add(record: object, isSynced: boolean): Promise<void> {
    if (this.#closed) return Promise.reject(new Error("journal is closed"));
    const line = journalLine(record);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ line, settle: { resolve, reject }, isSynced });
      this.#schedule();
    });
  }

  appendLazily(record: object): void {
    if (this.#closed) return;
    this.#waiting.push({ line: journalLine(record), settle: null, isSynced: true });
    this.#lazyTimer ??= setTimeout(() => {
      this.#lazyTimer = null;
      this.#schedule();
    }, lazyDelayMs).unref();
  }

  rewrite(records: Iterable<object>): Promise<void> {
    if (this.#closed) return Promise.reject(new Error("journal is closed"));
    this.#schedule();
    // What is given from here on is a batch of its own, behind the rewrite.
    this.#waiting = [];
    // The caller's view is taken now: records appended later must not be lost by a view that does not have them.
    const lines: string[] = [];
    for (const record of records) lines.push(journalLine(record));
    const work = this.#tail.then(() => this.#replace(lines));
    this.#tail = work.catch(() => {});
    return work;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#lazyTimer !== null) clearTimeout(this.#lazyTimer);
    this.#schedule();
    await this.#tail;
    await new Promise<void>((resolve) => close(this.#descriptor, () => resolve()));
  }

  #schedule(): void {
    const batch = this.#waiting;
    if (this.#scheduled === batch || batch.length === 0) return;
    this.#scheduled = batch;
    this.#tail = this.#tail.then(() => {
      // The batch stays open until the previous fsync has ended: everything that came meanwhile shares the next one.
      if (this.#waiting === batch) this.#waiting = [];
      return this.#writeBatch(batch);
    });
  }

  /** Never rejects: each record's own promise tells. */
  async #writeBatch(batch: readonly Waiting[]): Promise<void> {
    if (batch.length === 0) return;
    try {
      if (this.#broken !== null) throw this.#broken;
      const bytes = Buffer.from(batch.length === 1 ? (batch[0]?.line ?? "") : batch.map(({ line }) => line).join(""), "utf8");
      try {
        await writeFully(this.#descriptor, bytes);
        if (batch.some(({ isSynced }) => isSynced)) await flush(this.#descriptor);
      } catch (error) {
        this.#undo(error);
        throw error;
      }
      this.#size += bytes.length;
      for (const { settle } of batch) settle?.resolve();
    } catch (error) {
      this.#log.error({ error: String(error), records: batch.length }, "journal could not be written");
      for (const { settle } of batch) settle?.reject(error);
    }
  }

  /** INVARIANT: after a failed write the file ends where the last record ends that was told as written, or nothing is written any more. */
  #undo(error: unknown): void {
    const code = (error as NodeJS.ErrnoException).code;
    try {
      ftruncateSync(this.#descriptor, this.#size);
      fsyncSync(this.#descriptor);
    } catch (undoError) {
      this.#broken = undoError;
    }
    // After a failed fsync the kernel may have dropped pages that it called clean: only a fresh reading tells what is there.
    if (code !== "ENOSPC" && code !== "EDQUOT" && code !== "EFBIG") this.#broken ??= error;
  }

  async #replace(lines: readonly string[]): Promise<void> {
    const temporary = `${this.#path}.new`;
    rmSync(temporary, { force: true });
    const descriptor = openSync(
      temporary,
      constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_APPEND | constants.O_NOFOLLOW,
      0o600,
    );
    let size = 0;
    try {
      fchmodSync(descriptor, 0o600);
      for (let from = 0; from < lines.length; from += 1000) {
        const bytes = Buffer.from(lines.slice(from, from + 1000).join(""), "utf8");
        await writeFully(descriptor, bytes);
        size += bytes.length;
      }
      await flush(descriptor);
      if (this.#damaged) {
        rmSync(`${this.#path}.damaged`, { force: true });
        linkSync(this.#path, `${this.#path}.damaged`);
      }
      renameSync(temporary, this.#path);
    } catch (error) {
      closeSync(descriptor);
      rmSync(temporary, { force: true });
      throw error;
    }
    const old = this.#descriptor;
    this.#descriptor = descriptor;
    this.#size = size;
    this.#damaged = false;
    this.#broken = null;
    closeSync(old);
    syncFolderOf(this.#path);
  }
}

/** Opens or creates the journal. Fails with `files.unsafe` when it is no plain private file. */
export const openJournal = async (path: string, options: JournalOptions): Promise<Journal> => {
  let descriptor: number;
  let created = false;
  try {
    descriptor = openSync(path, constants.O_RDWR | constants.O_APPEND | constants.O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT")
      return fail("files.unsafe", `journal \`${path}\` cannot be opened for writing`, { cause: error });
    descriptor = openSync(path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
    fchmodSync(descriptor, 0o600);
    syncFolderOf(path);
    created = true;
  }
  try {
    const found = fstatSync(descriptor);
    if (!found.isFile()) fail("files.unsafe", `journal \`${path}\` is not a plain file`);
    if ((found.mode & 0o077) !== 0)
      fail("files.unsafe", `journal \`${path}\` can be read or changed by other accounts`, { hint: `chmod 600 ${shellWord(path)}` });
    const records: unknown[] = [];
    const { goodBytes, badLines } = readLines(descriptor, options.onRecord ?? ((record) => records.push(record)));
    if (goodBytes < found.size) {
      options.log.warn({ path, cutBytes: found.size - goodBytes }, "journal ended in an unfinished record, which was cut");
      ftruncateSync(descriptor, goodBytes);
      fsyncSync(descriptor);
    }
    if (badLines > 0) options.log.error({ path, badLines }, "journal is damaged");
    return new FileJournal(path, options.log, { descriptor, size: goodBytes, records, damaged: badLines > 0, created });
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
};

/** Rewrites nothing and creates nothing: the readable records of a journal file that belongs to someone else. */
export const readJournalRecords = (path: string, onRecord: (record: unknown) => void): { readonly damaged: boolean } => {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    return { damaged: readLines(descriptor, onRecord).badLines > 0 };
  } finally {
    closeSync(descriptor);
  }
};
