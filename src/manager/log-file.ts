/**
 * Reading the logs of runs in the manager's logs folder. The controller writes them (`controller/run-log.ts`); here they are
 * only read, frame by frame and in bounded pieces, so that a log of any size costs the same memory. Format: `link/log-format.ts`.
 */
import { constants, open, stat, type FileHandle } from "node:fs/promises";
import { fail } from "#kernel/problem.ts";
import { decodeLogFrames, logFrameHeaderBytes, maxLogChunkBytes, type LogChunk, type LogStream } from "#link/log-format.ts";

export interface LogPiece {
  readonly chunks: readonly LogChunk[];
  /** Where the next piece starts. */
  readonly nextOffset: number;
  /** Nothing more at the moment. */
  readonly atEnd: boolean;
  /** What follows is not frames: the file is damaged there, or the offset was no frame's beginning. */
  readonly damaged: boolean;
}

const oneFrameBytes = logFrameHeaderBytes + maxLogChunkBytes;

/** Where the file of a run is; the controller names it. */
export type LogPath = (runId: string) => string;

export class LogFiles {
  readonly #pathOf: LogPath;

  constructor(pathOf: LogPath) {
    this.#pathOf = pathOf;
  }

  /** Bytes of the log so far; null: there is none (yet, or no longer). */
  async size(runId: string): Promise<number | null> {
    try {
      return (await stat(this.#pathOf(runId))).size;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
  }

  /** Whole frames from `offset` (a frame boundary), about `maxBytes` of them but at least one. A partial last frame is still being written. */
  async read(runId: string, offset: number, maxBytes = 256 * 1024): Promise<LogPiece> {
    const file = await this.#open(runId);
    if (file === null) return { chunks: [], nextOffset: offset, atEnd: true, damaged: false };
    try {
      return await readPiece(file, offset, maxBytes);
    } finally {
      await file.close();
    }
  }

  /** The bytes of the log as text lines would have them, without frames. `stream` absent: stdout, stderr and notices as they came. */
  async *content(runId: string, options: { readonly offset: number; readonly stream?: LogStream }): AsyncGenerator<Buffer> {
    const file = await this.#open(runId);
    if (file === null) return;
    try {
      let { offset } = options;
      for (;;) {
        const piece = await readPiece(file, offset, 256 * 1024);
        const wanted = piece.chunks.filter((chunk) => options.stream === undefined || chunk.stream === options.stream);
        if (wanted.length > 0) yield Buffer.concat(wanted.map((chunk) => chunk.bytes));
        if (piece.damaged && piece.chunks.length === 0) {
          yield Buffer.from("\n[behalf: the log cannot be read beyond this point]\n");
          return;
        }
        if (piece.atEnd) return;
        offset = piece.nextOffset;
      }
    } finally {
      await file.close();
    }
  }

  async #open(runId: string): Promise<FileHandle | null> {
    try {
      return await open(this.#pathOf(runId), constants.O_RDONLY | constants.O_NOFOLLOW);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
  }
}

const readPiece = async (file: FileHandle, offset: number, maxBytes: number): Promise<LogPiece> => {
  const { size } = await file.stat();
  if (offset > size) fail("input.invalid-value", `\`offset\` ${offset} is beyond the log's ${size} bytes`, { at: { path: "offset" } });
  const wanted = Math.min(size - offset, Math.max(maxBytes, oneFrameBytes));
  const buffer = Buffer.allocUnsafe(wanted);
  let filled = 0;
  while (filled < wanted) {
    const { bytesRead } = await file.read(buffer, filled, wanted - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  const { chunks, damaged } = decodeLogFrames(buffer.subarray(0, filled), offset);
  const nextOffset = chunks.at(-1)?.nextOffset ?? offset;
  return { chunks, nextOffset, atEnd: nextOffset >= size || (!damaged && offset + filled >= size), damaged };
};

/** Refuses an offset that a client made up: reading from inside a frame would let a job's own bytes pass for frames. */
export const checkedPiece = (piece: LogPiece, offset: number): LogPiece =>
  piece.damaged && piece.chunks.length === 0
    ? fail("input.invalid-value", `\`offset\` ${offset} is not where a piece of the log begins`, {
        at: { path: "offset" },
        hint: "use the offsets that earlier answers gave",
      })
    : piece;

/** A chunk as JSON: `text` where its bytes are UTF-8, else `base64`. Nothing is lost or replaced. */
export interface ChunkJson {
  readonly offset: number;
  readonly nextOffset: number;
  readonly stream: LogStream;
  readonly at: string;
  readonly text?: string;
  readonly base64?: string;
}

export const chunkJson = (chunk: LogChunk): ChunkJson => {
  const common = { offset: chunk.offset, nextOffset: chunk.nextOffset, stream: chunk.stream, at: new Date(chunk.atMs).toISOString() };
  try {
    return { ...common, text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(chunk.bytes) };
  } catch {
    return { ...common, base64: chunk.bytes.toString("base64") };
  }
};
