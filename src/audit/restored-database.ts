/**
 * Tells whether the database is older than this instance's own checkpoint file, or another one: the sign of a restored backup (K2). The manager asks
 * before it begins its chain, and then starts a new epoch.
 */
import type { KeyObject } from "node:crypto";
import { checkCheckpoint, lastCheckpointLines, type Checkpoint } from "#audit/checkpoint.ts";
import type { Reader } from "#store/store.ts";

/**
 * The last checkpoint of the file when the database does not hold it; null when it does. The last one only: every start signs one, so once a restored
 * database was started on, the file's last line is its own again.
 */
export const findLostCheckpoint = async (read: Reader, checkpointFile: string, publicKey: KeyObject): Promise<Checkpoint | null> => {
  const last = lastCheckpointLines(checkpointFile)
    .toReversed()
    .map((line) => checkCheckpoint(line, publicKey))
    .find((checkpoint) => checkpoint !== null);
  if (last === undefined) return null;
  const found = await read
    .selectFrom("audit")
    .select("hash")
    .where("writer", "=", last.writer)
    .where("sequence", "=", last.sequence)
    .executeTakeFirst();
  return found?.hash === last.hash ? null : last;
};
