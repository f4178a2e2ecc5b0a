import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { startChainWatch, type ChainState, type ChainWatch } from "#audit/chain-watch.ts";
import { pruneAudit } from "#audit/prune-audit.ts";
import { verifyAudit } from "#audit/verify-chain.ts";
import { readCheckpointFile } from "#audit/checkpoint.ts";
import { silentLog } from "#kernel/log.ts";
import { publicKeyFromRaw } from "#proof/keys.ts";
import { auditStores, fill, tamper, type AuditWorld } from "#test/fixtures/audit-world.ts";
import { eventually } from "#test/fixtures/eventually.ts";

const day = 86_400_000;

const watch = (t: TestContext, world: AuditWorld): ChainWatch => {
  const { store, trail: audit, file: checkpointFile } = world;
  const clock = { nowMs: () => world.nowMs, monotonicMs: () => 0 };
  const publicKey = publicKeyFromRaw(world.publicKey);
  const chain = startChainWatch({ store, audit, clock, log: silentLog, checkpointFile, publicKey, firstAfterMs: day, everyMs: day });
  t.after(() => chain.close());
  return chain;
};

const look = async (world: AuditWorld, chain: ChainWatch): Promise<NonNullable<ChainState["verified"]>> => {
  world.nowMs += 1;
  await chain.look();
  const { verified } = chain.state();
  assert.ok(verified !== null);
  return verified;
};

for (const [name, make] of auditStores) {
  test(`K1: on ${name} the record is verified by itself: all of it at the start and once a day, what came since in between`, async (t) => {
    const world = await make(t);
    if (world === null) return;
    await fill(world, 5);
    await world.restart();
    await fill(world, 3);
    const chain = watch(t, world);
    assert.equal(chain.state().verified, null);
    assert.equal(chain.state().head.sequence, 4);
    const { checkpoint } = chain.state();
    assert.deepEqual([checkpoint?.writer, checkpoint?.sequence], [world.trail.head().writer, 1]);
    const first = await look(world, chain);
    assert.deepEqual([first.ok, first.records, first.chains, first.upTo], [true, 6 + 4, 2, 4]);
    await fill(world, 700);
    const second = await look(world, chain);
    assert.deepEqual([second.ok, second.records, second.upTo, second.wholeAtMs], [true, 710, 704, first.wholeAtMs]);

    // What was verified before is read again once a day, and when somebody asks.
    await tamper(world, (tx) => tx.updateTable("audit").set({ actor: "os:0" }).where("sequence", "=", 3).execute());
    assert.equal((await look(world, chain)).ok, true);
    world.nowMs += day;
    const third = await look(world, chain);
    assert.deepEqual([third.ok, third.findings.map(({ kind }) => kind)], [false, ["altered", "altered"]]);
    await tamper(world, (tx) => tx.updateTable("audit").set({ actor: "os:1000" }).where("sequence", "=", 3).execute());
    const asked = await chain.verify();
    assert.equal(asked.ok, true);
    assert.equal(chain.state().verified?.ok, true);
  });

  test(`K1: on ${name} what is done to new records, to the place where it joins, and to the tail behind the last checkpoint is found within minutes`, async (t) => {
    const world = await make(t);
    if (world === null) return;
    await fill(world, 5);
    const kinds = async (change: (tx: AuditWorld["store"]["read"]) => Promise<unknown>): Promise<string[]> => {
      const chain = watch(t, world);
      assert.equal((await look(world, chain)).ok, true);
      await fill(world, 3);
      const { sequence } = world.trail.head();
      const kept = await world.store.read
        .selectFrom("audit")
        .selectAll()
        .where("sequence", ">", sequence - 4)
        .execute();
      await tamper(world, change);
      const verified = await look(world, chain);
      await chain.close();
      await tamper(world, (tx) =>
        tx
          .deleteFrom("audit")
          .where("sequence", ">", sequence - 4)
          .execute(),
      );
      await tamper(world, (tx) => tx.insertInto("audit").values(kept).execute());
      return verified.findings.map(({ kind }) => kind);
    };
    const last = (): number => world.trail.head().sequence;
    assert.deepEqual(await kinds((tx) => tx.updateTable("audit").set({ object: "/other" }).where("sequence", "=", last()).execute()), [
      "altered",
    ]);
    assert.deepEqual(
      await kinds((tx) =>
        tx
          .deleteFrom("audit")
          .where("sequence", "=", last() - 1)
          .execute(),
      ),
      ["removed"],
    );
    assert.deepEqual(
      await kinds((tx) =>
        tx
          .deleteFrom("audit")
          .where("sequence", "=", last() - 3)
          .execute(),
      ),
      ["removed"],
    );
    assert.deepEqual(
      await kinds((tx) =>
        tx
          .deleteFrom("audit")
          .where("sequence", ">", last() - 1)
          .execute(),
      ),
      ["cut-tail"],
    );
    assert.deepEqual(
      await kinds((tx) =>
        tx
          .deleteFrom("audit")
          .where("sequence", ">", last() - 4)
          .execute(),
      ),
      ["cut-tail"],
    );
  });

  test(`K1: on ${name} old records that are removed while the record is read are no finding; a hole is one`, async (t) => {
    const world = await make(t);
    if (world === null) return;
    await fill(world, 1200);
    await world.trail.checkpoint();
    const place = world.trail.head();
    world.nowMs += 60 * day;
    await fill(world, 5);
    await world.trail.checkpoint();
    const clock = { nowMs: () => world.nowMs, monotonicMs: () => 0 };
    const verifyWhile = (work: () => Promise<unknown>): Promise<string[]> => {
      let pages = 0;
      return verifyAudit({
        read: world.store.read,
        checkpoints: readCheckpointFile(world.file),
        publicKey: world.publicKey,
        pace: async (records) => {
          if (records > 0 && (pages += 1) === 1) await work();
        },
      }).then(({ findings }) => findings.map(({ kind }) => kind));
    };
    assert.deepEqual(
      await verifyWhile(() =>
        pruneAudit({
          store: world.store,
          audit: world.trail,
          clock,
          checkpointFile: world.file,
          signingKey: world.signingKey,
          keepMs: 30 * day,
        }),
      ),
      [],
    );
    const first = await world.store.read.selectFrom("audit").select("sequence").orderBy("sequence").executeTakeFirstOrThrow();
    assert.equal(first.sequence, place.sequence);
    await fill(world, 1200);
    assert.deepEqual(
      await verifyWhile(() =>
        tamper(world, (tx) =>
          tx
            .deleteFrom("audit")
            .where("sequence", "=", place.sequence + 700)
            .execute(),
        ),
      ),
      ["removed"],
    );
  });
}

test("K1: ending does not wait for a verification that is under way", async (t) => {
  const [, make] = auditStores[0] ?? [];
  const world = await make?.(t);
  assert.ok(world !== undefined && world !== null);
  await fill(world, 3000);
  const chain = watch(t, world);
  void chain.look();
  await eventually(
    "it is under way",
    () => Promise.resolve(chain.state()),
    ({ underWay }) => (underWay ?? 0) > 0,
  );
  await chain.close();
  assert.equal(chain.state().verified, null);
  assert.equal(chain.state().underWay, null);
});
