/**
 * Reads a JSON body within limits (W9): UTF-8, depth 64, and none of the names that reach into prototypes. The size limit is
 * Fastify's `bodyLimit`. Messages never hold text of the body (W7).
 */
import type { IncomingMessage } from "node:http";
import { ok, refuse, type Result } from "#kernel/result.ts";
import { problem } from "#kernel/problem.ts";

export const maxBodyBytes = 1024 * 1024;
export const maxJsonDepth = 64;

const forbidden: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);
const quote = 0x22;
const backslash = 0x5c;

/** Deepest nesting of the text, counted before parsing so that a hostile one costs one pass. */
const nesting = (bytes: Buffer): number => {
  let depth = 0;
  let deepest = 0;
  let inText = false;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index];
    if (inText) {
      if (byte === backslash) index += 1;
      else if (byte === quote) inText = false;
    } else if (byte === quote) inText = true;
    else if (byte === 0x7b || byte === 0x5b) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (byte === 0x7d || byte === 0x5d) depth -= 1;
  }
  return deepest;
};

const forbiddenName = (value: unknown): string | null => {
  if (Array.isArray(value)) {
    for (const item of value) {
      const found = forbiddenName(item);
      if (found !== null) return found;
    }
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  for (const [name, item] of Object.entries(value)) {
    if (forbidden.has(name)) return name;
    const found = forbiddenName(item);
    if (found !== null) return found;
  }
  return null;
};

/** The value of a JSON body; an empty body is `undefined`. */
export const readJsonBody = (bytes: Buffer): Result<unknown> => {
  if (bytes.length === 0) return ok(undefined);
  if (nesting(bytes) > maxJsonDepth) return refuse(problem("input.too-deep", `the body nests deeper than ${maxJsonDepth} levels`));
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return refuse(problem("input.malformed-json", "the body is not one JSON document in UTF-8"));
  }
  const name = forbiddenName(value);
  return name === null
    ? ok(value)
    : refuse(
        problem("input.forbidden-name", `the body has a field called \`${name}\``, {
          hint: "rename the field: this name is refused everywhere",
        }),
      );
};

/** A body that is read although its request is refused: at most so many bytes, and only if they are there at once. */
const smallBytes = 16 * 1024;
const smallWaitMs = 500;

/** The body of a request that is refused anyway; null: there is none, it is too large, does not come, or is no JSON. Bytes that come later are passed over. */
export const readSmallBody = async (incoming: IncomingMessage): Promise<unknown> => {
  const length = Number(incoming.headers["content-length"] ?? Number.NaN);
  if (!(length > 0 && length <= smallBytes)) return null;
  const bytes = await new Promise<Buffer | null>((resolve) => {
    const pieces: Buffer[] = [];
    const timer = setTimeout(() => resolve(null), smallWaitMs);
    const end = (read: Buffer | null): void => {
      clearTimeout(timer);
      resolve(read);
    };
    incoming.on("data", (piece: Buffer) => pieces.push(piece));
    incoming.once("end", () => end(Buffer.concat(pieces)));
    incoming.once("close", () => end(null));
  });
  const read = bytes === null ? null : readJsonBody(bytes);
  return read?.ok === true ? read.value : null;
};
