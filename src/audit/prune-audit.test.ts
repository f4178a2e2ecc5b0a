import assert from "node:assert/strict";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { signCheckpoint } from "#audit/checkpoint.ts";
import { pruneAudit } from "#audit/prune-audit.ts";
import { findLostCheckpoint } from "#audit/restored-database.ts";
import type { ChainPosition } from "#audit/record.ts";
import { generateSigningKey, keyThumbprint, privateKeyFromPem, publicKeyFromRaw } from "#proof/keys.ts";
import { receiptDigest, signReceipt } from "#proof/receipt.ts";
import type { AuditTable } from "#store/tables.ts";
import { auditStores, fill, tamper, type AuditWorld } from "#test/fixtures/audit-world.ts";
import { sampleReceipt } from "#test/fixtures/launch-order.ts";

const day = 86_400_000;

const prune = (world: AuditWorld, keepMs = 30 * day): Promise<{ records: number; more: boolean }> => {
  const clock = { nowMs: () => world.nowMs, monotonicMs: () => 0 };
  return pruneAudit({ store: world.store, audit: world.trail, clock, checkpointFile: world.file, signingKey: world.signingKey, keepMs });
};
const rows = (world: AuditWorld, writer: string): Promise<AuditTable[]> =>
  world.store.read.selectFrom("audit").selectAll().where("writer", "=", writer).orderBy("sequence").execute();

/** Two chains, the first ended 60 days ago, the second half old, half of today. */
const age = async (world: AuditWorld): Promise<{ first: ChainPosition; second: ChainPosition }> => {
  await fill(world, 20);
  await world.trail.checkpoint();
  const first = world.trail.head();
  await world.restart();
  await fill(world, 20);
  await world.trail.checkpoint();
  const second = world.trail.head();
  world.nowMs += 60 * day;
  await fill(world, 5);
  await world.trail.checkpoint();
  return { first, second };
};

for (const [name, make] of auditStores) {
  test(`K1: on ${name} old records are pruned up to a signed place that stays, and the rest still proves itself`, async (t) => {
    const world = await make(t);
    if (world === null) return;
    const { first, second } = await age(world);
    assert.deepEqual(await prune(world, 90 * day), { records: 0, more: false }, "nothing is old enough");
    const before = await world.verify();
    const pruned = await prune(world);
    assert.equal(pruned.records, first.sequence - 1 + second.sequence - 1);
    assert.deepEqual(
      [(await rows(world, first.writer)).map(({ sequence }) => sequence), (await rows(world, second.writer))[0]?.sequence],
      [[first.sequence], second.sequence],
    );
    const after = await world.verify();
    assert.deepEqual(after.findings, []);
    assert.ok(after.records < before.records);
    assert.deepEqual(await prune(world), { records: 0, more: false }, "again");
    const acts = (await rows(world, second.writer))
      .filter(({ action }) => action === "audit.prune")
      .map(({ phase, object }) => `${phase} ${object}`);
    assert.equal(acts.filter((act) => act.endsWith(first.writer)).length, 2, acts.join(", "));

    // The database is still known as this instance's own, and life goes on.
    assert.equal(await findLostCheckpoint(world.store.read, world.file, publicKeyFromRaw(world.publicKey)), null);
    await world.restart();
    assert.deepEqual(await world.kinds(), []);

    // What is left is proven as before.
    const [kept, ...later] = await rows(world, second.writer);
    const remove = (sequence: number): Promise<void> =>
      tamper(world, (tx) => tx.deleteFrom("audit").where("writer", "=", second.writer).where("sequence", "=", sequence).execute());
    assert.ok(kept !== undefined && later[0] !== undefined);
    await remove(kept.sequence);
    assert.deepEqual(await world.kinds(), ["removed"], "the place itself");
    await tamper(world, (tx) => tx.insertInto("audit").values(kept).execute());
    await tamper(world, (tx) =>
      tx.updateTable("audit").set({ actor: "os:0" }).where("writer", "=", second.writer).where("sequence", "=", kept.sequence).execute(),
    );
    assert.deepEqual(await world.kinds(), ["altered"]);
  });

  test(`K1: on ${name} nobody but the manager shortens a chain: without its signed statement a missing beginning is a finding`, async (t) => {
    const world = await make(t);
    if (world === null) return;
    const { first } = await age(world);
    await tamper(world, (tx) => tx.deleteFrom("audit").where("writer", "=", first.writer).where("sequence", "<", first.sequence).execute());
    assert.deepEqual(await world.kinds(), ["removed"]);
    const statement = { version: 1, kind: "pruned", ...first, before: world.nowMs, at: world.nowMs } as const;
    const file = readFileSync(world.file);
    appendFileSync(world.file, `${signCheckpoint(statement, privateKeyFromPem(generateSigningKey().privatePem))}\n`);
    assert.deepEqual((await world.kinds()).toSorted(), ["bad-checkpoint", "removed"], "of another key");
    // The manager's own, for another place.
    writeFileSync(world.file, file);
    appendFileSync(
      world.file,
      `${signCheckpoint({ ...statement, sequence: first.sequence - 5, hash: "a".repeat(64) }, world.signingKey)}\n`,
    );
    assert.deepEqual(await world.kinds(), ["removed"]);
    writeFileSync(world.file, file);
    appendFileSync(world.file, `${signCheckpoint(statement, world.signingKey)}\n`);
    assert.deepEqual(await world.kinds(), []);
  });

  test(`K1: on ${name} a removal that was cut short is no finding, a hole in what it left is; evidence of tampering is never pruned`, async (t) => {
    const world = await make(t);
    if (world === null) return;
    const { first } = await age(world);
    const old = await rows(world, first.writer);
    await prune(world);
    const back = (from: number): Promise<void> =>
      tamper(world, (tx) =>
        tx
          .insertInto("audit")
          .values(old.filter(({ sequence }) => sequence >= from && sequence < first.sequence))
          .execute(),
      );
    await back(first.sequence - 4);
    assert.deepEqual(await world.kinds(), []);
    await tamper(world, (tx) =>
      tx
        .deleteFrom("audit")
        .where("writer", "=", first.writer)
        .where("sequence", "=", first.sequence - 2)
        .execute(),
    );
    assert.deepEqual(await world.kinds(), ["removed"]);
    assert.equal((await prune(world)).records, 3, "and is removed with the rest, as old as it is");
    assert.deepEqual(await world.kinds(), []);

    const other = await make(t);
    if (other === null) return;
    const places = await age(other);
    await tamper(other, (tx) =>
      tx
        .updateTable("audit")
        .set({ hash: "f".repeat(64) })
        .where("writer", "=", places.first.writer)
        .where("sequence", "=", places.first.sequence)
        .execute(),
    );
    await prune(other);
    assert.equal((await rows(other, places.first.writer)).length, places.first.sequence, "nothing of that chain");
    assert.ok((await other.kinds()).includes("altered"));
  });

  test(`K1: on ${name} a node's journal is believed about runs whose records were pruned, and about none that are younger`, async (t) => {
    const world = await make(t);
    if (world === null) return;
    const { first } = await age(world);
    const node = generateSigningKey();
    const kid = keyThumbprint(node.publicKey);
    const receipts: string[] = [];
    const receive = (run: string, atMs: number, auditHead: ChainPosition): void => {
      const last = receipts.at(-1);
      const link = { sequence: receipts.length + 1, previous: last === undefined ? "" : receiptDigest(last), iat: Math.floor(atMs / 1000) };
      receipts.push(
        signReceipt(
          sampleReceipt({ node: { id: "nod_01", keyThumbprint: kid }, run, auditHead, ...link }),
          privateKeyFromPem(node.privatePem),
          kid,
        ),
      );
    };
    const against = { receipts: [{ nodeName: "ledger-1", publicKey: node.publicKey, receipts }] };
    receive("run_old", world.nowMs - 59 * day, { ...first, sequence: 2, hash: (await rows(world, first.writer))[1]?.hash ?? "" });
    assert.deepEqual(await world.kinds(against), ["unreported-run"]);
    await prune(world);
    assert.deepEqual(await world.kinds(against), []);
    receive("run_new", world.nowMs - 29 * day, world.trail.head());
    assert.deepEqual(await world.kinds(against), ["unreported-run"]);
  });
}
