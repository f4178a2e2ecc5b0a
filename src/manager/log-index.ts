/**
 * What is known of one log: places of lines in it, and the form in which they are kept in a file beside it. It holds nothing that the log does not say:
 * what does not read as about this log is nothing. What does not belong here: the file, and when it is written (`log-lines.ts`).
 */
import { logFrameHeaderBytes } from "#link/log-format.ts";
import type { Place } from "#manager/log-walk.ts";

/** Every so many lines the index knows a place, at first: at most 2 MiB lie between two of them. */
const linesPerMark = 256;

/** What is known of one log. */
export interface Index {
  /** Header of the first frame: a log that was begun anew has another one. */
  first: Buffer;
  /** Place of line 1 and of every `spacing`th after it. */
  marks: Place[];
  spacing: number;
  /** Where to go on, and the number of the line that begins there. */
  next: Place & { readonly line: number };
  open: boolean;
  /** All bytes up to here were looked at. */
  scanned: number;
  /** As much of it is known by the file beside the log. */
  keptBytes: number;
  damaged: boolean;
  /** One look at a time. */
  turn: Promise<unknown>;
}

export const unknownIndex = (): Omit<Index, "turn"> => ({
  first: Buffer.alloc(logFrameHeaderBytes),
  marks: [],
  spacing: linesPerMark,
  next: { frame: 0, inFrame: 0, line: 1 },
  open: false,
  scanned: 0,
  keptBytes: 0,
  damaged: false,
});

export const totalOf = (index: Index): number => index.next.line - 1 + (index.open ? 1 : 0);

/** What is kept beside a log, as JSON. */
interface KeptIndex {
  readonly version: 1;
  /** Bytes of the log that it is about, from its first one, and its first header (hex): of any other log it says nothing. */
  readonly size: number;
  readonly first: string;
  readonly lines: number;
  readonly open: boolean;
  readonly next: readonly [frame: number, inFrame: number];
  readonly spacing: number;
  /** Frame and place in the frame, one after the other. */
  readonly marks: readonly number[];
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** Null: it is not about this log, or torn (it is not made durable: after a power failure it may say more than there is). */
export const readKept = (text: string, size: number, first: Buffer): Omit<Index, "turn"> | null => {
  let kept: Partial<KeptIndex>;
  try {
    kept = (JSON.parse(text) ?? {}) as Partial<KeptIndex>;
  } catch {
    return null;
  }
  const { lines, next, spacing, marks } = kept;
  if (kept.version !== 1 || !isCount(kept.size) || kept.size > size || kept.first !== first.toString("hex")) return null;
  const { size: known } = kept;
  if (!isCount(lines) || !isCount(spacing) || spacing < 1 || !Array.isArray(next) || !Array.isArray(marks)) return null;
  if (![...(next as unknown[]), ...(marks as unknown[])].every((at) => isCount(at) && at <= known)) return null;
  if (marks.length !== 2 * Math.ceil(lines / spacing)) return null;
  const places: Place[] = [];
  for (let at = 0; at < marks.length; at += 2) places.push({ frame: marks[at] ?? 0, inFrame: marks[at + 1] ?? 0 });
  const open = kept.open === true;
  return {
    first,
    marks: places,
    spacing,
    next: { frame: next[0] ?? 0, inFrame: next[1] ?? 0, line: lines + (open ? 0 : 1) },
    open,
    scanned: known,
    keptBytes: known,
    damaged: false,
  };
};

export const renderKept = (index: Index): string => {
  const kept: KeptIndex = {
    version: 1,
    size: index.scanned,
    first: index.first.toString("hex"),
    lines: totalOf(index),
    open: index.open,
    next: [index.next.frame, index.next.inFrame],
    spacing: index.spacing,
    marks: index.marks.flatMap(({ frame, inFrame }) => [frame, inFrame]),
  };
  return JSON.stringify(kept);
};
