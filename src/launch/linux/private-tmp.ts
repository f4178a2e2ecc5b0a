/**
 * The private TMPDIR of a run (O9): 0700, owned by the job's account, removed afterwards. SECURITY: what a job left in it is removed *as the
 * job's account*: links and renames in it can lead the removal nowhere that the account could not go itself (`host-identity.test.ts`).
 */
import { chmodSync, chownSync, lstatSync, mkdirSync, rmdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import type { OsAccount } from "#launch/process-port.ts";

export interface TmpFolders {
  /** Holds the TMPDIRs; other accounts may pass through it, not list it. */
  readonly jobs: string;
  /** Holds the status files of runs started through sudo. */
  readonly status: string;
}

const makeFolder = (path: string, mode: number): void => {
  mkdirSync(path, { recursive: true, mode });
  const found = lstatSync(path);
  if (!found.isDirectory() || found.uid !== process.getuid?.()) throw new Error(`\`${path}\` is not a folder of this account`);
  if ((found.mode & 0o7777) !== mode) chmodSync(path, mode);
};

/** Makes the folders below `root`, with exact modes. Through sudo the accounts make their own TMPDIR, so that folder is open and sticky. */
export const makeTmpFolders = (root: string, switching: "setpriv" | "sudo"): TmpFolders => {
  const folders = { jobs: join(root, "jobs"), status: join(root, "status") };
  makeFolder(root, 0o711);
  makeFolder(folders.jobs, switching === "sudo" ? 0o1733 : 0o711);
  makeFolder(folders.status, 0o711);
  return folders;
};

/** Makes the TMPDIR of a run and gives it to the account (as root). */
export const makePrivateTmp = (path: string, account: OsAccount): void => {
  mkdirSync(path, { mode: 0o700 });
  try {
    // Nobody else can write in the folder, so this cannot be led elsewhere.
    chownSync(path, account.uid, account.gid);
  } catch (error) {
    rmdirSync(path);
    throw error;
  }
};

/** Removes an empty one; false when the account must remove its content first. */
export const removeEmptyTmp = (path: string): boolean => {
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT";
  }
};

/** Removes a file that may be gone. */
export const removeQuietly = (path: string): void => {
  try {
    unlinkSync(path);
  } catch {
    // Gone already.
  }
};
