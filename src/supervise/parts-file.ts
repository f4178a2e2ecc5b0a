/** `parts.json`: which processes a supervisor started, so that the next one can adopt them after it was killed. */
import { readFileSync } from "node:fs";
import { writePrivateFile } from "#kernel/private-file.ts";
import { isAlive } from "#supervise/process-id.ts";
import type { PartName, PartRecord } from "#supervise/part.ts";

/** The recorded parts that still run, by name. An unreadable file counts as none: their sockets then refuse a second start. */
export const readLivingParts = (path: string): Map<PartName, PartRecord> => {
  const living = new Map<PartName, PartRecord>();
  try {
    for (const record of JSON.parse(readFileSync(path, "utf8")) as PartRecord[]) if (isAlive(record)) living.set(record.name, record);
  } catch {
    // No file yet, or a torn one.
  }
  return living;
};

export const writeParts = (path: string, records: readonly PartRecord[]): void => writePrivateFile(path, `${JSON.stringify(records)}\n`);
