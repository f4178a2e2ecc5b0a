import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { openAuditTrail, type AuditTrail } from "#audit/audit-trail.ts";
import { systemClock } from "#kernel/clock.ts";
import { silentLog } from "#kernel/log.ts";
import { ProblemError } from "#kernel/problem.ts";
import { openManagerKeys, type ManagerKeys } from "#nodes/manager-keys.ts";
import { openRealm } from "#nodes/realm.ts";
import { openStore } from "#store/open.ts";
import type { Store } from "#store/store.ts";

interface Started {
  readonly store: Store;
  readonly trail: AuditTrail;
  readonly keys: ManagerKeys;
  readonly restored: boolean;
  stop(): Promise<void>;
}

/** Starts what a manager starts of this, in its order. */
const start = async (folder: string, database = "behalf.db"): Promise<Started> => {
  const keys = await openManagerKeys({ folder: join(folder, "keys"), realmName: "corp", nowMs: Date.now() });
  const store = await openStore({ url: `sqlite:${join(folder, database)}` });
  try {
    const checkpointFile = join(folder, "checkpoints.jsonl");
    const realm = await openRealm({ store, keys, checkpointFile, log: silentLog });
    const trail = await openAuditTrail({ store, clock: systemClock, log: silentLog, checkpointFile, signingKey: keys.audit.privateKey });
    const stop = async (): Promise<void> => {
      await trail.close();
      await store.close();
    };
    return { store, trail, keys: realm.keys, restored: realm.restored, stop };
  } catch (error) {
    await store.close();
    throw error;
  }
};

const folderOf = (t: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), "bhf-epoch-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

const addSession = (store: Store): Promise<unknown> =>
  store.write(async (tx) => {
    await tx
      .insertInto("accounts")
      .values({
        id: "acc_1",
        service: "LOCAL-INITIAL",
        name: "root",
        name_key: "root",
        password_hash: null,
        must_change: 0,
        password_expires_at: null,
        disabled: 0,
        groups: "[]",
        created_at: 1,
        last_login_at: null,
        revision: 1,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    await tx
      .insertInto("sessions")
      .values({
        token_hash: "h",
        id: "ses_1",
        account_id: "acc_1",
        kind: "cli",
        csrf_hash: null,
        amr: "[]",
        auth_time: 1,
        created_at: 1,
        seen_at: 1,
        expires_at: 1,
        client: "",
      })
      .execute();
  });
const sessions = async (store: Store): Promise<number> => (await store.read.selectFrom("sessions").selectAll().execute()).length;

test("K2: an ordinary restart keeps epoch and sessions, also after a crash", async (t) => {
  const folder = folderOf(t);
  const first = await start(folder);
  assert.equal(first.keys.realm.epoch, 1);
  await addSession(first.store);
  await first.trail.note({ actor: "os:1", action: "x.y", object: "z" });
  // A crash: no last checkpoint.
  await first.store.close();
  for (let round = 0; round < 3; round += 1) {
    const next = await start(folder);
    assert.equal(next.restored, false);
    assert.equal(next.keys.realm.epoch, 1);
    assert.equal(await sessions(next.store), 1);
    await next.stop();
  }
});

test("K2: restoring an old database begins a new epoch and ends all sessions", async (t) => {
  const folder = folderOf(t);
  const first = await start(folder);
  await addSession(first.store);
  await first.stop();
  copyFileSync(join(folder, "behalf.db"), join(folder, "backup.db"));
  const second = await start(folder);
  await second.stop();
  for (const file of ["behalf.db", "behalf.db-wal", "behalf.db-shm"]) rmSync(join(folder, file), { force: true });
  copyFileSync(join(folder, "backup.db"), join(folder, "behalf.db"));
  const restored = await start(folder);
  assert.equal(restored.restored, true);
  assert.equal(restored.keys.realm.epoch, 2);
  assert.equal(await sessions(restored.store), 0);
  await restored.stop();
});

test("K2: after the restore was noticed once, the next starts are ordinary", async (t) => {
  const folder = folderOf(t);
  await (await start(folder)).stop();
  const fresh = await start(folder, "other.db");
  assert.equal(fresh.restored, true, "an empty database in place of the old one");
  assert.equal(fresh.keys.realm.epoch, 2);
  await fresh.stop();
  const next = await start(folder, "other.db");
  assert.equal(next.restored, false);
  assert.equal(next.keys.realm.epoch, 2);
  await next.stop();
  const old = await start(folder, "behalf.db");
  assert.equal(old.keys.realm.epoch, 3, "and the old one back again");
  await old.stop();
});

test("K2: a database of another realm is refused", async (t) => {
  const one = folderOf(t);
  const two = folderOf(t);
  await (await start(one)).stop();
  await (await start(two)).stop();
  copyFileSync(join(one, "behalf.db"), join(two, "foreign.db"));
  await assert.rejects(
    start(two, "foreign.db"),
    (error) => error instanceof ProblemError && error.problem.code === "nodes.foreign-database",
  );
});
