/** One launcher per data folder: an exclusive lock that the kernel drops with its process, whatever ended it. */
import { closeSync, constants, fchmodSync, openSync } from "node:fs";
import { join } from "node:path";
import koffi from "koffi";
import { fail } from "#kernel/problem.ts";

const lockExclusive = 2;
const lockNonBlocking = 4;

/** Holds the lock of the folder until the process ends or `release` is called. Fails with `launch.already-running`. */
export const lockFolder = (folder: string): { release(): void } => {
  const path = join(folder, "lock");
  const descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  fchmodSync(descriptor, 0o600);
  const flock = koffi.load(null).func("int flock(int descriptor, int operation)") as unknown as (
    descriptor: number,
    operation: number,
  ) => number;
  if (flock(descriptor, lockExclusive | lockNonBlocking) !== 0) {
    closeSync(descriptor);
    fail("launch.already-running", `another launcher works on \`${folder}\``);
  }
  return { release: () => closeSync(descriptor) };
};
