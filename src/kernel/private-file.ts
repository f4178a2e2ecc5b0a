/**
 * Files that only their owner may read or change: keys, journals, credential lists. Modes are set explicitly, links are never
 * followed (O10), replacement is atomic and durable, and a file that others can read or write is refused (K2).
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
  chmodSync,
  lstatSync,
} from "node:fs";
import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import { fail } from "#kernel/problem.ts";

/** Creates a folder (and its parents) with exactly this mode, whatever the umask. An existing link in its place is refused. */
export const makePrivateFolder = (path: string, mode = 0o700): void => {
  mkdirSync(path, { recursive: true, mode });
  const found = lstatSync(path);
  if (!found.isDirectory()) fail("files.unsafe", `\`${path}\` is not a folder`);
  if ((found.mode & 0o777) !== mode) chmodSync(path, mode);
};

/** Writes the whole file through a temporary one beside it: after a crash either the old or the new content is there. */
export const writePrivateFile = (path: string, content: string | Buffer, mode = 0o600): void => {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.new`;
  const descriptor = openSync(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, mode);
  try {
    fchmodSync(descriptor, mode);
    const bytes = typeof content === "string" ? Buffer.from(content, "utf8") : content;
    let written = 0;
    while (written < bytes.length) written += writeSync(descriptor, bytes, written);
    fsyncSync(descriptor);
  } catch (error) {
    closeSync(descriptor);
    unlinkSync(temporary);
    throw error;
  }
  closeSync(descriptor);
  renameSync(temporary, path);
  const folder = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
};

/** Reads a private file; null when it does not exist. Refuses links, and files that group or others can read or write (K2). */
export const readPrivateFile = (path: string): Buffer | null => {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    return fail("files.unsafe", `\`${path}\` cannot be read as a plain file`, { cause: error });
  }
  try {
    const found = fstatSync(descriptor);
    if (!found.isFile()) fail("files.unsafe", `\`${path}\` is not a plain file`);
    if ((found.mode & 0o077) !== 0)
      fail("files.unsafe", `\`${path}\` can be read or changed by other accounts`, {
        hint: `chmod 600 '${path}', and replace the key if others may have read it`,
      });
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
};
