/** Scripts for a shell that reads them as another account: neither in a process list nor on a disk, of any size. */
import { closeSync, fchmodSync, writeSync } from "node:fs";
import { makeMemoryFile } from "#launch/linux/libc.ts";

/** Writes it into an empty file in memory: readable for any account that is given the file, and for nobody else's change. */
export const fillScript = (descriptor: number, script: string): void => {
  const bytes = Buffer.from(script, "utf8");
  for (let written = 0; written < bytes.length;) written += writeSync(descriptor, bytes, written, bytes.length - written, written);
  fchmodSync(descriptor, 0o444);
};

/** A script in memory that any account may read through an inherited descriptor, and nobody but us change. The caller closes it. */
export const makeScriptFile = (script: string): number => {
  const descriptor = makeMemoryFile("behalf");
  try {
    fillScript(descriptor, script);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  return descriptor;
};
