import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, appendFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { openAuditTrail, type AuditTrail } from "#audit/audit-trail.ts";
import { readCheckpointFile } from "#audit/checkpoint.ts";
import type { AuditReport } from "#audit/findings.ts";
import { listAudit } from "#audit/list-audit.ts";
import { recordHash, type ChainPosition } from "#audit/record.ts";
import { findLostCheckpoint } from "#audit/restored-database.ts";
import { verifyAudit, type VerifyAuditOptions } from "#audit/verify-chain.ts";
import { silentLog } from "#kernel/log.ts";
import { fail, ProblemError } from "#kernel/problem.ts";
import { generateSigningKey, keyThumbprint, privateKeyFromPem, publicKeyFromRaw } from "#proof/keys.ts";
import { receiptDigest, signReceipt } from "#proof/receipt.ts";
import { openStore } from "#store/open.ts";
import type { Store } from "#store/store.ts";
import { sampleReceipt } from "#test/fixtures/launch-order.ts";
import { sharedPostgres, whyNoPostgres } from "#test/fixtures/postgres.ts";

interface World {
  readonly store: Store;
  readonly file: string;
  nowMs: number;
  trail: AuditTrail;
  readonly publicKey: string;
  /** Ends the trail as a process would and begins the next one. */
  restart(): Promise<void>;
  verify(more?: Partial<VerifyAuditOptions>): Promise<AuditReport>;
  kinds(more?: Partial<VerifyAuditOptions>): Promise<string[]>;
}

type Maker = (t: TestContext) => Promise<World | null>;

const makeWorld = async (t: TestContext, url: (folder: string) => string): Promise<World> => {
  const folder = mkdtempSync(join(tmpdir(), "bhf-audit-"));
  const file = join(folder, "checkpoints.jsonl");
  const key = generateSigningKey();
  const store = await openStore({ url: url(folder) });
  const clock = { nowMs: () => (world.nowMs += 1), monotonicMs: () => 0 };
  const open = (): Promise<AuditTrail> =>
    openAuditTrail({ store: rebound(store), clock, log: silentLog, checkpointFile: file, signingKey: privateKeyFromPem(key.privatePem) });
  // A restarted process opens the store anew; here the store stays and only its flusher changes.
  let current: Parameters<Store["flushWith"]>[0] | null = null;
  store.flushWith({ flush: async (tx, items) => current?.flush(tx, items), settled: (committed) => current?.settled(committed) });
  const rebound = (real: Store): Store => ({
    kind: real.kind,
    read: real.read,
    write: (work) => real.write(work),
    flushWith: (flusher) => {
      current = flusher;
    },
    close: () => real.close(),
  });
  const verify = (more: Partial<VerifyAuditOptions> = {}): Promise<AuditReport> =>
    verifyAudit({ read: store.read, checkpoints: readCheckpointFile(file), publicKey: key.publicKey, ...more });
  const world: World = {
    store,
    file,
    nowMs: 1_800_000_000_000,
    trail: null as unknown as AuditTrail,
    publicKey: key.publicKey,
    restart: async () => {
      await world.trail.close();
      world.trail = await open();
    },
    verify,
    kinds: async (more) => (await verify(more)).findings.map((finding) => finding.kind),
  };
  world.trail = await open();
  t.after(async () => {
    await world.trail.close();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return world;
};

const sqlite: Maker = (t) => makeWorld(t, (folder) => `sqlite:${join(folder, "behalf.db")}`);
const postgres: Maker = async (t) => {
  const why = whyNoPostgres();
  if (why !== null) {
    t.skip(why);
    return null;
  }
  const server = await sharedPostgres();
  return makeWorld(t, () => server.makeDatabase());
};

const entry = (object: string, detail?: Record<string, unknown>): Parameters<AuditTrail["note"]>[0] => ({
  actor: "os:1000",
  action: "jobs.apply",
  object,
  ...(detail === undefined ? {} : { detail }),
});

const fill = async ({ trail }: World, count: number): Promise<void> => {
  await Promise.all(Array.from({ length: count }, (_, index) => trail.note(entry(`/demo/job-${index}`, { index }))));
};

/** Tampers as someone with the database's password would. */
const tamper = async ({ store }: World, change: (tx: Store["read"]) => Promise<unknown>): Promise<void> => {
  await store.write(async (tx) => change(tx));
};

const insertRun = async (tx: Store["read"], id: string, receipt: string): Promise<void> => {
  const job = { job_path: "/a", job_revision: 1, controller: "main" };
  const who = { submitter: "os:1", submitter_name: "x" };
  await tx
    .insertInto("submissions")
    .values({
      id: "sub_1",
      ...job,
      ...who,
      arguments: "{}",
      submitter_claim: "{}",
      actor: "os:1",
      actor_name: "x",
      verdicts: "[]",
      comment: null,
      created_at: 1,
    })
    .execute();
  const never = {
    journal_id: null,
    token_expires_at: null,
    order_digest: null,
    cancel_at: null,
    cancel_by: null,
    cancel_reason: null,
    outcome: null,
    run_as: null,
    dispatch_verdicts: null,
  };
  await tx
    .insertInto("runs")
    .values({
      id,
      submission_id: "sub_1",
      ...job,
      ...who,
      ...never,
      folder: "/",
      node: "ledger-1",
      state: "ended",
      result: "succeeded",
      attempt: 1,
      queued_at: 1,
      offered_at: 1,
      started_at: 1,
      ended_at: 1,
      receipt,
      exit_code: 0,
      log_bytes: 0,
    })
    .execute();
};

for (const [name, make] of [
  ["SQLite", sqlite],
  ["PostgreSQL", postgres],
] as const) {
  test(`2.11: on ${name} an act is opened before and completed after, in order, and chained`, async (t) => {
    const world = await make(t);
    if (world === null) return;
    const { trail, store } = world;
    const result = await trail.act(entry("/demo/a", { token: "planted" }), async (tx) => {
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
      trail.act(entry("/demo/a"), async (tx) => {
        await tx.insertInto("meta").values({ key: "k", value: "v" }).execute();
        return fail("access.denied", "not allowed");
      }),
      (error) => error instanceof ProblemError && error.problem.code === "access.denied",
    );
    await assert.rejects(
      trail.act(entry("/demo/b"), async () => {
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

  test(`2.11: on ${name} many acts at once keep one gapless chain, whatever text they carry`, async (t) => {
    const world = await make(t);
    if (world === null) return;
    const acts = Array.from({ length: 60 }, (_, index) =>
      world.trail.act(
        entry(`/demo/\0\ud800 ä漢😀 ${"x".repeat(index * 40)}`, {
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
      ...Array.from({ length: 20 }, () => world.store.write(async (_tx, stage) => world.trail.stageNote(stage, entry("/staged")))),
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
        trail.stageNote(stage, entry("/x"));
      }),
    );
    assert.deepEqual(await store.read.selectFrom("meta").select("key").where("key", "=", "k").execute(), []);
    // The intruder is now a visible wound in a chain that keeps recording.
    await trail.note(entry("/y"));
    assert.deepEqual(await world.kinds(), ["broken-link", "altered"]);
  });

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

  test(`K1: on ${name} a node's receipts find a cut tail, a rewrite, an altered outcome and an unreported run`, async (t) => {
    const world = await make(t);
    if (world === null) return;
    await fill(world, 3);
    const witnessed = world.trail.head();
    const node = generateSigningKey();
    const kid = keyThumbprint(node.publicKey);
    const receipts: string[] = [];
    const receive = (run: string, auditHead: ChainPosition | null): string => {
      const last = receipts.at(-1);
      const jws = signReceipt(
        sampleReceipt({
          node: { id: "nod_01", keyThumbprint: kid },
          run,
          auditHead,
          sequence: receipts.length + 1,
          previous: last === undefined ? "" : receiptDigest(last),
        }),
        privateKeyFromPem(node.privatePem),
        kid,
      );
      receipts.push(jws);
      return jws;
    };
    receive("run_a", witnessed);
    await world.trail.note({ actor: "part:controller", action: "runs.end", object: "run_a" });
    const against = { receipts: [{ nodeName: "ledger-1", publicKey: node.publicKey, receipts }] };
    assert.deepEqual(await world.kinds(against), []);
    assert.equal((await world.verify(against)).chains[0]?.confirmedSequence, witnessed.sequence);

    receive("run_b", world.trail.head());
    assert.deepEqual(await world.kinds(against), ["unreported-run"]);
    await tamper(world, (tx) => insertRun(tx, "run_b", receipts[1] ?? ""));
    assert.deepEqual(await world.kinds(against), []);
    await tamper(world, (tx) =>
      tx
        .updateTable("runs")
        .set({ receipt: receipts[0] ?? "" })
        .where("id", "=", "run_b")
        .execute(),
    );
    assert.deepEqual(await world.kinds(against), ["altered-outcome"]);
    await tamper(world, (tx) => tx.updateTable("runs").set({ receipt: null }).where("id", "=", "run_b").execute());

    assert.deepEqual(
      await world.kinds({
        receipts: [{ nodeName: "ledger-1", publicKey: node.publicKey, receipts: [receipts[1] ?? "", receipts[0] ?? ""] }],
      }),
      ["receipt-gap"],
    );
    assert.deepEqual(await world.kinds({ receipts: [{ nodeName: "ledger-1", publicKey: generateSigningKey().publicKey, receipts }] }), [
      "bad-receipt",
      "bad-receipt",
    ]);

    await tamper(world, (tx) => tx.deleteFrom("audit").where("sequence", ">", 4).execute());
    assert.deepEqual(await world.kinds(against), ["cut-tail", "unreported-run"]);
    receipts.length = 0;
    receive("run_b", { ...witnessed, hash: "f".repeat(64) });
    assert.deepEqual(await world.kinds(against), ["rewritten"]);
  });

  test(`2.11: on ${name} the record is read newest first, page by page, with filters`, async (t) => {
    const world = await make(t);
    if (world === null) return;
    await fill(world, 25);
    await world.trail.note({ actor: "os:7", action: "runs.create", object: "run_1" });
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof listAudit>> = await listAudit(world.store.read, {}, cursor, 10);
      seen.push(...page.records.map((record) => `${record.writer}/${record.sequence}`));
      cursor = page.next;
    } while (cursor !== null);
    assert.equal(seen.length, 27);
    assert.equal(new Set(seen).size, 27);
    assert.ok(seen[0]?.endsWith("/27"));
    const count = async (filter: Parameters<typeof listAudit>[1]): Promise<number> =>
      (await listAudit(world.store.read, filter, null, 100)).records.length;
    assert.equal(await count({ actor: "os:7" }), 1);
    assert.equal(await count({ action: "jobs.*" }), 25);
    assert.equal(await count({ action: "jobs.apply", object: "/demo/job-3" }), 1);
    assert.equal(await count({ phase: "opened" }), 0);
    assert.equal(await count({ fromMs: 0, toMs: 1_800_000_000_001 }), 0);
    await assert.rejects(listAudit(world.store.read, {}, "1; drop table audit", 10), /cursor/);
  });
}

test("K1: chains of one instance are joined: a later chain vouches for the end of an earlier one even without the file", async (t) => {
  const world = await sqlite(t);
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

test("K1: checkpoints go to a 0600 file outside the database; a torn last line is cut, a forged one is found", async (t) => {
  const world = await sqlite(t);
  if (world === null) return;
  await fill(world, 3);
  await world.trail.checkpoint();
  await world.trail.checkpoint();
  const lines = (): string[] =>
    readFileSync(world.file, "utf8")
      .split("\n")
      .filter((line) => line !== "");
  assert.equal(lines().length, 2, "one at the start, one for the new head, none for the same head again");
  assert.equal(statSync(world.file).mode & 0o777, 0o600);
  appendFileSync(world.file, "eyJhbGciOi");
  assert.deepEqual(await world.kinds(), []);
  await fill(world, 1);
  await world.trail.checkpoint();
  assert.equal(lines().length, 3);
  assert.deepEqual(await world.kinds(), []);
  appendFileSync(world.file, "eyJhbGciOi.x.y\n");
  assert.deepEqual(await world.kinds(), ["bad-checkpoint"]);
  chmodSync(world.file, 0o644);
  await fill(world, 1);
  await assert.rejects(world.trail.checkpoint(), (error) => error instanceof ProblemError && error.problem.code === "files.unsafe");
});

test("K2: a database that lacks what the checkpoint file names was restored or replaced", async (t) => {
  const world = await sqlite(t);
  if (world === null) return;
  const key = publicKeyFromRaw(world.publicKey);
  await fill(world, 3);
  await world.restart();
  assert.equal(await findLostCheckpoint(world.store.read, world.file, key), null);
  assert.equal(await findLostCheckpoint(world.store.read, `${world.file}.none`, key), null);
  const { writer } = world.trail.head();
  await tamper(world, (tx) => tx.deleteFrom("audit").where("writer", "=", writer).execute());
  assert.equal((await findLostCheckpoint(world.store.read, world.file, key))?.writer, writer);
});

test("K1: verifying streams: 30,000 records in pages, a wound on a page border is found", async (t) => {
  const world = await sqlite(t);
  if (world === null) return;
  for (let round = 0; round < 10; round += 1)
    await world.store.write(async (_tx, stage) =>
      Array.from({ length: 3000 }, (_, index) => world.trail.stageNote(stage, entry(`/n/${index}`))),
    );
  assert.equal((await world.verify()).records, 30_001);
  await tamper(world, (tx) => tx.deleteFrom("audit").where("sequence", "=", 4001).execute());
  assert.deepEqual(
    (await world.verify()).findings.map((finding) => [finding.kind, finding.sequence]),
    [["removed", 4001]],
  );
});
