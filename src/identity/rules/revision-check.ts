/** Concurrent edits: a change names the revision it was made from; a change made from another one is refused, not merged. */
import { problem, type Problem } from "#kernel/problem.ts";

/** The conflict, or null. `expected` null: the caller did not look first and takes what is there. */
export const revisionConflict = (what: string, found: number, expected: number | null): Problem | null =>
  expected === null || expected === found
    ? null
    : problem("identity.revision-conflict", `${what} is at revision ${found}, not ${expected}`);
