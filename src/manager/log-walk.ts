/**
 * Where the lines of a log begin: its frames walked from a line's beginning, piece by piece. What does not belong here: what is known of a log and kept
 * (`log-index.ts`), and who reads it by that (`log-lines.ts`).
 *
 * A line is what one stream wrote up to its line break. It also ends where the other stream writes in between and where it gets longer than
 * `longestLine`, so that lines follow each other in the file and none is without bound. The same bytes always have the same lines.
 */
import type { FileHandle } from "node:fs/promises";
import { walkLogFrames, type LogStream } from "#link/log-format.ts";

/** Bytes of the longest line; what is longer goes on in the next one. */
export const longestLine = 8 * 1024;

const readBytes = 1024 * 1024;

/** A line's beginning: a frame, and how far into its content. */
export interface Place {
  readonly frame: number;
  readonly inFrame: number;
}

/** `spans`: begin and end of each part of the line within the buffer; only good during the call. */
export type LineVisitor = (
  line: number,
  stream: LogStream,
  atMs: number,
  spans: readonly number[],
  cut: boolean,
  frame: number,
  inFrame: number,
) => void;

interface Walked {
  /** Number of the line that begins at `frame`, `inFrame`. */
  readonly line: number;
  /** Relative to the buffer. */
  readonly frame: number;
  readonly inFrame: number;
  /** The last line visited is not finished; it is the one that begins there. */
  readonly open: boolean;
  readonly damaged: boolean;
}

/** Before this byte a character begins; at most three bytes back. */
const characterBoundary = (bytes: Buffer, at: number): number => {
  for (let back = at; back > at - 4; back -= 1) if (((bytes[back] ?? 0) & 0xc0) !== 0x80) return back;
  return at;
};

/** Visits the lines of whole frames; the first one begins `inFrame` bytes into the first frame's content. `isLast`: what is unfinished is visited too. */
const walkLines = (bytes: Buffer, inFrame: number, firstLine: number, isLast: boolean, visit: LineVisitor): Walked => {
  let line = firstLine;
  let stream: LogStream = "stdout";
  let atMs = 0;
  let length = 0;
  let frame = 0;
  let within = inFrame;
  const spans: number[] = [];
  let newline = -1;
  const finish = (cut: boolean): void => {
    visit(line, stream, atMs, spans, cut, frame, within);
    line += 1;
    length = 0;
    spans.length = 0;
  };
  const { end, damaged } = walkLogFrames(bytes, (of, at, begin, contentBegin, contentEnd) => {
    let from = contentBegin + (begin === 0 ? inFrame : 0);
    if (length > 0 && of !== stream && from < contentEnd) finish(true);
    while (from < contentEnd) {
      if (length === 0) {
        stream = of;
        atMs = at;
        frame = begin;
        within = from - contentBegin;
      }
      // Looked for once per line break, not once per frame: frames may be single bytes. A header's byte that looks like one lies outside.
      if (newline < from) {
        newline = bytes.indexOf(10, from);
        if (newline === -1) newline = Number.POSITIVE_INFINITY;
      }
      const room = from + longestLine - length;
      if (newline <= room && newline < contentEnd) {
        spans.push(from, newline);
        from = newline + 1;
        finish(false);
      } else if (room < contentEnd) {
        const cutAt = Math.max(from, characterBoundary(bytes, room));
        spans.push(from, cutAt);
        from = cutAt;
        finish(true);
      } else {
        spans.push(from, contentEnd);
        length += contentEnd - from;
        from = contentEnd;
      }
    }
  });
  if (length === 0) return { line, frame: end, inFrame: 0, open: false, damaged };
  if (isLast || damaged) visit(line, stream, atMs, spans, true, frame, within);
  return { line, frame, inFrame: within, open: true, damaged };
};

export const readAt = async (file: FileHandle, buffer: Buffer, offset: number): Promise<number> => {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
};

/**
 * Reads piece by piece from a line's beginning; `after` answers whether that was enough. False: the log has become shorter meanwhile, since it was
 * emptied for another attempt, and nothing that was read of it holds any more.
 */
export const walkFile = async (
  file: FileHandle,
  from: Place & { readonly line: number },
  size: number,
  budgetBytes: number,
  each: LineVisitor,
  after: (walked: Walked, offset: number, bytes: Buffer, isLast: boolean) => boolean,
  before: (bytes: Buffer) => void = () => {},
): Promise<boolean> => {
  let place = from;
  for (let looked = 0; looked < budgetBytes && place.frame < size;) {
    const buffer = Buffer.allocUnsafe(Math.min(readBytes, size - place.frame));
    // INVARIANT: each turn of the loop goes on in the file, or is the last one (`log-lines.test.ts`).
    if ((await readAt(file, buffer, place.frame)) < buffer.length) return false;
    const isLast = place.frame + buffer.length >= size;
    before(buffer);
    const walked = walkLines(buffer, place.inFrame, place.line, isLast, each);
    const offset = place.frame;
    const next = { frame: offset + walked.frame, inFrame: walked.inFrame, line: walked.line };
    if (after(walked, offset, buffer, isLast) || isLast || walked.damaged) return true;
    looked += Math.max(1, next.frame - offset);
    place = next;
  }
  return true;
};
