/**
 * Joins the realm's record (beside the keys) and the database, and notices a restored one (K2): when the database lacks what this instance has signed a
 * checkpoint for, or knows a higher epoch, a new epoch begins, so that nodes refuse older tokens, and every session ends.
 */
import { publicKeyFromRaw } from "#proof/keys.ts";
import { fail } from "#kernel/problem.ts";
import type { Log } from "#kernel/log.ts";
import { findLostCheckpoint } from "#audit/restored-database.ts";
import type { Store, Writer } from "#store/store.ts";
import { raiseEpoch, type ManagerKeys } from "#nodes/manager-keys.ts";

export interface OpenedRealm {
  readonly keys: ManagerKeys;
  /** The database was restored or replaced: a new epoch has begun and all sessions have ended. */
  readonly restored: boolean;
}

const setMeta = async (tx: Writer, key: string, value: string): Promise<void> => {
  await tx
    .insertInto("meta")
    .values({ key, value })
    .onConflict((conflict) => conflict.column("key").doUpdateSet({ value }))
    .execute();
};

/** Call after the store is open and before the audit trail begins. Throws `nodes.foreign-database`. */
export const openRealm = async (options: {
  readonly store: Store;
  readonly keys: ManagerKeys;
  readonly checkpointFile: string;
  readonly log: Log;
}): Promise<OpenedRealm> => {
  const { store, keys, checkpointFile, log } = options;
  const meta = new Map(
    (await store.read.selectFrom("meta").selectAll().where("key", "in", ["realm", "epoch"]).execute()).map((row) => [row.key, row.value]),
  );
  const storedRealm = meta.get("realm");
  if (storedRealm !== undefined && storedRealm !== keys.realm.id)
    return fail("nodes.foreign-database", `the database belongs to realm \`${storedRealm}\`, the keys to \`${keys.realm.id}\``);
  const storedEpoch = Number(meta.get("epoch") ?? 0);
  const lost = await findLostCheckpoint(store.read, checkpointFile, publicKeyFromRaw(keys.audit.publicKey));
  // A lower epoch in the database is a backup of before the last restore; a higher one means that the keys are the older part.
  const restored = lost !== null || (storedEpoch !== 0 && storedEpoch !== keys.realm.epoch);
  const epoch = restored ? Math.max(keys.realm.epoch, storedEpoch) + 1 : keys.realm.epoch;
  // The file first: if the database does not follow, the next start finds them apart and raises once more.
  const current = restored ? raiseEpoch(keys, epoch) : keys;
  if (restored || storedRealm === undefined || storedEpoch === 0)
    await store.write(async (tx) => {
      await setMeta(tx, "realm", keys.realm.id);
      await setMeta(tx, "epoch", String(epoch));
      // SECURITY: a session that had been ended may be alive again in a backup: `realm.test.ts`.
      if (restored) await tx.deleteFrom("sessions").execute();
    });
  if (restored)
    log.warn(
      { epoch, lostWriter: lost?.writer ?? null, lostSequence: lost?.sequence ?? null },
      "the database was restored or replaced: a new epoch has begun and all sessions have ended",
    );
  return { keys: current, restored };
};
