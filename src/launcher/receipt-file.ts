/**
 * The launcher's receipts in the order of their chain, kept after everything else about a run is forgotten: the node as witness (K1). One
 * line per receipt: `run attempt jws`. Bounded by rotation. The journal has each receipt until it is safely here.
 */
import {
  closeSync,
  constants,
  createReadStream,
  existsSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  writeSync,
} from "node:fs";
import { createInterface } from "node:readline";
import { receiptDigest } from "#proof/receipt.ts";
import type { Log } from "#kernel/log.ts";

export interface ReceiptFile {
  /** Sequence and digest of the last receipt kept; sequence 0 when there is none. */
  readonly last: { readonly sequence: number; readonly digest: string };
  /** Keeps a receipt; durable after `sync`. */
  add(run: string, attempt: number, sequence: number, receipt: string): void;
  /** False when something could not be written: the journal must then keep its receipts. */
  sync(): boolean;
  find(run: string, attempt: number): Promise<string | null>;
  /** All kept receipts, oldest first, one line each. */
  lines(): AsyncGenerator<string>;
  close(): void;
}

const keptFiles = 4;

/** Position of a receipt in its chain; 0 when it cannot be read. */
export const sequenceOfReceipt = (receipt: string): number => {
  try {
    const payload = JSON.parse(Buffer.from(receipt.split(".")[1] ?? "", "base64url").toString("utf8")) as { sequence?: unknown };
    return typeof payload.sequence === "number" ? payload.sequence : 0;
  } catch {
    return 0;
  }
};

/** The last whole line; what follows it is cut. */
const lastLine = (descriptor: number): string | null => {
  const size = fstatSync(descriptor).size;
  let tail = Buffer.alloc(0);
  for (let from = size; from > 0;) {
    const step = Math.min(64 * 1024, from);
    from -= step;
    const part = Buffer.allocUnsafe(step);
    readSync(descriptor, part, 0, step, from);
    tail = Buffer.concat([part, tail]);
    const end = tail.lastIndexOf(0x0a);
    const begin = end <= 0 ? -1 : tail.lastIndexOf(0x0a, end - 1);
    if (begin === -1 && from > 0) continue;
    ftruncateSync(descriptor, from + end + 1);
    return end === -1 ? null : tail.toString("latin1", begin + 1, end);
  }
  return null;
};

/** Opens or creates the file. */
export const openReceiptFile = (path: string, options: { readonly log: Log; readonly rotateBytes: number }): ReceiptFile => {
  const open = (): number => {
    const descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW, 0o600);
    fchmodSync(descriptor, 0o600);
    return descriptor;
  };
  const numbered = (index: number): string => (index === 0 ? path : `${path}.${index}`);
  let descriptor = open();
  const unsaved: string[] = [];
  let last = { sequence: 0, digest: "" };
  const remember = (line: string | null): void => {
    const receipt = line?.split(" ")[2];
    if (receipt !== undefined) last = { sequence: sequenceOfReceipt(receipt), digest: receiptDigest(receipt) };
  };
  remember(lastLine(descriptor));
  if (last.sequence === 0 && existsSync(numbered(1))) {
    const before = openSync(numbered(1), constants.O_RDWR | constants.O_NOFOLLOW);
    remember(lastLine(before));
    closeSync(before);
  }
  let size = fstatSync(descriptor).size;

  const rotate = (): void => {
    for (let index = keptFiles - 1; index >= 1; index -= 1)
      if (existsSync(numbered(index - 1))) renameSync(numbered(index - 1), numbered(index));
    closeSync(descriptor);
    descriptor = open();
    size = 0;
  };

  const write = (): boolean => {
    while (unsaved.length > 0) {
      const bytes = Buffer.from(unsaved[0] ?? "", "latin1");
      try {
        if (size > options.rotateBytes) {
          fsyncSync(descriptor);
          rotate();
        }
        if (writeSync(descriptor, bytes) < bytes.length) throw new Error("short write");
        size += bytes.length;
        unsaved.shift();
      } catch (error) {
        try {
          ftruncateSync(descriptor, size);
        } catch {
          // The next attempt begins with the same truncation.
        }
        options.log.warn({ error: String(error), unsaved: unsaved.length }, "receipts could not be kept yet");
        return false;
      }
    }
    return true;
  };

  async function* lines(): AsyncGenerator<string> {
    write();
    for (let index = keptFiles - 1; index >= 0; index -= 1) {
      if (!existsSync(numbered(index))) continue;
      for await (const line of createInterface({ input: createReadStream(numbered(index), "latin1"), crlfDelay: Number.POSITIVE_INFINITY }))
        if (line !== "") yield line;
    }
  }

  return {
    get last() {
      return last;
    },
    add: (run, attempt, sequence, receipt) => {
      if (sequence <= last.sequence) return;
      last = { sequence, digest: receiptDigest(receipt) };
      unsaved.push(`${run} ${attempt} ${receipt}\n`);
      write();
    },
    sync: () => {
      if (!write()) return false;
      try {
        fsyncSync(descriptor);
        return true;
      } catch {
        return false;
      }
    },
    find: async (run, attempt) => {
      const wanted = `${run} ${attempt} `;
      let found: string | null = null;
      for await (const line of lines()) if (line.startsWith(wanted)) found = line.slice(wanted.length);
      return found;
    },
    lines,
    close: () => closeSync(descriptor),
  };
};
