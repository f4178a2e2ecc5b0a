/**
 * Tells whether the database is older than this instance's own checkpoint file, or another one: the sign of a restored backup (K2). The manager asks
 * before it begins its chain, and then starts a new epoch.
 */
import type { KeyObject } from "node:crypto";
import { checkCheckpoint, readCheckpointFile, type Checkpoint } from "#audit/checkpoint.ts";
import type { Reader } from "#store/store.ts";

/** A checkpoint that the database does not hold; null when it holds the last one of every chain. */
export const findLostCheckpoint = async (read: Reader, checkpointFile: string, publicKey: KeyObject): Promise<Checkpoint | null> => {
  const last = new Map<string, Checkpoint>();
  for await (const line of readCheckpointFile(checkpointFile)) {
    const checkpoint = checkCheckpoint(line, publicKey);
    if (checkpoint === null) continue;
    const known = last.get(checkpoint.writer);
    if (known === undefined || known.sequence < checkpoint.sequence) last.set(checkpoint.writer, checkpoint);
  }
  // Newest first: a restored database lacks the newest.
  for (const checkpoint of [...last.values()].toSorted((a, b) => b.at - a.at)) {
    const found = await read
      .selectFrom("audit")
      .select("hash")
      .where("writer", "=", checkpoint.writer)
      .where("sequence", "=", checkpoint.sequence)
      .executeTakeFirst();
    if (found?.hash !== checkpoint.hash) return checkpoint;
  }
  return null;
};
