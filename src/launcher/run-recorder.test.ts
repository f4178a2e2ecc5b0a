import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { dataLayout } from "#kernel/data-layout.ts";
import { silentLog } from "#kernel/log.ts";
import { makePrivateFolder } from "#kernel/private-file.ts";
import { newId } from "#kernel/ids.ts";
import { checkReceipt, receiptDigest } from "#proof/receipt.ts";
import { exportReceipts } from "#launcher/export-receipts.ts";
import { watchDiskSpace } from "#launcher/disk-space.ts";
import { openNodeFiles } from "#launcher/node-files.ts";
import { noOutput, refusedOutcome } from "#launcher/outcome.ts";
import { openRunRecorder, type RunEnd, type RunRecorder, type RunRecorderOptions } from "#launcher/run-recorder.ts";
import { openTimeFloor } from "#launcher/time-floor.ts";
import { problem } from "#kernel/problem.ts";

const world = (t: TestContext) => {
  const root = mkdtempSync(join(tmpdir(), "bhf-recorder-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const layout = dataLayout(root).launcher;
  makePrivateFolder(layout.folder);
  const files = openNodeFiles(layout);
  const clock = { ms: 1_800_000_000_000, nowMs: () => clock.ms, monotonicMs: () => performance.now() };
  const disk = watchDiskSpace({
    folder: layout.folder,
    ballast: join(layout.folder, "ballast"),
    ballastBytes: 65_536,
    floorBytes: 0,
    clock,
    log: silentLog,
  });
  const open = (change: Partial<RunRecorderOptions> = {}): Promise<RunRecorder> =>
    openRunRecorder({ layout, key: files.key, nodeId: () => "nod_1", clock, skewMs: 30_000, disk, log: silentLog, ...change });
  return { layout, files, clock, disk, open };
};

const end = (index: number, change: Partial<RunEnd> = {}): RunEnd => ({
  run: newId("run", index),
  attempt: 1,
  tokenDigest: `digest-${index}`,
  expMs: 1_800_000_300_000,
  verified: true,
  orderDigest: "a".repeat(64),
  auditHead: { writer: "wrt_1", sequence: 9, hash: "b".repeat(64) },
  outcome: refusedOutcome(problem("launch.draining", "draining"), [], 1_800_000_000_000),
  ...change,
});

test("S10 K1: receipts form one signed chain, in the order of the file, across restarts and compaction", async (t) => {
  const { open, files, layout } = world(t);
  const first = await open();
  const records = await Promise.all(Array.from({ length: 20 }, (_, index) => first.recordEnd(end(index))));
  for (const { run, attempt } of records.slice(0, 15)) first.acknowledge(run, attempt);
  await first.close();
  const second = await open({ compactAboveBytes: 0, rotateReceiptsBytes: 4000 });
  assert.equal(second.book.ended.size, 5);
  const more = await Promise.all(Array.from({ length: 20 }, (_, index) => second.recordEnd(end(100 + index))));
  const sizeBefore = readFileSync(layout.journal).length;
  for (const { run, attempt } of more) second.acknowledge(run, attempt);
  second.book.forgetExpired(2e12);
  await second.tidy();
  assert.ok(readFileSync(layout.journal).length < sizeBefore);
  await second.close();
  const third = await open();
  await third.recordEnd(end(200));
  let previous = "";
  let sequence = 0;
  let after = 0;
  const seen: string[] = [];
  for (let page = await exportReceipts(third.receipts, after); ; page = await exportReceipts(third.receipts, after)) {
    seen.push(...page.receipts);
    if (page.nextAfter === null) break;
    after = page.nextAfter;
  }
  // Rotation keeps the newest files only; the chain is whole within what is kept.
  const [oldest] = seen;
  const begin = checkReceipt(oldest, files.key.publicKey);
  assert.ok(begin.ok);
  sequence = begin.value.sequence - 1;
  previous = begin.value.previous;
  for (const jws of seen) {
    const checked = checkReceipt(jws, files.key.publicKey);
    assert.ok(checked.ok);
    assert.equal(checked.value.sequence, sequence + 1);
    assert.equal(checked.value.previous, previous);
    sequence += 1;
    previous = receiptDigest(jws);
  }
  assert.equal(sequence, 41);
  await third.close();
});

test("2.8: a record is durable when its promise resolves: a second reader sees it at once", async (t) => {
  const { open, layout } = world(t);
  const recorder = await open();
  const ended = await recorder.recordEnd(end(1));
  assert.ok(readFileSync(layout.journal, "utf8").includes(ended.receipt));
  await recorder.close();
});

test("S4: a damaged journal gets a new id, and tokens issued before the recovery are refused; an unfinished tail changes nothing", async (t) => {
  const { open, layout, clock } = world(t);
  const first = await open();
  const id = first.journalId;
  assert.equal(first.refuseIssuedUpToMs, null);
  await first.recordEnd(end(1));
  await first.close();
  appendFileSync(layout.journal, "12345678 99 {unfin");
  const second = await open();
  assert.equal(second.journalId, id);
  assert.equal(second.refuseIssuedUpToMs, null);
  assert.equal(second.book.ended.size, 1);
  await second.close();
  const bytes = readFileSync(layout.journal);
  bytes[bytes.length - 20] = 0;
  writeFileSync(layout.journal, bytes);
  clock.ms += 5000;
  const third = await open();
  assert.notEqual(third.journalId, id);
  assert.equal(third.refuseIssuedUpToMs, clock.ms + 30_000);
  // The chain goes on from the receipts file although the journal lost its last receipt.
  assert.equal(third.book.sequence, 1);
  const thirdId = third.journalId;
  await third.close();
  const fourth = await open();
  assert.equal(fourth.journalId, thirdId);
  await fourth.close();
});

test("S4: a journal that vanished counts as lost where the node has already kept a time", async (t) => {
  const { open, layout, clock } = world(t);
  const first = await open();
  openTimeFloor({ path: layout.time, atLeastMs: 0, skewMs: 30_000, clock, log: silentLog }).persist();
  await first.close();
  rmSync(layout.journal);
  const second = await open();
  assert.notEqual(second.refuseIssuedUpToMs, null);
  await second.close();
});

test("S4: a clock that goes back refuses all with its own code, a small difference does not, also after a restart", (t) => {
  const { layout, clock } = world(t);
  const openFloor = () => openTimeFloor({ path: layout.time, atLeastMs: 0, skewMs: 30_000, clock, log: silentLog });
  const floor = openFloor();
  assert.equal(floor.check(), null);
  clock.ms += 60_000;
  assert.equal(floor.check(), null);
  clock.ms -= 29_999;
  assert.equal(floor.check(), null);
  clock.ms -= 2;
  assert.equal(floor.check()?.code, "launch.clock-went-back");
  const restarted = openFloor();
  assert.equal(restarted.check()?.code, "launch.clock-went-back");
  clock.ms += 30_000;
  assert.equal(restarted.check(), null);
});

test("S4: a time file that is no time counts as lost records, and does not stop the launcher", async (t) => {
  const { open, layout } = world(t);
  await (await open()).close();
  writeFileSync(layout.time, "garbage", { mode: 0o600 });
  const recorder = await open();
  assert.notEqual(recorder.refuseIssuedUpToMs, null);
  await recorder.close();
});

test("S10: an outcome that does not fit a receipt is signed without the part that does not fit", async (t) => {
  const { open, files } = world(t);
  const recorder = await open();
  const outcome = {
    ...refusedOutcome(null, [], 1_800_000_000_000, { by: "x".repeat(5000), reason: "y".repeat(20_000) }),
    output: noOutput,
  };
  const unfit = {
    ...outcome,
    verdicts: [
      { part: "where" as const, question: "q", effect: "deny" as const, rule: "", text: "z".repeat(9000), decidedAt: "no instant" },
    ],
  };
  const ended = await recorder.recordEnd(end(1, { outcome: unfit }));
  const checked = checkReceipt(ended.receipt, files.key.publicKey);
  assert.ok(checked.ok);
  assert.deepEqual(checked.value.outcome.verdicts, []);
  assert.ok((checked.value.outcome.cancelled?.reason.length ?? 0) > 1000);
  await recorder.close();
});
