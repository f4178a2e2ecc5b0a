/** A part that cannot begin: how soon its supervisor stops waiting, and what the part itself said. What does not belong here: restarting one that ran. */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { problemCodes, type ProblemCode } from "#kernel/problem-codes.ts";
import { fail } from "#kernel/problem.ts";
import type { Part } from "#supervise/part.ts";
import { waitUntil } from "#supervise/wait-until.ts";

/** An end or two may be the trace of the part before it, which had not quite gone. */
const endsThatAreEnough = 3;
const lastBytes = 64 * 1024;
const failed = Symbol("failed");

const readEnd = (path: string): string => {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const found = fstatSync(descriptor);
    if (!found.isFile()) return "";
    const bytes = Buffer.alloc(Math.min(lastBytes, found.size));
    return bytes.toString("utf8", 0, readSync(descriptor, bytes, 0, bytes.length, found.size - bytes.length));
  } finally {
    closeSync(descriptor);
  }
};

interface Said {
  readonly code: ProblemCode;
  readonly message: string;
  readonly hint: string;
}

const asSaid = (line: string, sinceMs: number): Said | null => {
  try {
    const { at, level, code, message, hint } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    if (typeof at !== "string" || !(Date.parse(at) >= sinceMs)) return null;
    if (level !== "error" || typeof code !== "string" || typeof message !== "string" || typeof hint !== "string") return null;
    return Object.hasOwn(problemCodes, code) ? { code: code as ProblemCode, message, hint } : null;
  } catch {
    return null;
  }
};

/** The last problem in a part's log since then; null where it says none. */
const lastProblem = (path: string, sinceMs: number): Said | null => {
  try {
    for (const line of readEnd(path).split("\n").toReversed()) {
      const said = asSaid(line, sinceMs);
      if (said !== null) return said;
    }
  } catch {
    // No log, no problem to tell.
  }
  return null;
};

export interface StartWatch {
  /** Resolves when `ask` is answered; fails with what the part itself said when it ends too often or takes too long, else with `otherwise` and where to read. */
  until<T>(ask: () => Promise<T | null>, timeoutMs: number, otherwise: string): Promise<T>;
}

/** Watches a part from before its start. */
export const watchStart = (part: Part): StartWatch => {
  const sinceMs = Date.now();
  let ends = 0;
  part.on("exit", () => (ends += 1));
  return {
    until: async (ask, timeoutMs, otherwise) => {
      const found = await waitUntil(async () => (ends < endsThatAreEnough ? await ask() : failed), timeoutMs);
      if (found !== null && found !== failed) return found;
      const said = lastProblem(part.plan.logFile, sinceMs);
      const where = `read its log: ${part.plan.logFile}`;
      return said === null
        ? fail("up.not-started", otherwise, { hint: where })
        : fail("up.not-started", `${otherwise}: ${said.message} (${said.code})`, { hint: `${said.hint}; or ${where}` });
    },
  };
};
