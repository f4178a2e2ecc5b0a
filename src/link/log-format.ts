/**
 * A run's log: one append-only file of frames, the same bytes at node and manager, so that offset and SHA-256 mean the same
 * everywhere. Frame = `u8 stream | u48 milliseconds since 1970 | u32 length | bytes`, big endian. Offsets handed to clients
 * are frame boundaries. Any bytes are kept as they came; text is decoded only by whoever shows it.
 */
export type LogStream = "stdout" | "stderr" | "notice";

const numbers: Readonly<Record<LogStream, number>> = { stdout: 1, stderr: 2, notice: 3 };
const names: readonly (LogStream | undefined)[] = [undefined, "stdout", "stderr", "notice"];

/** Bytes of a frame before its content. */
export const logFrameHeaderBytes = 11;
/** Longest content of one frame; longer writes are several frames. */
export const maxLogChunkBytes = 64 * 1024;

export interface LogChunk {
  /** Position of the frame in the log. */
  readonly offset: number;
  /** Position after it: the next frame's offset. */
  readonly nextOffset: number;
  readonly stream: LogStream;
  readonly atMs: number;
  readonly bytes: Buffer;
}

/** Encodes content of at most `maxLogChunkBytes` as one frame. */
export const encodeLogFrame = (stream: LogStream, atMs: number, bytes: Buffer): Buffer => {
  const frame = Buffer.allocUnsafe(logFrameHeaderBytes + bytes.length);
  frame.writeUInt8(numbers[stream], 0);
  frame.writeUIntBE(atMs, 1, 6);
  frame.writeUInt32BE(bytes.length, 7);
  bytes.copy(frame, logFrameHeaderBytes);
  return frame;
};

/** A frame within a buffer, without a copy of its content: for whoever reads a million of them. */
export type FrameVisitor = (stream: LogStream, atMs: number, begin: number, contentBegin: number, end: number) => void;

/** Visits the whole frames of `bytes`; answers where the last one ends. Stops at damage (`damaged`). */
export const walkLogFrames = (bytes: Buffer, visit: FrameVisitor): { readonly end: number; readonly damaged: boolean } => {
  let at = 0;
  while (bytes.length - at >= logFrameHeaderBytes) {
    const stream = names[bytes.readUInt8(at)];
    const length = bytes.readUInt32BE(at + 7);
    if (stream === undefined || length > maxLogChunkBytes) return { end: at, damaged: true };
    const end = at + logFrameHeaderBytes + length;
    if (end > bytes.length) break;
    visit(stream, bytes.readUIntBE(at + 1, 6), at, at + logFrameHeaderBytes, end);
    at = end;
  }
  return { end: at, damaged: false };
};

/** Reads whole frames from `bytes`, which start at `offset` of the log; a partial last frame is left (`rest` bytes). Stops at damage (`damaged`). */
export const decodeLogFrames = (
  bytes: Buffer,
  offset: number,
): { readonly chunks: LogChunk[]; readonly rest: number; readonly damaged: boolean } => {
  const chunks: LogChunk[] = [];
  const { end: read, damaged } = walkLogFrames(bytes, (stream, atMs, begin, contentBegin, end) =>
    chunks.push({ offset: offset + begin, nextOffset: offset + end, stream, atMs, bytes: bytes.subarray(contentBegin, end) }),
  );
  return { chunks, rest: bytes.length - read, damaged };
};

/** Beside a large log: where its lines begin. It goes with the log. */
export const lineIndexPath = (logPath: string): string => `${logPath}.lines`;
/** The next one, while it is written. */
export const nextLineIndexPath = (logPath: string): string => `${lineIndexPath(logPath)}.new`;
