/**
 * Files that only their owner may read or change: keys, journals, credential lists. Modes are set explicitly, links are never
 * followed (O10), replacement is atomic and durable, and a file that others can read or write is refused (K2).
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
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
import { shellWord } from "#kernel/shell-word.ts";

/** Creates a folder (and its parents) with exactly this mode, whatever the umask. An existing link in its place is refused. */
export const makePrivateFolder = (path: string, mode = 0o700): void => {
  mkdirSync(path, { recursive: true, mode });
  const found = lstatSync(path);
  if (!found.isDirectory()) fail("files.unsafe", `\`${path}\` is not a folder`);
  if ((found.mode & 0o777) !== mode) chmodSync(path, mode);
};

/** Whose a file is to be. */
export interface FileOwner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Writes the whole file through a temporary one beside it: after a crash either the old or the new content is there. With `owner`, as root, it is theirs.
 *
 * SECURITY: it is given away by its descriptor, before it has its name: the owner of the folder could put a link there, and a `chown` by name would follow it
 * (`private-file.test.ts`).
 */
export const writePrivateFile = (
  path: string,
  content: string | Buffer,
  { mode = 0o600, owner = null }: { readonly mode?: number; readonly owner?: FileOwner | null } = {},
): void => {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.new`;
  const descriptor = openSync(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, mode);
  try {
    fchmodSync(descriptor, mode);
    if (owner !== null) fchownSync(descriptor, owner.uid, owner.gid);
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
    // A pipe in its place must not keep the reader waiting for a writer.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return null;
    if (code === "EACCES") {
      const uid = process.geteuid?.() ?? -1;
      return fail("files.unsafe", `\`${path}\` cannot be read by this account (uid ${uid})`, {
        hint: `start it as the account that the folder belongs to; or, as root, give it the folder: chown -R ${uid} ${shellWord(dirname(path))}`,
        cause: error,
      });
    }
    return fail("files.unsafe", `\`${path}\` cannot be read as a plain file`, { cause: error });
  }
  try {
    const found = fstatSync(descriptor);
    if (!found.isFile()) fail("files.unsafe", `\`${path}\` is not a plain file`);
    if ((found.mode & 0o077) !== 0)
      fail("files.unsafe", `\`${path}\` can be read or changed by other accounts`, {
        hint: `chmod 600 ${shellWord(path)}, and replace the key if others may have read it`,
      });
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
};
