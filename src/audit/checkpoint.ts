/**
 * Checkpoints: signed statements that a chain had this hash at this sequence, kept in a file outside the database and in a table (K1). Whoever
 * has the file and the audit key's public half can tell a shortened or rewritten chain. What belongs here: signing, reading, the file.
 */
import {
  closeSync,
  constants,
  createReadStream,
  fchmodSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from "node:fs";
import { createInterface } from "node:readline";
import type { KeyObject } from "node:crypto";
import { fail } from "#kernel/problem.ts";
import { integer, list, object, oneOf, readShape, text, type Shape } from "#kernel/shape.ts";
import { shellWord } from "#kernel/shell-word.ts";
import { canonicalJson } from "#proof/canonical-json.ts";
import { openToken, signToken } from "#proof/signed-token.ts";
import { keyThumbprint, rawPublicKey } from "#proof/keys.ts";
import type { ChainPosition } from "#audit/record.ts";

export interface Checkpoint extends ChainPosition {
  readonly version: 1;
  readonly kind: "checkpoint";
  /** Milliseconds. */
  readonly at: number;
}

/** The manager's own statement that it removed the records of a chain before this place, which is a checkpointed one and stays. */
export interface PrunedStatement extends ChainPosition {
  readonly version: 1;
  readonly kind: "pruned";
  /** Everything removed was written before this instant, milliseconds. */
  readonly before: number;
  readonly at: number;
}

const position = {
  writer: text({ min: 1, max: 100 }),
  sequence: integer(1, Number.MAX_SAFE_INTEGER),
  hash: text({ min: 64, max: 64, pattern: /^[0-9a-f]{64}$/ }),
};
const checkpointShape: Shape<Checkpoint> = object({
  version: oneOf(1),
  kind: oneOf("checkpoint"),
  ...position,
  at: integer(0, Number.MAX_SAFE_INTEGER),
});
const prunedShape: Shape<PrunedStatement> = object({
  version: oneOf(1),
  kind: oneOf("pruned"),
  ...position,
  before: integer(0, Number.MAX_SAFE_INTEGER),
  at: integer(0, Number.MAX_SAFE_INTEGER),
});
const joinsShape: Shape<readonly ChainPosition[]> = list(object(position), 1000);

const maxCheckpointCharacters = 4096;

/** Signs a checkpoint, or what was pruned, with the audit key. */
export const signCheckpoint = (statement: Checkpoint | PrunedStatement, signingKey: KeyObject): string =>
  signToken("behalf-checkpoint+jws", canonicalJson(statement), signingKey, keyThumbprint(rawPublicKey(signingKey)));

const checkStatement = <T>(signature: unknown, publicKey: KeyObject, shape: Shape<T>): T | null => {
  const opened = openToken(signature, "behalf-checkpoint+jws", maxCheckpointCharacters, () => publicKey);
  if (!opened.ok) return null;
  const read = readShape(shape, opened.payload, "the checkpoint");
  return read.ok ? read.value : null;
};

/** The checkpoint of a signed text; null when it was not signed by that key or is not one. */
export const checkCheckpoint = (signature: unknown, publicKey: KeyObject): Checkpoint | null =>
  checkStatement(signature, publicKey, checkpointShape);

/** What was pruned, of a signed text; null when it was not signed by that key or says something else. */
export const checkPruned = (signature: unknown, publicKey: KeyObject): PrunedStatement | null =>
  checkStatement(signature, publicKey, prunedShape);

/** The heads that the first record of a chain joins; null when its detail does not read. */
export const readJoins = (detail: string): readonly ChainPosition[] | null => {
  try {
    const { joins } = JSON.parse(detail) as { joins?: unknown };
    const read = readShape(joinsShape, joins, "the joins");
    return read.ok ? read.value : null;
  } catch {
    return null;
  }
};

const openForAppend = (path: string): number => {
  const descriptor = openSync(path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  try {
    const found = fstatSync(descriptor);
    if (!found.isFile()) fail("files.unsafe", `\`${path}\` is not a plain file`);
    if ((found.mode & 0o077) !== 0) {
      // A file just made under a strange umask has no other bits; one that has them was opened up by someone.
      if (found.size > 0)
        fail("files.unsafe", `\`${path}\` can be read or changed by other accounts`, { hint: `chmod 600 ${shellWord(path)}` });
      fchmodSync(descriptor, 0o600);
    }
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  return descriptor;
};

/** Cuts an unfinished last line: the trace of a crash while it was written. */
const cutTornTail = (descriptor: number): void => {
  const size = fstatSync(descriptor).size;
  const tail = Buffer.alloc(Math.min(size, maxCheckpointCharacters));
  readSync(descriptor, tail, 0, tail.length, size - tail.length);
  if (size > 0 && tail.at(-1) !== 0x0a) ftruncateSync(descriptor, size - tail.length + tail.lastIndexOf(0x0a) + 1);
};

/** Appends a signed checkpoint to the file, durably. */
export const appendCheckpoint = (path: string, signature: string): void => {
  const descriptor = openForAppend(path);
  try {
    cutTornTail(descriptor);
    writeSync(descriptor, `${signature}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
};

const openForReading = (path: string): number | null => {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    return fail("files.unsafe", `\`${path}\` cannot be read as a plain file`, { cause: error });
  }
};

/** The whole lines at the end of a checkpoint file, oldest first: a few dozen. None when there is no file. */
export const lastCheckpointLines = (path: string): readonly string[] => {
  const descriptor = openForReading(path);
  if (descriptor === null) return [];
  try {
    const size = fstatSync(descriptor).size;
    const tail = Buffer.alloc(Math.min(size, 8 * maxCheckpointCharacters));
    readSync(descriptor, tail, 0, tail.length, size - tail.length);
    const lines = tail.toString("latin1").split("\n");
    // The last piece is empty or unfinished, the first one may be cut.
    return lines.slice(tail.length < size ? 1 : 0, -1).filter((line) => line !== "");
  } finally {
    closeSync(descriptor);
  }
};

/** The lines of a checkpoint file, one signed checkpoint each; none when there is no file. An unfinished last line is left out. */
export async function* readCheckpointFile(path: string): AsyncGenerator<string> {
  const descriptor = openForReading(path);
  if (descriptor === null) return;
  const size = fstatSync(descriptor).size;
  const last = Buffer.alloc(1);
  if (size > 0) readSync(descriptor, last, 0, 1, size - 1);
  const torn = size > 0 && last[0] !== 0x0a;
  let held: string | null = null;
  for await (const line of createInterface({
    input: createReadStream(path, { fd: descriptor, encoding: "latin1" }),
    crlfDelay: Infinity,
  })) {
    if (held !== null && held !== "") yield held;
    held = line;
  }
  if (held !== null && held !== "" && !torn) yield held;
}
