/** What comes back from a node and what is believed of it: states, output, signed outcomes. */
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { readRunDetails } from "#jobs/run-queries.ts";
import { generateSigningKey, keyThumbprint, privateKeyFromPem } from "#proof/keys.ts";
import { starter } from "#test/fixtures/controller-world.ts";
import { eventually } from "#test/fixtures/eventually.ts";
import { sampleOutcome } from "#test/fixtures/launch-order.ts";
import { outputOf, untilEnded, worldWithNode } from "#test/fixtures/speaking-node.ts";

test("2.8: a signed outcome ends the run once, with its output, and is acknowledged after the commit", async (t) => {
  const { world, node } = await worldWithNode(t);
  await node.connect();
  node.hello();
  await world.submit("/jobs/a", "local");
  const offer = await node.hear("offer");
  node.say({ type: "accepted", run: offer.run, attempt: 1 });
  node.say({ type: "state", run: offer.run, attempt: 1, state: "running", at: new Date().toISOString() });
  await eventually(
    "running",
    () => world.run(offer.run),
    (row) => row.state === "running",
  );
  const log = Buffer.from("output of the job");
  const receipt = node.receipt(offer, { exitCode: 3, output: outputOf(log) });
  node.tell(offer, receipt, log);
  await node.hear("outcome-ack");
  const row = await world.run(offer.run);
  assert.deepEqual(
    [row.state, row.result, row.exit_code, row.run_as, row.log_bytes, row.receipt],
    ["ended", "failed", 3, "nobody", log.length, receipt],
  );
  assert.equal(readFileSync(world.controller.logs.path(offer.run), "utf8"), "output of the job");
  // Sent again: acknowledged, nothing changes.
  node.tell(offer, receipt, log);
  await node.hear("outcome-ack");
  assert.deepEqual(await world.auditActions(offer.run), ["runs.offer", "runs.end"]);
  assert.deepEqual(
    world.changes.filter((change) => change.run === offer.run).map((change) => change.state),
    ["offered", "running", "ended"],
  );
  const stored = await world.nodes.find(node.id);
  assert.equal(stored?.receiptSequence, 1);
});

test("S10: an outcome of another key, order, run or attempt is not believed and never acknowledged", async (t) => {
  const { world, node } = await worldWithNode(t);
  await node.connect();
  node.hello();
  await world.submit("/jobs/a", "local", 2);
  const offer = await node.hear("offer");
  const other = await node.hear("offer");
  const stranger = generateSigningKey();
  const forged = [
    node.receipt(offer, {}, {}, privateKeyFromPem(stranger.privatePem), keyThumbprint(stranger.publicKey)),
    node.receipt(offer, {}, { orderDigest: "0".repeat(64) }),
    node.receipt(other),
    node.receipt(offer, {}, { attempt: 2 }),
    node.receipt(offer, {}, { node: { id: "nod_other", keyThumbprint: node.thumbprint } }),
  ];
  for (const receipt of forged) node.tell(offer, receipt);
  assert.ok(await node.hearsNo("outcome-ack"));
  assert.equal((await world.run(offer.run)).state, "offered");
  await eventually(
    "noted",
    () => world.auditActions(offer.run),
    (actions) => actions.filter((action) => action === "runs.outcome-refused").length === forged.length,
  );
});

test("S10: output that differs from what was signed is asked for again, and noted when it stays so", async (t) => {
  const { world, node } = await worldWithNode(t);
  await node.connect();
  node.hello();
  await world.submit("/jobs/a", "local");
  const offer = await node.hear("offer");
  const log = Buffer.from("what the job wrote");
  node.tell(offer, node.receipt(offer, { output: outputOf(log) }), Buffer.from("what a courier did"));
  const asked = await node.hear("log-position");
  assert.equal(asked.offset, 0);
  assert.notEqual((await world.run(offer.run)).state, "ended");
  node.say({ type: "log", run: offer.run, attempt: 1, offset: 0 }, log.subarray(0, 5));
  node.say({ type: "log", run: offer.run, attempt: 1, offset: 5 }, log.subarray(5));
  await node.hear("outcome-ack");
  assert.equal(readFileSync(world.controller.logs.path(offer.run), "utf8"), log.toString());
  assert.equal((await world.run(offer.run)).result, "succeeded");
});

test("2.8: output that is missing is asked for where it ends; a launcher that lost it ends the wait", async (t) => {
  const { world, node } = await worldWithNode(t);
  await node.connect();
  node.hello();
  await world.submit("/jobs/a", "local");
  const offer = await node.hear("offer");
  const log = Buffer.from("0123456789");
  node.say({ type: "log", run: offer.run, attempt: 1, offset: 0 }, log.subarray(0, 4));
  node.say({ type: "log", run: offer.run, attempt: 1, offset: 6 }, log.subarray(6));
  assert.equal((await node.hear("log-position")).offset, 4);
  node.tell(offer, node.receipt(offer, { output: outputOf(log) }));
  assert.ok(await node.hearsNo("outcome-ack"));
  node.say({ type: "log-missing", run: offer.run, attempt: 1, offset: 4 });
  await node.hear("outcome-ack");
  const row = await world.run(offer.run);
  assert.equal(row.log_bytes, 4);
  const detail = await world.store.read
    .selectFrom("audit")
    .select("detail")
    .where("object", "=", offer.run)
    .where("action", "=", "runs.end")
    .executeTakeFirstOrThrow();
  assert.match(detail.detail, /"logFault":"missing"/);
});

test("4.3, S10: while a run goes on its node says where and as whom, once; the signed outcome counts", async (t) => {
  const { world, node } = await worldWithNode(t);
  await node.connect();
  node.hello();
  await world.submit("/jobs/a", "local");
  const offer = await node.hear("offer");
  const verdicts = sampleOutcome().verdicts;
  const shown = async (): Promise<unknown> => {
    const run = await readRunDetails(world.store.read, offer.run);
    return [run?.state, run?.runAs, run?.verdicts.node, run?.verdicts.signed];
  };
  const say = (runAs: string): void =>
    node.say({ type: "state", run: offer.run, attempt: 1, state: "running", at: new Date().toISOString(), decided: { runAs, verdicts } });
  // A report comes first, as after a connection that was lost; what runs is told after it.
  node.hello([{ run: offer.run, attempt: 1, state: "running", logBytes: 0 }]);
  say("nobody");
  const expected = ["running", "nobody", verdicts, false];
  await eventually("it is known", shown, (now) => isDeepStrictEqual(now, expected));
  await node.cut();
  await node.connect();
  node.hello([{ run: offer.run, attempt: 1, state: "running", logBytes: 0 }]);
  say("root");
  const signed = [{ ...verdicts[0], text: "as signed" }] as typeof verdicts;
  const runAs = { user: "daemon", uid: 1, gid: 1, groups: [], credentialKey: null };
  await node.hear("log-position");
  assert.deepEqual(await shown(), expected);
  node.tell(offer, node.receipt(offer, { verdicts: signed, runAs }));
  await node.hear("outcome-ack");
  assert.deepEqual(await shown(), ["ended", "daemon", signed, true]);
});

test("4.3: where the first that is heard of a run is that it runs, its node took it over when it began, not when that was heard", async (t) => {
  const { world, node } = await worldWithNode(t);
  await node.connect();
  node.hello();
  await world.submit("/jobs/a", "local");
  const offer = await node.hear("offer");
  const began = Date.now() - 1000;
  node.say({ type: "state", run: offer.run, attempt: 1, state: "running", at: new Date(began).toISOString() });
  const row = await eventually(
    "it runs",
    () => world.run(offer.run),
    ({ state }) => state === "running",
  );
  assert.deepEqual([row.accepted_at, row.started_at], [began, began]);
});

test("K1: a withheld receipt shows as a gap in the record; receipts in another order do not", async (t) => {
  const { world, node } = await worldWithNode(t);
  await node.connect();
  node.hello();
  await world.submit("/jobs/a", "local", 4);
  const offers = [await node.hear("offer"), await node.hear("offer"), await node.hear("offer"), await node.hear("offer")] as const;
  const receipts = offers.map((offer) => node.receipt(offer));
  node.tell(offers[1], receipts[1] ?? "");
  node.tell(offers[0], receipts[0] ?? "");
  await untilEnded(world, offers[0].run);
  await untilEnded(world, offers[1].run);
  assert.ok(!(await world.auditActions("local")).includes("nodes.receipt-chain"));
  node.tell(offers[3], receipts[3] ?? "");
  await untilEnded(world, offers[3].run);
  assert.ok((await world.auditActions("local")).includes("nodes.receipt-chain"));
  assert.equal((await world.nodes.find(node.id))?.receiptSequence, 4);
});

test("S10, K1: a cancel that nobody asked the manager for is noted; one that was asked for, or the node's own shutdown, is not", async (t) => {
  const { world, node } = await worldWithNode(t);
  await node.connect();
  node.hello();
  const notes = async (cancelled: { by: string; reason: string }, asked: boolean): Promise<number> => {
    const [run] = await world.submit("/jobs/a", "local");
    const offer = await node.hear("offer", (one) => one.run === run);
    if (asked) {
      await world.requestCancel(offer.run, "asked");
      await node.hear("cancel", (one) => one.run === run);
    }
    node.tell(offer, node.receipt(offer, { cancelled, signal: "SIGTERM", exitCode: null }));
    assert.equal((await untilEnded(world, offer.run)).result, "cancelled");
    return (await world.auditActions(offer.run)).filter((action) => action === "runs.unasked-cancel").length;
  };
  assert.equal(await notes({ by: "user:corp/acc_ann", reason: "made up" }, false), 1);
  assert.equal(await notes({ by: "courier:shutdown", reason: "made up" }, false), 1);
  assert.equal(await notes({ by: starter, reason: "asked" }, true), 0);
  assert.equal(await notes({ by: "shutdown", reason: "the node is shutting down" }, false), 0);
});
