/**
 * One supervisor per data folder. The lock is SQLite's own file lock on an empty database, held in an open transaction: the
 * kernel drops it with the process, however that ends. (A listening socket as lock was tried on paper and rejected: two
 * starters that both find a dead socket can each unlink the other's new one.)
 */
import { closeSync, constants, fchmodSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { fail } from "#kernel/problem.ts";

/** Takes the lock or fails with `up.already-running`. Returns how to give it back. */
export const takeLock = (path: string, dataFolder: string): (() => void) => {
  const descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  fchmodSync(descriptor, 0o600);
  closeSync(descriptor);
  const database = new DatabaseSync(path);
  try {
    database.exec("PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    return fail("up.already-running", `another \`behalf up\` works on \`${dataFolder}\``, {
      hint: "stop that one with ctrl-C, or give this one its own folder and port: `behalf up --data DIR --port N`",
      cause: error,
    });
  }
  return () => database.close();
};
