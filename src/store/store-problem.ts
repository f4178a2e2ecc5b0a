/**
 * Turns what SQLite and PostgreSQL say into problems. Only failures of the store itself become problems; what a query got
 * wrong (a broken constraint, say) stays the driver's own error for the domain that asked. Messages never hold values,
 * statements or URLs (W7).
 */
import { ProblemError, problem } from "#kernel/problem.ts";
import type { ProblemCode } from "#kernel/problem-codes.ts";

interface DriverError {
  readonly code?: unknown;
  readonly errcode?: unknown;
  readonly message?: unknown;
  readonly syscall?: unknown;
}

/** By SQLite's primary result code. */
const sqliteProblems: Readonly<Record<number, readonly [ProblemCode, string]>> = {
  5: ["store.busy", "the database is locked by another process"],
  6: ["store.busy", "the database is locked by another connection"],
  8: ["store.read-only", "the database cannot be written"],
  10: ["store.damaged", "the database file could not be read or written"],
  11: ["store.damaged", "the database file is damaged"],
  13: ["store.full", "the disk or the database is full"],
  14: ["store.cannot-open", "the database file cannot be opened"],
  26: ["store.not-a-database", "the file is not a database"],
};

const unreachable = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOTFOUND",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ETIMEDOUT",
  "EPIPE",
  "EAI_AGAIN",
  "57P01",
  "57P02",
  "57P03",
  "53300",
]);
const unreachableMessages =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed|The server does not support SSL)/;

/** The problem of a driver's error; null when it is no failure of the store itself. */
export const storeProblemOf = (error: unknown): ProblemError | null => {
  if (error instanceof ProblemError) return error;
  if (!(error instanceof Error)) return null;
  const { code, errcode, syscall } = error as DriverError;
  if (code === "ERR_SQLITE_ERROR" && typeof errcode === "number") {
    const found = sqliteProblems[errcode & 0xff];
    return found === undefined ? null : new ProblemError(problem(found[0], found[1]), { cause: error });
  }
  if (code === "ERR_INVALID_STATE" || error.message.startsWith("Cannot use a pool after calling end"))
    return new ProblemError(problem("store.closed", "the store is closed"), { cause: error });
  if (typeof code === "string") {
    if (unreachable.has(code) || syscall === "connect" || code.startsWith("08"))
      return new ProblemError(problem("store.unavailable", "the database server does not answer"), { cause: error });
    if (code === "28P01" || code === "28000")
      return new ProblemError(problem("store.unavailable", "the database server refused this account"), { cause: error });
    if (code === "3D000")
      return new ProblemError(problem("store.unavailable", "the database server has no such database"), { cause: error });
    if (code === "53100") return new ProblemError(problem("store.full", "the database server has no space left"), { cause: error });
    if (code === "25006") return new ProblemError(problem("store.read-only", "the database server accepts no writes"), { cause: error });
    if (code === "40001" || code === "40P01" || code === "55P03")
      return new ProblemError(problem("store.busy", "another process changed the same rows at the same time"), { cause: error });
    if (code === "XX001" || code === "XX002")
      return new ProblemError(problem("store.damaged", "the database is damaged"), { cause: error });
  }
  if (unreachableMessages.test(error.message))
    return new ProblemError(problem("store.unavailable", "the connection to the database server was lost"), { cause: error });
  return null;
};

/** What a caller of the store gets to see. */
export const asStoreError = (error: unknown): unknown => storeProblemOf(error) ?? error;

/** Whether a write failed because a unique key was already taken. */
export const isUniqueViolation = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  const { code, errcode } = error as DriverError;
  return code === "23505" || (code === "ERR_SQLITE_ERROR" && (errcode === 2067 || errcode === 1555));
};
