/**
 * The kept output of one run: what its two streams say goes, in the order of arrival, as frames into one private file
 * (`link/log-format.ts`). Memory stays bounded whatever the job writes: the streams are paused while the file is behind. The job never
 * fails because of its log: beyond the limit and on a full disk its output is counted and dropped, visibly.
 * What does not belong here: sending the log anywhere.
 */
import { close, closeSync, constants, fchmodSync, fdatasync, fstatSync, ftruncate, open, openSync, read, writev } from "node:fs";
import { createHash, type Hash } from "node:crypto";
import type { Socket } from "node:net";
import { decodeLogFrames, logFrameHeaderBytes, maxLogChunkBytes, type LogStream } from "#link/log-format.ts";
import { renderBytes } from "#launcher/render-bytes.ts";
import type { Log } from "#kernel/log.ts";

export interface KeptOutput {
  readonly logBytes: number;
  readonly writtenBytes: number;
  readonly truncated: boolean;
  readonly sha256: string;
}

export interface RunLog {
  /** Bytes that are in the file and may be read. */
  readonly logBytes: number;
  /** Keeps what the stream says. Resolves when the stream has ended or was closed; never rejects. */
  keep(stream: "stdout" | "stderr", socket: Socket): Promise<void>;
  /** A line of the launcher's own. */
  notice(text: string): void;
  /** Reads no more and writes what was read: before the launcher stops and leaves the run to the next one. */
  suspend(): Promise<void>;
  /** Writes what is pending, makes it durable, closes the file. */
  finish(): Promise<KeptOutput>;
}

export interface RunLogOptions {
  readonly path: string;
  /** Bytes of the job's output kept, both streams together. */
  readonly limitBytes: number;
  readonly nowMs: () => number;
  readonly log: Log;
  readonly onGrown: (logBytes: number) => void;
}

const pauseAboveBytes = 256 * 1024;
/** Far below IOV_MAX (1024), two buffers per frame at least. */
const buffersPerWrite = 256;
const limitNotice = "behalf: the output limit of";
const diskNotice = "behalf: the log could not be written";

interface PendingFrame {
  readonly stream: LogStream;
  readonly atMs: number;
  readonly parts: Buffer[];
  bytes: number;
}

interface Resumed {
  readonly descriptor: number;
  readonly logBytes: number;
  readonly keptBytes: number;
  readonly truncated: boolean;
  readonly hash: Hash;
}

const frameHeader = (frame: PendingFrame): Buffer => {
  const header = Buffer.allocUnsafe(logFrameHeaderBytes);
  header.writeUInt8(frame.stream === "stdout" ? 1 : frame.stream === "stderr" ? 2 : 3, 0);
  header.writeUIntBE(Math.max(0, Math.floor(frame.atMs)), 1, 6);
  header.writeUInt32BE(frame.bytes, 7);
  return header;
};

class FileRunLog implements RunLog {
  readonly #options: RunLogOptions;
  #descriptor: number | null;
  readonly #hash: Hash;
  #logBytes: number;
  #keptBytes: number;
  #writtenBytes: number;
  #truncated: boolean;
  /** The disk refused: nothing more is written, everything is counted. */
  #full = false;
  #isSuspended = false;
  #pending: PendingFrame[] = [];
  #pendingBytes = 0;
  #pumping: Promise<void> | null = null;
  readonly #streams = new Set<Socket>();

  constructor(options: RunLogOptions, resumed: Resumed | null) {
    this.#options = options;
    this.#descriptor = resumed?.descriptor ?? null;
    this.#hash = resumed?.hash ?? createHash("sha256");
    this.#logBytes = resumed?.logBytes ?? 0;
    this.#keptBytes = resumed?.keptBytes ?? 0;
    this.#writtenBytes = resumed?.keptBytes ?? 0;
    this.#truncated = resumed?.truncated ?? false;
  }

  get logBytes(): number {
    return this.#logBytes;
  }

  keep(stream: "stdout" | "stderr", socket: Socket): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#streams.delete(socket);
        resolve();
      };
      if (socket.destroyed) return done();
      this.#streams.add(socket);
      socket.on("data", (chunk: Buffer) => this.#add(stream, chunk));
      socket.once("end", done);
      socket.once("close", done);
      socket.on("error", done);
      if (this.#pendingBytes <= pauseAboveBytes && !this.#isSuspended) socket.resume();
    });
  }

  notice(text: string): void {
    this.#queue("notice", Buffer.from(`${text}\n`, "utf8"));
  }

  async suspend(): Promise<void> {
    this.#isSuspended = true;
    for (const socket of this.#streams) {
      // A paused socket reads ahead, and what it read would be gone with this process: what it has is taken (`read` tells the listener), and
      // it is let go. The keeper has the pipe.
      while (socket.read() !== null);
      socket.destroy();
    }
    while (this.#pumping !== null) await this.#pumping;
  }

  async finish(): Promise<KeptOutput> {
    while (this.#pumping !== null) await this.#pumping;
    const descriptor = this.#descriptor;
    if (descriptor !== null) {
      this.#descriptor = null;
      if (!this.#full) await new Promise<void>((resolve) => fdatasync(descriptor, () => resolve()));
      await new Promise<void>((resolve) => close(descriptor, () => resolve()));
    }
    return {
      logBytes: this.#logBytes,
      writtenBytes: this.#writtenBytes,
      truncated: this.#truncated,
      sha256: this.#hash.copy().digest("hex"),
    };
  }

  #add(stream: LogStream, chunk: Buffer): void {
    this.#writtenBytes += chunk.length;
    if (this.#full) {
      this.#truncated = true;
      return;
    }
    const room = this.#options.limitBytes - this.#keptBytes;
    const kept = chunk.length <= room ? chunk : chunk.subarray(0, Math.max(0, room));
    this.#keptBytes += kept.length;
    if (kept.length > 0) this.#queue(stream, kept);
    if (kept.length < chunk.length && !this.#truncated) {
      this.#truncated = true;
      this.notice(`${limitNotice} ${renderBytes(this.#options.limitBytes)} is reached: what follows is counted, not kept`);
    }
  }

  #queue(stream: LogStream, bytes: Buffer): void {
    for (let from = 0; from < bytes.length; from += maxLogChunkBytes) {
      const part = bytes.subarray(from, from + maxLogChunkBytes);
      const last = this.#pending.at(-1);
      // What arrives while the file is behind becomes one frame: many tiny writes must not multiply the file by their headers.
      if (
        last !== undefined &&
        last.stream === stream &&
        last.bytes + part.length <= maxLogChunkBytes &&
        last.parts.length < buffersPerWrite / 2
      ) {
        last.parts.push(part);
        last.bytes += part.length;
      } else this.#pending.push({ stream, atMs: this.#options.nowMs(), parts: [part], bytes: part.length });
      this.#pendingBytes += part.length;
    }
    if (this.#pendingBytes > pauseAboveBytes) for (const socket of this.#streams) socket.pause();
    this.#pumping ??= this.#pump();
  }

  async #pump(): Promise<void> {
    while (this.#pending.length > 0) {
      const frames: PendingFrame[] = [];
      let buffers = 0;
      for (const frame of this.#pending) {
        if (frames.length > 0 && buffers + frame.parts.length + 1 > buffersPerWrite) break;
        frames.push(frame);
        buffers += frame.parts.length + 1;
      }
      this.#pending = this.#pending.slice(frames.length);
      await this.#write(frames);
      for (const frame of frames) this.#pendingBytes -= frame.bytes;
      if (this.#pendingBytes <= pauseAboveBytes && !this.#isSuspended) for (const socket of this.#streams) socket.resume();
    }
    this.#pumping = null;
  }

  async #write(frames: readonly PendingFrame[]): Promise<void> {
    if (this.#full) return;
    const buffers = frames.flatMap((frame) => [frameHeader(frame), ...frame.parts]);
    const total = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
    try {
      this.#descriptor ??= await createLogFile(this.#options.path);
      await writeAll(this.#descriptor, buffers, total);
    } catch (error) {
      await this.#giveUp(error);
      return;
    }
    for (const buffer of buffers) this.#hash.update(buffer);
    this.#logBytes += total;
    this.#options.onGrown(this.#logBytes);
  }

  /** INVARIANT: the file ends at the frame boundary that the hash stands for. */
  async #giveUp(error: unknown): Promise<void> {
    this.#full = true;
    this.#truncated = true;
    const code = (error as NodeJS.ErrnoException).code ?? "error";
    this.#options.log.warn(
      { path: this.#options.path, error: code },
      "log of a run cannot be written: the run goes on, its output is counted only",
    );
    const descriptor = this.#descriptor;
    if (descriptor === null) return;
    await new Promise<void>((resolve) => ftruncate(descriptor, this.#logBytes, () => resolve()));
    const notice: PendingFrame = {
      stream: "notice",
      atMs: this.#options.nowMs(),
      parts: [Buffer.from(`${diskNotice} (${code}): what follows is counted, not kept\n`)],
      bytes: 0,
    };
    notice.bytes = notice.parts[0]?.length ?? 0;
    const frame = Buffer.concat([frameHeader(notice), ...notice.parts]);
    try {
      // The end of the last block often has room for a line even when no block is left.
      await writeAll(descriptor, [frame], frame.length);
      this.#hash.update(frame);
      this.#logBytes += frame.length;
      this.#options.onGrown(this.#logBytes);
    } catch {
      await new Promise<void>((resolve) => ftruncate(descriptor, this.#logBytes, () => resolve()));
    }
  }
}

const createLogFile = (path: string): Promise<number> =>
  new Promise((resolve, reject) =>
    open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW, 0o600, (error, descriptor) => {
      if (error !== null) return reject(error);
      try {
        fchmodSync(descriptor, 0o600);
        resolve(descriptor);
      } catch (modeError) {
        closeSync(descriptor);
        reject(modeError);
      }
    }),
  );

const writeAll = (descriptor: number, buffers: readonly Buffer[], total: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const step = (rest: readonly Buffer[], left: number): void =>
      writev(descriptor, rest, null, (error, written) => {
        if (error !== null) return reject(error);
        if (written >= left) return resolve();
        const whole = Buffer.concat(rest).subarray(written);
        step([whole], left - written);
      });
    step(buffers, total);
  });

/** The log of a run that starts now. The file is made with the first byte. */
export const openRunLog = (options: RunLogOptions): RunLog => new FileRunLog(options, null);

/** The log of a run that a launcher before this one began: hashed again, cut at the last whole frame. */
export const resumeRunLog = async (options: RunLogOptions): Promise<RunLog> => {
  let descriptor: number;
  try {
    descriptor = openSync(options.path, constants.O_RDWR | constants.O_APPEND | constants.O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return new FileRunLog(options, null);
    throw error;
  }
  const hash = createHash("sha256");
  let logBytes = 0;
  let keptBytes = 0;
  let truncated = false;
  const chunk = Buffer.allocUnsafe(4 * (maxLogChunkBytes + logFrameHeaderBytes));
  for (;;) {
    const got = await new Promise<number>((resolve, reject) =>
      read(descriptor, chunk, 0, chunk.length, logBytes, (error, bytes) => (error === null ? resolve(bytes) : reject(error))),
    );
    const { chunks, rest } = decodeLogFrames(chunk.subarray(0, got), logBytes);
    for (const frame of chunks) {
      if (frame.stream === "notice") {
        const text = frame.bytes.toString("utf8");
        if (text.startsWith(limitNotice) || text.startsWith(diskNotice)) truncated = true;
      } else keptBytes += frame.bytes.length;
    }
    hash.update(chunk.subarray(0, got - rest));
    logBytes += got - rest;
    if (chunks.length === 0) break;
  }
  if (fstatSync(descriptor).size > logBytes) await new Promise<void>((resolve) => ftruncate(descriptor, logBytes, () => resolve()));
  return new FileRunLog(options, { descriptor, logBytes, keptBytes, truncated, hash });
};

/** Whole frames of a log from a frame boundary: at most about `maxBytes`, at least one. Null when there is no such log. */
export const readLogFrames = async (path: string, offset: number, maxBytes: number, logBytes: number): Promise<Buffer | null> => {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch {
    return null;
  }
  try {
    const wanted = Math.min(Math.max(maxBytes, maxLogChunkBytes + logFrameHeaderBytes), Math.max(0, logBytes - offset));
    const bytes = Buffer.allocUnsafe(wanted);
    const got = await new Promise<number>((resolve, reject) =>
      read(descriptor, bytes, 0, wanted, offset, (error, count) => (error === null ? resolve(count) : reject(error))),
    );
    const found = bytes.subarray(0, got);
    return found.subarray(0, got - decodeLogFrames(found, offset).rest);
  } finally {
    closeSync(descriptor);
  }
};
