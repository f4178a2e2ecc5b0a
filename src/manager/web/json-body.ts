/**
 * Reads a JSON body within limits (W9): UTF-8, depth 64, and none of the names that reach into prototypes. The size limit is
 * Fastify's `bodyLimit`. Messages never hold text of the body (W7).
 */
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
