/** Scripts for a shell that reads them as another account: neither in a process list nor on a disk, of any size. */
import { closeSync, fchmodSync, openSync, unlinkSync, writeSync } from "node:fs";
import { makeMemoryFile } from "#launch/linux/libc.ts";

/** Readable for any account that is given the file, and for nobody else's change. */
const fill = (descriptor: number, script: string): void => {
  const bytes = Buffer.from(script, "utf8");
  for (let written = 0; written < bytes.length;) written += writeSync(descriptor, bytes, written, bytes.length - written, written);
  fchmodSync(descriptor, 0o444);
};

/** A script in memory that any account may read through an inherited descriptor, and nobody but us change. The caller closes it. */
export const makeScriptFile = (script: string): number => {
  const descriptor = makeMemoryFile("behalf");
  try {
    fill(descriptor, script);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  return descriptor;
};

const openNew = (path: string): number => {
  try {
    return openSync(path, "wx", 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    // Of an attempt that did not come to its start.
    unlinkSync(path);
    return openSync(path, "wx", 0o600);
  }
};

/** The same by name, in a folder (tmpfs) that only this account can enter. */
export const writeScript = (path: string, script: string): void => {
  const descriptor = openNew(path);
  try {
    fill(descriptor, script);
  } finally {
    closeSync(descriptor);
  }
};
