/** Whether what is written to a descriptor is kept. */
import { fstatSync } from "node:fs";

/** A file, or the journal of systemd, which says in `JOURNAL_STREAM` (device and inode) which stream it keeps. What cannot be told is. */
export const isKept = (descriptor: number): boolean => {
  try {
    const { dev, ino } = fstatSync(descriptor, { bigint: true });
    return fstatSync(descriptor).isFile() || process.env["JOURNAL_STREAM"] === `${dev}:${ino}`;
  } catch {
    return true;
  }
};
