/**
 * The log of a run as numbered lines, for whoever reads it on a page: any line at once, whatever the log's size, and literal search over all
 * of it. What belongs here: reading by an index, and keeping it. What does not: where lines begin (`log-walk.ts`), what is known of them
 * (`log-index.ts`), who may read, and the frames.
 *
 * The index of a large log is made while it is written and kept in a file beside it, so that the first who opens it does not wait for
 * a look at all of it, nor does the first after a restart. It holds nothing that the log does not say: without it, or from where it ends, it is made again.
 */
import { constants, open, readFile, rename, writeFile, type FileHandle } from "node:fs/promises";
import { lineIndexPath, logFrameHeaderBytes, nextLineIndexPath, type LogStream } from "#link/log-format.ts";
import type { LogPath } from "#manager/log-file.ts";
import { readKept, renderKept, totalOf, unknownIndex, type Index } from "#manager/log-index.ts";
import { readAt, walkFile, type Place } from "#manager/log-walk.ts";

/** Most bytes of text in one answer, and one line more. */
const mostTextBytes = 1024 * 1024;
/** Places known of one log; beyond that every second one is forgotten, so that memory does not grow with the log. */
const mostMarks = 16_384;
/** Smaller logs are looked at when somebody asks: that takes some 20 ms. */
export const keptFromBytes = 4 * 1024 * 1024;
/** While a log is written, what is known of it is kept whenever it has grown by as much. */
export const keptEveryBytes = 64 * 1024 * 1024;
/** Bytes that one request may look at; then it answers how far it came. About a quarter of a second. */
export const defaultBudgetBytes = 128 * 1024 * 1024;
/** Runs whose index is kept. */
const mostIndexes = 200;

export interface LogLine {
  /** From 1. */
  readonly line: number;
  readonly stream: LogStream;
  /** When its first byte was taken. */
  readonly atMs: number;
  /** As text, without its line break; what is not UTF-8 is replaced. */
  readonly text: string;
  /** It has no line break of its own: it is not finished, was too long, or the other stream wrote in between. */
  readonly cut: boolean;
}

export interface LinesPiece {
  readonly items: readonly LogLine[];
  /** Lines known so far, the unfinished last one among them. */
  readonly total: number;
  /** False: the log is longer than this request could look at; asking again goes on. */
  readonly complete: boolean;
}

export interface FoundLines {
  /** Numbers of the lines that contain it. */
  readonly lines: readonly number[];
  /** Where to go on looking; null: all was looked at. */
  readonly next: number | null;
  readonly total: number;
}

/** A line as JSON. */
export interface LineJson {
  readonly line: number;
  readonly stream: LogStream;
  readonly at: string;
  readonly text: string;
  readonly cut: boolean;
}

export const lineJson = ({ atMs, ...line }: LogLine): LineJson => ({ ...line, at: new Date(atMs).toISOString() });

const partsOf = (bytes: Buffer, spans: readonly number[]): Buffer[] => {
  const parts: Buffer[] = [];
  for (let at = 0; at < spans.length; at += 2) parts.push(bytes.subarray(spans[at], spans[at + 1]));
  return parts;
};

const renderLine = (line: number, stream: LogStream, atMs: number, bytes: Buffer, spans: readonly number[], cut: boolean): LogLine => {
  const parts = partsOf(bytes, spans);
  const [only = Buffer.alloc(0)] = parts;
  const text = (parts.length === 1 ? only : Buffer.concat(parts)).toString("utf8");
  return { line, stream, atMs, text: text.endsWith("\r") ? text.slice(0, -1) : text, cut };
};

/** A-Z become a-z, in place: as in every other search of the product, those letters match in either case. */
const lowerAscii = (bytes: Buffer): Buffer => {
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte >= 65 && byte <= 90) bytes[at] = byte + 32;
  }
  return bytes;
};

export class LogLines {
  readonly #pathOf: LogPath;
  readonly #budgetBytes: number;
  readonly #mostMarks: number;
  readonly #indexes = new Map<string, Index>();

  constructor(pathOf: LogPath, budgetBytes = defaultBudgetBytes, most = mostMarks) {
    this.#pathOf = pathOf;
    this.#budgetBytes = budgetBytes;
    this.#mostMarks = most;
  }

  /** Lines from this one on, at most `count`; `from` null: the last ones. */
  async read(runId: string, from: number | null, count: number): Promise<LinesPiece> {
    return await this.#withLog<LinesPiece>(runId, { items: [], total: 0, complete: true }, async (file, index, size) => {
      const total = totalOf(index);
      const complete = index.scanned >= size || index.damaged;
      const first = from ?? Math.max(1, total - count + 1);
      const items: LogLine[] = [];
      if (first > total) return { items, total, complete };
      let textBytes = 0;
      let bytes: Buffer = Buffer.alloc(0);
      await walkFile(
        file,
        this.#placeBefore(index, first),
        size,
        this.#budgetBytes,
        (line, stream, atMs, spans, cut) => {
          if (line < first || line > total || items.length >= count || textBytes > mostTextBytes) return;
          const rendered = renderLine(line, stream, atMs, bytes, spans, cut);
          items.push(rendered);
          textBytes += rendered.text.length;
        },
        ({ line }) => items.length >= count || textBytes > mostTextBytes || line > total,
        (read) => (bytes = read),
      );
      return { items, total, complete };
    });
  }

  /** Lines that contain the text, A-Z in either case, from this line on. Literal and linear (W9). */
  async find(runId: string, text: string, from: number, most: number): Promise<FoundLines> {
    const wanted = lowerAscii(Buffer.from(text, "utf8"));
    return await this.#withLog<FoundLines>(runId, { lines: [], next: null, total: 0 }, async (file, index, size) => {
      const total = totalOf(index);
      const complete = index.scanned >= size || index.damaged;
      const lines: number[] = [];
      let next: number | null = from > total ? null : from;
      let lowered: Buffer = Buffer.alloc(0);
      let hit = -1;
      if (next !== null)
        await walkFile(
          file,
          this.#placeBefore(index, from),
          size,
          this.#budgetBytes,
          (line, _stream, _atMs, spans) => {
            if (line < from || line > total || lines.length >= most) return;
            next = line + 1;
            const [begin = 0, end = 0] = spans;
            if (spans.length > 2) {
              if (Buffer.concat(partsOf(lowered, spans)).includes(wanted)) lines.push(line);
              return;
            }
            if (hit < begin) {
              hit = lowered.indexOf(wanted, begin);
              if (hit === -1) hit = Number.POSITIVE_INFINITY;
            }
            if (hit + wanted.length <= end) lines.push(line);
          },
          () => lines.length >= most,
          (read) => {
            lowered = lowerAscii(Buffer.from(read));
            hit = -1;
          },
        );
      return { lines, next: next === null || (next > total && complete) ? null : next, total };
    });
  }

  /** The run writes no more: looks at all of a large log and keeps what it found. */
  async keep(runId: string): Promise<void> {
    for (let done = false; !done;) {
      done = await this.#withLog(runId, true, async (_file, index, size) => {
        if (index.damaged || size < keptFromBytes) return true;
        if (index.scanned < size) return false;
        await this.#write(runId, index);
        return true;
      });
    }
  }

  /** A large log has grown: looks at what is new of it, and keeps what it knows now and then. */
  async follow(runId: string): Promise<void> {
    await this.#withLog(runId, undefined, async (_file, index) => {
      if (!index.damaged && index.scanned - index.keptBytes >= keptEveryBytes) await this.#write(runId, index);
    });
  }

  /** The log was emptied: whatever is in it from now on is another one. */
  forget(runId: string): void {
    this.#indexes.delete(runId);
  }

  async #write(runId: string, index: Index): Promise<void> {
    if (index.keptBytes === index.scanned) return;
    const path = this.#pathOf(runId);
    const flag = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
    const { scanned } = index;
    // Whoever is killed in between leaves the one before.
    await writeFile(nextLineIndexPath(path), renderKept(index), { mode: 0o600, flag });
    await rename(nextLineIndexPath(path), lineIndexPath(path));
    index.keptBytes = scanned;
  }

  #placeBefore(index: Index, line: number): Place & { readonly line: number } {
    const mark = Math.min(Math.floor((line - 1) / index.spacing), index.marks.length - 1);
    return { ...(index.marks[mark] ?? { frame: 0, inFrame: 0 }), line: Math.max(0, mark) * index.spacing + 1 };
  }

  async #withLog<T>(runId: string, none: T, work: (file: FileHandle, index: Index, size: number) => Promise<T>): Promise<T> {
    let file: FileHandle;
    try {
      file = await open(this.#pathOf(runId), constants.O_RDONLY | constants.O_NOFOLLOW);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return none;
      throw error;
    }
    try {
      const index = this.#kept(runId);
      const look = index.turn.then(() => this.#extend(file, index, runId));
      index.turn = look.catch(() => {});
      return await work(file, index, await look);
    } finally {
      await file.close();
    }
  }

  #kept(runId: string): Index {
    const index = this.#indexes.get(runId) ?? { ...unknownIndex(), turn: Promise.resolve() };
    this.#indexes.delete(runId);
    this.#indexes.set(runId, index);
    if (this.#indexes.size > mostIndexes) {
      const oldest = this.#indexes.keys().next();
      if (oldest.done !== true) this.#indexes.delete(oldest.value);
    }
    return index;
  }

  /** Looks at what is new, up to the budget; answers the size of the log as it was then. */
  async #extend(file: FileHandle, index: Index, runId: string): Promise<number> {
    const { size } = await file.stat();
    const first = Buffer.alloc(logFrameHeaderBytes);
    await readAt(file, first, 0);
    // A new attempt begins its output anew, in the same file.
    if (size < index.scanned || !index.first.equals(first)) Object.assign(index, unknownIndex(), { first });
    if (size <= index.scanned || index.damaged) return size;
    if (index.scanned === 0 && size >= keptFromBytes) {
      const kept = readKept(await this.#keptText(runId), size, first);
      if (kept !== null) Object.assign(index, kept);
      if (size <= index.scanned) return size;
    }
    let offset = index.next.frame;
    const isWhole = await walkFile(
      file,
      index.next,
      size,
      this.#budgetBytes,
      (line, _stream, _atMs, _spans, _cut, frame, inFrame) => {
        if ((line - 1) % index.spacing !== 0) return;
        index.marks[(line - 1) / index.spacing] = { frame: offset + frame, inFrame };
        if (index.marks.length <= this.#mostMarks) return;
        index.marks = index.marks.filter((_, at) => at % 2 === 0);
        index.spacing *= 2;
      },
      (walked, at, bytes, isLast) => {
        index.next = { frame: at + walked.frame, inFrame: walked.inFrame, line: walked.line };
        index.damaged = walked.damaged;
        const whole = isLast || walked.damaged;
        index.open = whole && walked.open;
        index.scanned = whole ? at + bytes.length : index.next.frame;
        offset = index.next.frame;
        return false;
      },
    );
    if (!isWhole) Object.assign(index, unknownIndex());
    return size;
  }

  async #keptText(runId: string): Promise<string> {
    try {
      return await readFile(lineIndexPath(this.#pathOf(runId)), { encoding: "utf8", flag: constants.O_RDONLY | constants.O_NOFOLLOW });
    } catch {
      // Not there, or not to be read: it is made again.
      return "";
    }
  }
}
