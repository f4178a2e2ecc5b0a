import assert from "node:assert/strict";
import { test } from "node:test";
import { recordHash } from "#audit/record.ts";
import { auditEntry, auditStores, fill, openOnSqlite, tamper } from "#test/fixtures/audit-world.ts";

for (const [name, make] of auditStores) {
  test(`K1: on ${name} any altered column of any record is found`, async (t) => {
    const world = await make(t);
    if (world === null) return;
    await fill(world, 5);
    const changes: Record<string, string | number> = {
      previous: "0".repeat(64),
      hash: "1".repeat(64),
      at: 5,
      actor: "os:0",
      action: "runs.create",
      object: "/other",
      phase: "completed",
      opened: 1,
      detail: "{}",
    };
    for (const [column, value] of Object.entries(changes)) {
      const kept = await world.store.read.selectFrom("audit").selectAll().where("sequence", "=", 3).executeTakeFirstOrThrow();
      await tamper(world, (tx) =>
        tx
          .updateTable("audit")
          .set({ [column]: value })
          .where("sequence", "=", 3)
          .execute(),
      );
      const kinds = await world.kinds();
      assert.ok(kinds.includes("altered"), `${column}: ${kinds.join()}`);
      await tamper(world, (tx) =>
        tx
          .updateTable("audit")
          .set({ ...kept })
          .where("sequence", "=", 3)
          .execute(),
      );
      assert.deepEqual(await world.kinds(), []);
    }
  });

  test(`K1: on ${name} a removed, a reordered and a consistently replaced record is found`, async (t) => {
    const world = await make(t);
    if (world === null) return;
    await fill(world, 6);
    const row = async (sequence: number) => ({
      ...(await world.store.read.selectFrom("audit").selectAll().where("sequence", "=", sequence).executeTakeFirstOrThrow()),
    });
    const third = await row(3);
    const fourth = await row(4);
    await tamper(world, (tx) => tx.deleteFrom("audit").where("sequence", "=", 3).execute());
    assert.deepEqual(await world.kinds(), ["removed"]);
    await tamper(world, (tx) => tx.deleteFrom("audit").where("sequence", "=", 4).execute());
    await tamper(world, (tx) =>
      tx
        .insertInto("audit")
        .values([
          { ...third, sequence: 4 },
          { ...fourth, sequence: 3 },
        ])
        .execute(),
    );
    assert.deepEqual(new Set(await world.kinds()), new Set(["broken-link", "altered"]));
    await tamper(world, (tx) => tx.deleteFrom("audit").where("sequence", "in", [3, 4]).execute());
    const forged = { ...third, actor: "os:0" };
    await tamper(world, (tx) =>
      tx
        .insertInto("audit")
        .values([{ ...forged, hash: recordHash(forged) }, fourth])
        .execute(),
    );
    assert.deepEqual(await world.kinds(), ["broken-link"]);
  });

  test(`K1: on ${name} a cut tail, a whole rewrite and a missing chain are found against checkpoints and a trusted head`, async (t) => {
    const world = await make(t);
    if (world === null) return;
    await fill(world, 10);
    const head = world.trail.head();
    const first = head.writer;
    // The tail after the last checkpoint: nothing in table or file vouches for it, a trusted head does.
    await tamper(world, (tx) => tx.deleteFrom("audit").where("sequence", ">", 8).execute());
    assert.deepEqual(await world.kinds(), []);
    assert.equal((await world.verify()).chains[0]?.confirmedSequence, 1);
    assert.deepEqual(await world.kinds({ trustedHead: head }), ["cut-tail"]);

    await world.restart();
    await fill(world, 4);
    await world.trail.close();
    const second = world.trail.head();
    assert.deepEqual(
      await world.kinds({ trustedHead: second }),
      ["cut-tail"],
      "the chain's own last checkpoint names what was cut before it",
    );
    await tamper(world, (tx) => tx.deleteFrom("audit").where("writer", "=", second.writer).where("sequence", ">", 3).execute());
    await tamper(world, (tx) => tx.deleteFrom("audit_checkpoints").execute());
    assert.deepEqual(await world.kinds(), ["cut-tail", "cut-tail"], "the file knows better than the table");
    await tamper(world, (tx) => tx.deleteFrom("audit").where("writer", "=", first).execute());
    assert.deepEqual(new Set(await world.kinds()), new Set(["missing-chain", "cut-tail"]));
  });

  test(`K1: on ${name} a chain written anew with good hashes is a rewrite; two trusted statements that disagree are a fork`, async (t) => {
    const world = await make(t);
    if (world === null) return;
    await fill(world, 4);
    await world.trail.checkpoint();
    const { writer } = world.trail.head();
    let previous = "0".repeat(64);
    for (const record of await world.store.read.selectFrom("audit").selectAll().orderBy("sequence").execute()) {
      const forged = { ...record, previous, ...(record.sequence === 2 ? { actor: "os:0" } : {}) };
      const hash = recordHash(forged);
      previous = hash;
      await tamper(world, (tx) =>
        tx
          .updateTable("audit")
          .set({ ...forged, hash })
          .where("writer", "=", writer)
          .where("sequence", "=", record.sequence)
          .execute(),
      );
    }
    assert.deepEqual(await world.kinds(), ["rewritten"]);
    assert.deepEqual(await world.kinds({ trustedHead: { writer, sequence: 5, hash: previous } }), ["fork", "rewritten"]);
  });
}

test("K1: chains of one instance are joined: a later chain vouches for the end of an earlier one even without the file", async (t) => {
  const world = await openOnSqlite(t);
  if (world === null) return;
  await fill(world, 5);
  const { writer } = world.trail.head();
  await world.restart();
  await tamper(world, (tx) => tx.deleteFrom("audit_checkpoints").execute());
  assert.deepEqual(await world.kinds({ checkpoints: [] }), []);
  await tamper(world, (tx) => tx.deleteFrom("audit").where("writer", "=", writer).where("sequence", ">", 4).execute());
  assert.deepEqual(await world.kinds({ checkpoints: [] }), ["cut-tail"]);
  await tamper(world, (tx) => tx.deleteFrom("audit").where("writer", "=", writer).execute());
  assert.deepEqual(await world.kinds({ checkpoints: [] }), ["missing-chain"]);
});

test("K1: verifying streams: 30,000 records in pages, a wound on a page border is found", async (t) => {
  const world = await openOnSqlite(t);
  if (world === null) return;
  for (let round = 0; round < 10; round += 1)
    await world.store.write(async (_tx, stage) =>
      Array.from({ length: 3000 }, (_, index) => world.trail.stageNote(stage, auditEntry(`/n/${index}`))),
    );
  assert.equal((await world.verify()).records, 30_001);
  await tamper(world, (tx) => tx.deleteFrom("audit").where("sequence", "=", 4001).execute());
  assert.deepEqual(
    (await world.verify()).findings.map((finding) => [finding.kind, finding.sequence]),
    [["removed", 4001]],
  );
});
