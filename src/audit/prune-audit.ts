/**
 * Retention of the record (K1): what is older than is to be kept is removed from the beginning of a chain, up to a place that a checkpoint vouches for. That record
 * stays, and a signed statement of the removal, in the checkpoint file first and in the database, lets a verification begin there. Nothing else may shorten a
 * chain: without such a statement it is a finding. What does not belong here: how long is kept, and when this is called.
 */
import type { KeyObject } from "node:crypto";
import type { Clock } from "#kernel/clock.ts";
import { publicKeyFromRaw, rawPublicKey } from "#proof/keys.ts";
import type { AuditTrail } from "#audit/audit-trail.ts";
import { appendCheckpoint, checkCheckpoint, checkPruned, signCheckpoint, type Checkpoint } from "#audit/checkpoint.ts";
import type { Reader, Store } from "#store/store.ts";

export interface PruneOptions {
  readonly store: Store;
  readonly audit: AuditTrail;
  readonly clock: Clock;
  readonly checkpointFile: string;
  readonly signingKey: KeyObject;
  /** Records are kept at least so long. */
  readonly keepMs: number;
}

const prunedPrefix = "audit.pruned:";
const recordsPerTransaction = 500;
const transactionsPerCall = 40;

/** Signed statements of what was pruned, as the database keeps them: the last one of each chain. */
export const storedPruned = async (read: Reader): Promise<readonly string[]> => {
  const rows = await read
    .selectFrom("meta")
    .select("value")
    .where("key", ">=", prunedPrefix)
    .where("key", "<", `${prunedPrefix}~`)
    .execute();
  return rows.map((row) => row.value);
};

/** The newest signed place of a chain that is old enough; null: none. */
const placeFor = async ({ store }: PruneOptions, writer: string, before: number, publicKey: KeyObject): Promise<Checkpoint | null> => {
  const rows = await store.read
    .selectFrom("audit_checkpoints")
    .select("signature")
    .where("writer", "=", writer)
    .where("at", "<", before)
    .orderBy("sequence", "desc")
    .limit(20)
    .execute();
  for (const { signature } of rows) {
    const checkpoint = checkCheckpoint(signature, publicKey);
    if (checkpoint === null || checkpoint.writer !== writer || checkpoint.at >= before) continue;
    // SECURITY: a place whose record is not the one that was signed is evidence: nothing before it is removed (`prune-audit.test.ts`).
    const record = await store.read
      .selectFrom("audit")
      .select("hash")
      .where("writer", "=", writer)
      .where("sequence", "=", checkpoint.sequence)
      .executeTakeFirst();
    return record?.hash === checkpoint.hash ? checkpoint : null;
  }
  return null;
};

/** Removes the oldest records of a chain below `sequence`, a batch; answers how many. */
const removeBatch = (store: Store, writer: string, sequence: number): Promise<number> =>
  store.write(async (tx) => {
    const last = await tx
      .selectFrom("audit")
      .select("sequence")
      .where("writer", "=", writer)
      .where("sequence", "<", sequence)
      .orderBy("sequence")
      .offset(recordsPerTransaction - 1)
      .limit(1)
      .executeTakeFirst();
    // From the beginning upwards, so that what is left has no hole, whenever this is cut short.
    const { numDeletedRows } = await tx
      .deleteFrom("audit")
      .where("writer", "=", writer)
      .where("sequence", "<", sequence)
      .where("sequence", "<=", last?.sequence ?? sequence - 1)
      .executeTakeFirst();
    return Number(numDeletedRows);
  });

/** Prunes every chain. `more`: there was more than one call may take. */
export const pruneAudit = async (options: PruneOptions): Promise<{ readonly records: number; readonly more: boolean }> => {
  const { store, audit, clock, checkpointFile, signingKey, keepMs } = options;
  const publicKey = publicKeyFromRaw(rawPublicKey(signingKey));
  const before = clock.nowMs() - keepMs;
  const known = new Map<string, number>();
  for (const text of await storedPruned(store.read)) {
    const pruned = checkPruned(text, publicKey);
    if (pruned !== null) known.set(pruned.writer, pruned.sequence);
  }
  const writers = await store.read.selectFrom("audit_checkpoints").select("writer").where("at", "<", before).distinct().execute();
  let records = 0;
  let transactions = 0;
  for (const { writer } of writers) {
    const place = await placeFor(options, writer, before, publicKey);
    if (place === null || place.sequence <= 1) continue;
    if ((known.get(writer) ?? 0) < place.sequence) {
      const at = clock.nowMs();
      const { sequence, hash } = place;
      const signature = signCheckpoint({ version: 1, kind: "pruned", writer, sequence, hash, before, at }, signingKey);
      // The file first: the statement must outlive a database that comes back.
      appendCheckpoint(checkpointFile, signature);
      await audit.act({ actor: "part:audit", action: "audit.prune", object: writer, detail: { below: sequence, before } }, async (tx) => {
        await tx
          .insertInto("meta")
          .values({ key: `${prunedPrefix}${writer}`, value: signature })
          .onConflict((conflict) => conflict.column("key").doUpdateSet({ value: signature }))
          .execute();
        await tx.deleteFrom("audit_checkpoints").where("writer", "=", writer).where("sequence", "<", sequence).execute();
        return { result: null };
      });
      // The file's last lines name the database's newest place again: a restored one is told by them (K2).
      await audit.checkpoint();
    }
    for (;;) {
      if (transactions >= transactionsPerCall) return { records, more: true };
      transactions += 1;
      const removed = await removeBatch(store, writer, place.sequence);
      records += removed;
      if (removed < recordsPerTransaction) break;
    }
  }
  return { records, more: false };
};
