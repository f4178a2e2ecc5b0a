import assert from "node:assert/strict";
import { test } from "node:test";
import { fail, ProblemError } from "#kernel/problem.ts";
import { auditEntry, auditStores, fill, tamper } from "#test/fixtures/audit-world.ts";

for (const [name, make] of auditStores) {
  test(`2.11: on ${name} an act is opened before and completed after, in order, and chained`, async (t) => {
    const world = await make(t);
    if (world === null) return;
    const { trail, store } = world;
    const result = await trail.act(auditEntry("/demo/a", { token: "planted" }), async (tx) => {
      const opened = await store.read.selectFrom("audit").select("phase").where("object", "=", "/demo/a").execute();
      assert.deepEqual(
        opened.map((row) => row.phase),
        ["opened"],
        "the opening is durable before the work",
      );
      await tx.insertInto("meta").values({ key: "k", value: "v" }).execute();
      return { result: 7, detail: { revision: 1 } };
    });
    assert.equal(result, 7);
    const rows = await store.read.selectFrom("audit").selectAll().orderBy("sequence").execute();
    assert.deepEqual(
      rows.map((row) => [row.sequence, row.phase, row.opened, row.object === "/demo/a" ? row.detail : ""]),
      [
        [1, "noted", null, ""],
        [2, "opened", null, '{"token":"[redacted]"}'],
        [3, "completed", 2, '{"revision":1}'],
      ],
    );
    assert.equal(rows[2]?.previous, rows[1]?.hash);
    assert.deepEqual(trail.head(), { writer: rows[2]?.writer, sequence: 3, hash: rows[2]?.hash });
    assert.equal((await world.verify()).ok, true);
  });

  test(`2.11: on ${name} a refused or failed act leaves nothing but its record`, async (t) => {
    const world = await make(t);
    if (world === null) return;
    const { trail, store } = world;
    await assert.rejects(
      trail.act(auditEntry("/demo/a"), async (tx) => {
        await tx.insertInto("meta").values({ key: "k", value: "v" }).execute();
        return fail("access.denied", "not allowed");
      }),
      (error) => error instanceof ProblemError && error.problem.code === "access.denied",
    );
    await assert.rejects(
      trail.act(auditEntry("/demo/b"), async () => {
        throw new Error(`unexpected \0 planted`);
      }),
      /unexpected/,
    );
    assert.deepEqual(await store.read.selectFrom("meta").select("key").where("key", "=", "k").execute(), []);
    const rows = await store.read
      .selectFrom("audit")
      .select(["object", "phase", "detail"])
      .orderBy("sequence")
      .where("sequence", ">", 1)
      .execute();
    assert.deepEqual(
      rows.map((row) => ({ ...row })),
      [
        { object: "/demo/a", phase: "opened", detail: "{}" },
        { object: "/demo/a", phase: "refused", detail: '{"code":"access.denied","message":"not allowed"}' },
        { object: "/demo/b", phase: "opened", detail: "{}" },
        { object: "/demo/b", phase: "failed", detail: '{"code":"general.internal"}' },
      ],
    );
    assert.equal((await world.verify()).unfinishedActs, 0);
  });

  test(`2.11: on ${name} an act that is its transaction is opened and completed in it, and leaves its record when it fails`, async (t) => {
    const world = await make(t);
    if (world === null) return;
    const { trail, store } = world;
    const count = async (): Promise<number> => (await store.read.selectFrom("audit").select("phase").execute()).length;
    const before = await count();
    const result = await trail.actAtOnce(auditEntry("/demo/a"), async (tx) => {
      assert.equal(await count(), before, "one transaction");
      await tx.insertInto("meta").values({ key: "k", value: "v" }).execute();
      return { result: 7, detail: { revision: 1 } };
    });
    assert.equal(result, 7);
    await assert.rejects(
      trail.actAtOnce(auditEntry("/demo/b"), async (tx) => {
        await tx.insertInto("meta").values({ key: "l", value: "v" }).execute();
        return fail("access.denied", "not allowed");
      }),
      (error) => error instanceof ProblemError && error.problem.code === "access.denied",
    );
    assert.deepEqual(await store.read.selectFrom("meta").select("key").where("key", "=", "l").execute(), []);
    const rows = await store.read
      .selectFrom("audit")
      .select(["object", "phase", "opened", "sequence"])
      .orderBy("sequence")
      .where("sequence", ">", 1)
      .execute();
    assert.deepEqual(
      rows.map((row) => [row.object, row.phase, row.opened]),
      [
        ["/demo/a", "opened", null],
        ["/demo/a", "completed", rows[0]?.sequence],
        ["/demo/b", "opened", null],
        ["/demo/b", "refused", rows[2]?.sequence],
      ],
    );
    const verified = await world.verify();
    assert.deepEqual([verified.ok, verified.unfinishedActs], [true, 0]);
  });

  test(`2.11: on ${name} many acts at once keep one gapless chain, whatever text they carry`, async (t) => {
    const world = await make(t);
    if (world === null) return;
    const acts = Array.from({ length: 60 }, (_, index) =>
      world.trail.act(
        auditEntry(`/demo/\0\ud800 ä漢😀 ${"x".repeat(index * 40)}`, {
          text: "\0\ud800",
          at: new Date(0),
          deep: { deep: { deep: { deep: { deep: { deep: { deep: 1 } } } } } },
        }),
        async () => {
          if (index % 3 === 0) throw new Error("no");
          return { result: index };
        },
      ),
    );
    await Promise.allSettled([
      ...acts,
      fill(world, 300),
      ...Array.from({ length: 20 }, () => world.store.write(async (_tx, stage) => world.trail.stageNote(stage, auditEntry("/staged")))),
    ]);
    await world.trail.checkpoint();
    const report = await world.verify();
    assert.deepEqual(report.findings, []);
    assert.equal(report.records, 1 + 60 * 2 + 300 + 20);
    assert.equal(report.chains[0]?.confirmedSequence, report.records);
  });

  test(`2.11: on ${name} a group whose record cannot be written commits nothing, and the chain goes on`, async (t) => {
    const world = await make(t);
    if (world === null) return;
    const { trail, store } = world;
    const { writer, sequence } = trail.head();
    // Somebody takes the next place in the chain.
    await tamper(world, (tx) =>
      tx
        .insertInto("audit")
        .values({
          writer,
          sequence: sequence + 1,
          previous: "x",
          hash: "y",
          at: 0,
          actor: "a",
          action: "b",
          object: "c",
          phase: "noted",
          opened: null,
          detail: "{}",
        })
        .execute(),
    );
    await assert.rejects(
      store.write(async (tx, stage) => {
        await tx.insertInto("meta").values({ key: "k", value: "v" }).execute();
        trail.stageNote(stage, auditEntry("/x"));
      }),
    );
    assert.deepEqual(await store.read.selectFrom("meta").select("key").where("key", "=", "k").execute(), []);
    // The intruder is now a visible wound in a chain that keeps recording.
    await trail.note(auditEntry("/y"));
    assert.deepEqual(await world.kinds(), ["broken-link", "altered"]);
  });
}
