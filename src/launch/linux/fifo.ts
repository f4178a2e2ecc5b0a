/**
 * The job's output streams: one named pipe each (O3). A pipe has no length, so a job can neither shorten nor sparsely enlarge what it
 * wrote; it has a name, so that a keeper and a later launcher can hold the same pipe. What does not belong here: the log.
 */
import { closeSync, constants, fchmodSync, fstatSync, openSync, unlinkSync } from "node:fs";
import { Socket, type SocketConstructorOpts } from "node:net";
import { join } from "node:path";
import { removeQuietly } from "#launch/linux/private-tmp.ts";
import { errorNumber, makeFifo, SystemCallError } from "#launch/linux/libc.ts";

export interface FifoPaths {
  readonly stdout: string;
  readonly stderr: string;
}

const safeName = /^[A-Za-z0-9_-]{1,80}$/;

/** The name of everything that the host makes for one attempt. Throws on a run id that could leave the folder. */
export const attemptName = (run: string, attempt: number): string => {
  if (!safeName.test(run) || !Number.isSafeInteger(attempt) || attempt < 0) throw new RangeError("a run id that cannot name a file");
  return `${run}-${attempt}`;
};

/** Where the pipes of an attempt are: known before it starts, so that a keeper can hold them too. */
export const fifoPaths = (folder: string, run: string, attempt: number): FifoPaths => {
  const name = attemptName(run, attempt);
  return { stdout: join(folder, `${name}.out`), stderr: join(folder, `${name}.err`) };
};

const openReader = (path: string): number => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);

/**
 * Makes one pipe and opens its read side. It reports no end before a first writer has come and gone, so that writer may take its time.
 */
export const makeReader = (path: string): number => {
  try {
    makeFifo(path, 0o600);
  } catch (error) {
    if (!(error instanceof SystemCallError) || error.errno !== errorNumber.EEXIST) throw error;
    unlinkSync(path);
    makeFifo(path, 0o600);
  }
  const reader = openReader(path);
  try {
    // Write-only for everyone who holds it: `echo x >/dev/stderr` opens it again as the job's account, and no job can read back or
    // take away what it wrote. The folder (0700) keeps everyone else out. Not given to the account: an owner could change the mode.
    fchmodSync(reader, 0o622);
  } catch (error) {
    closeSync(reader);
    throw error;
  }
  return reader;
};

/** Makes one pipe and opens both ends. The reader comes first: a writer alone would block. */
export const makeStream = (path: string): { readonly reader: number; readonly writer: number } => {
  const reader = makeReader(path);
  try {
    return { reader, writer: openSync(path, constants.O_WRONLY | constants.O_NOFOLLOW) };
  } catch (error) {
    closeSync(reader);
    throw error;
  }
};

/** The stream that the launcher reads; paused until someone listens. Owns the descriptor. */
export const socketOn = (reader: number): Socket => {
  // Without `manualStart` Node reads ahead at once, and what it read is gone with this process (`adopt.test.ts`).
  const socket = new Socket({ fd: reader, readable: true, writable: false, manualStart: true } as SocketConstructorOpts);
  // Only an end is expected of a pipe; a failure is told by the stream's end as well.
  socket.on("error", () => socket.destroy());
  return socket;
};

/** Opens the pipe of an earlier launcher; null when it is not there any more. */
export const reopenStream = (path: string): Socket | null => {
  let reader: number;
  try {
    reader = openReader(path);
  } catch {
    return null;
  }
  if (!fstatSync(reader).isFIFO()) {
    closeSync(reader);
    return null;
  }
  return socketOn(reader);
};

/** Removes the names; who holds the pipes still has them. */
export const removeFifos = (paths: FifoPaths): void => {
  removeQuietly(paths.stdout);
  removeQuietly(paths.stderr);
};
