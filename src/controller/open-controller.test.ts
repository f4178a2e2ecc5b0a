import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { WebSocket } from "ws";
import { tokenDigestOf } from "#controller/live-run.ts";
import { readRunDetails } from "#jobs/run-queries.ts";
import { checkDelegationToken, orderDigest } from "#proof/delegation-token.ts";
import { generateSigningKey, keyThumbprint, privateKeyFromPem, publicKeyFromRaw } from "#proof/keys.ts";
import { jobOf, openControllerWorld, starter, type ControllerWorld } from "#test/fixtures/controller-world.ts";
import { eventually } from "#test/fixtures/eventually.ts";
import { sampleOutcome } from "#test/fixtures/launch-order.ts";
import { factsOf, orderIn, outputOf, SpeakingNode } from "#test/fixtures/speaking-node.ts";

const worldWith = async (
  t: TestContext,
  settings: Parameters<typeof openControllerWorld>[0]["settings"] = {},
): Promise<{ world: ControllerWorld; node: SpeakingNode; folder: string }> => {
  const folder = mkdtempSync(join(tmpdir(), "bhf-ctl-"));
  const world = await openControllerWorld({ dataFolder: join(folder, "manager"), settings: { pollMs: 200, ...settings } });
  await world.saveJob(jobOf("/jobs/a", "true"));
  await world.saveJob(jobOf("/jobs/again", "true", { restartable: true }));
  const node = await SpeakingNode.join(world, join(folder, "node"), "local");
  t.after(async () => {
    await node.cut();
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { world, node, folder };
};

const ended = (world: ControllerWorld, run: string) =>
  eventually(
    `${run} ended`,
    () => world.run(run),
    (row) => row.state === "ended",
  );

test("S1, S2: an offer carries a short-lived token whose payload is the whole order, committed before it leaves", async (t) => {
  const { world, node } = await worldWith(t);
  await node.connect();
  node.hello();
  assert.equal((await node.hear("welcome")).nodeName, "local");
  const [run] = await world.submit("/jobs/a", "local");
  const offer = await node.hear("offer");
  const row = await world.run(run ?? "");
  assert.equal(row.state, "offered");
  assert.equal(row.attempt, 1);
  assert.equal(row.journal_id, "jrn_first");
  const checked = checkDelegationToken(offer.token, {
    issuers: new Map([[world.keys.delegation.kid, publicKeyFromRaw(world.keys.delegation.publicKey)]]),
    replacedAt: new Map(),
    node: { id: node.id, keyThumbprint: node.thumbprint },
    realmId: world.keys.realm.id,
    minimumEpoch: 1,
    nowMs: Date.now(),
    skewMs: 0,
  });
  assert.ok(checked.ok);
  const { order } = checked.value;
  assert.equal(checked.value.orderDigest, row.order_digest);
  assert.equal(order.submitter.accessId, starter);
  assert.ok(order.exp - order.iat <= 300);
  assert.ok(order.auditHead.sequence > 0);
  assert.deepEqual(await world.auditActions(offer.run), ["runs.offer"]);
  const verdicts = JSON.parse(row.dispatch_verdicts ?? "[]") as { part: string; effect: string }[];
  assert.deepEqual(
    verdicts.map(({ part, effect }) => `${part} ${effect}`),
    ["who permit", "may permit"],
  );
});

test("S2: what nobody waits before leaves in the transaction that queues it, not before its commit, and no more than has room", async (t) => {
  const { world, node } = await worldWith(t, { maxInFlightPerNode: 2 });
  await node.connect();
  node.hello();
  await node.hear("welcome");
  const { ids, departure, queue } = await eventually(
    "a node that nobody waits for",
    () => world.depart("/jobs/a", "local", 3),
    (found) => found.departure !== null,
  );
  assert.equal(departure?.runs, 2);
  assert.equal((await world.depart("/jobs/a", "local", 1)).departure, null, "the room is promised");
  await world.store.write(async (tx, stage) => {
    await queue(tx);
    await departure?.write(tx, stage);
  });
  const states = (): Promise<string[]> => Promise.all(ids.map(async (id) => (await world.run(id)).state));
  assert.deepEqual(await states(), ["offered", "offered", "queued"]);
  assert.equal(node.received.filter((message) => message.type === "offer").length, 0, "not before its commit is known");
  departure?.go();
  const offers = [];
  for (const run of ids.slice(0, 2)) {
    const offer = await node.hear("offer", (one) => one.run === run);
    offers.push(offer);
    assert.equal((await world.run(run)).order_digest, orderDigest(orderIn(offer.token)));
    assert.deepEqual(await world.auditActions(run), ["runs.offer"]);
  }
  // The third waits like any other.
  world.controller.wake();
  const [first] = offers;
  assert.ok(first);
  node.tell(first, node.receipt(first));
  await node.hear("offer", (one) => one.run === ids[2]);
});

test("S2: a submission that is not committed, that others wait before, or whose submitter is refused today sends nothing ahead", async (t) => {
  const { world, node } = await worldWith(t, { maxInFlightPerNode: 1 });
  await node.connect();
  node.hello();
  await node.hear("welcome");
  const { departure } = await eventually(
    "a node that nobody waits for",
    () => world.depart("/jobs/a", "local", 1),
    (found) => found.departure !== null,
  );
  departure?.stay();
  assert.equal((await world.depart("/jobs/a", "local", 1, { submitter: "user:corp/acc_nobody" })).departure, null, "refused");
  assert.equal((await world.depart("/jobs/a", "elsewhere", 1)).departure, null, "another node");
  assert.equal(await world.controller.prepare("other", []), null, "another controller");
  // The promise of `stay` is given back: the one slot is free again.
  await world.submit("/jobs/a", "local", 2);
  const offer = await node.hear("offer");
  assert.equal((await world.depart("/jobs/a", "local", 1)).departure, null, "no room, and another waits");
  node.tell(offer, node.receipt(offer));
  const second = await node.hear("offer");
  assert.notEqual(second.run, offer.run);
  assert.equal(await node.hearsNo("offer"), true, "what stayed was never sent");
});

test("2.8: a signed outcome ends the run once, with its output, and is acknowledged after the commit", async (t) => {
  const { world, node } = await worldWith(t);
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
  const { world, node } = await worldWith(t);
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
  const { world, node } = await worldWith(t);
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
  const { world, node } = await worldWith(t);
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

test("2.8: an offer that never reached the node is made again with a new attempt and a new token", async (t) => {
  const { world, node } = await worldWith(t);
  await node.connect();
  node.hello();
  await world.submit("/jobs/a", "local");
  const first = await node.hear("offer");
  await node.cut();
  await node.connect();
  node.hello();
  const second = await node.hear("offer");
  assert.equal(second.run, first.run);
  assert.equal(second.attempt, 2);
  assert.notEqual(second.token, first.token);
  assert.deepEqual(await world.auditActions(first.run), ["runs.offer", "runs.queue-again", "runs.offer"]);
});

test("2.8: a node that has the run keeps it over a new connection; its log goes on where it was", async (t) => {
  const { world, node } = await worldWith(t);
  await node.connect();
  node.hello();
  await world.submit("/jobs/a", "local");
  const offer = await node.hear("offer");
  node.say({ type: "log", run: offer.run, attempt: 1, offset: 0 }, Buffer.from("first "));
  await eventually(
    "log",
    () => world.controller.logs.size(offer.run),
    (size) => size === 6,
  );
  await node.cut();
  await node.connect();
  node.hello([{ run: offer.run, attempt: 1, state: "running", logBytes: 12 }]);
  assert.equal((await node.hear("log-position")).offset, 6);
  assert.ok(await node.hearsNo("offer", 100));
  const log = Buffer.from("first second");
  node.say({ type: "log", run: offer.run, attempt: 1, offset: 6 }, log.subarray(6));
  node.tell(offer, node.receipt(offer, { output: outputOf(log) }));
  await node.hear("outcome-ack");
  assert.equal((await ended(world, offer.run)).result, "succeeded");
});

test("4.3, S10: while a run goes on its node says where and as whom, once; the signed outcome counts", async (t) => {
  const { world, node } = await worldWith(t);
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
  const { world, node } = await worldWith(t);
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

test("2.8: after the loss of a node's journal its runs are unknown; restartable ones are offered again", async (t) => {
  const { world, node } = await worldWith(t);
  await node.connect();
  node.hello();
  const [once] = await world.submit("/jobs/a", "local");
  const [again] = await world.submit("/jobs/again", "local");
  await node.hear("offer", (offer) => offer.run === once);
  await node.hear("offer", (offer) => offer.run === again);
  await node.cut();
  await node.connect();
  node.journalId = "jrn_second";
  node.hello();
  const second = await node.hear("offer");
  assert.deepEqual([second.run, second.attempt], [again, 2]);
  const row = await ended(world, once ?? "");
  assert.deepEqual([row.result, row.receipt], ["unknown", null]);
  assert.ok((await world.auditActions("local")).includes("nodes.journal-changed"));
  // Its late outcome changes nothing, and is acknowledged.
  node.say({
    type: "outcome",
    run: once ?? "",
    attempt: 1,
    receipt: node.receipt({ type: "offer", run: once ?? "", attempt: 1, token: second.token }),
    logInline: false,
  });
  await node.hear("outcome-ack", (ack) => ack.run === once);
  assert.equal((await world.run(once ?? "")).result, "unknown");
});

test("2.8: while its launcher is away nothing is concluded about a node's runs, and nothing is offered", async (t) => {
  const { world, node } = await worldWith(t);
  await node.connect();
  node.hello();
  await world.submit("/jobs/a", "local");
  const offer = await node.hear("offer");
  await node.cut();
  await node.connect();
  node.hello([], "");
  await world.submit("/jobs/a", "local");
  assert.ok(await node.hearsNo("offer"));
  assert.equal((await world.run(offer.run)).state, "offered");
  assert.equal(world.controller.nodes()[0]?.launcherReachable, false);
  node.hello([{ run: offer.run, attempt: 1, state: "running", logBytes: 0 }]);
  const second = await node.hear("offer");
  assert.notEqual(second.run, offer.run);
});

test("S2: a token that expired before the start is followed by a new one; a node's other refusals are final", async (t) => {
  const { world, node } = await worldWith(t);
  await node.connect();
  node.hello();
  await world.submit("/jobs/a", "local");
  const first = await node.hear("offer");
  const refusal = (code: string) =>
    ({
      started: false,
      startedAt: null,
      exitCode: null,
      runAs: null,
      tree: null,
      launchProblem: { code, message: "m", hint: "h" },
    }) as const;
  // A launcher that believes a token no more names the token, not the order.
  node.tell(first, node.receipt(first, refusal("delegation.expired"), { orderDigest: tokenDigestOf(first.token), auditHead: null }));
  const second = await node.hear("offer");
  assert.deepEqual([second.run, second.attempt], [first.run, 2]);
  node.tell(second, node.receipt(second, refusal("launch.no-such-key")));
  const row = await ended(world, first.run);
  assert.equal(row.result, "refused");
  assert.match(row.outcome ?? "", /launch\.no-such-key/);
});

test("S2: today's facts decide at the offer: a submitter who is gone is refused and nothing is sent", async (t) => {
  const { world, node } = await worldWith(t);
  const [unknown] = await world.submit("/jobs/a", "local", 1, { submitter: "user:corp/acc_00000000000000000000000000" });
  const [missing] = await world.submit("/jobs/gone", "local");
  await node.connect();
  node.hello();
  const row = await ended(world, unknown ?? "");
  assert.equal(row.result, "refused");
  assert.equal(row.attempt, 0);
  assert.match(row.outcome ?? "", /controller\.submitter-unknown/);
  assert.match(row.dispatch_verdicts ?? "", /who\.unknown/);
  assert.match((await ended(world, missing ?? "")).outcome ?? "", /controller\.job-missing/);
  assert.ok(await node.hearsNo("offer", 100));
  assert.deepEqual(await world.auditActions(unknown ?? ""), ["runs.refuse"]);
});

test("2.5: the engine is asked again at the offer: a role that no longer reaches the job's folder refuses the run", async (t) => {
  const { world, node } = await worldWith(t);
  const scopes = [
    {
      controller: "default",
      permissions: [{ permission: "controller:runs:create", denied: false }],
      folders: [{ path: "/other", recursive: true }],
    },
  ];
  await world.store.write(async (tx) => {
    await tx
      .insertInto("roles")
      .values({
        id: "rol_00000000000000000000000001",
        service: "LOCAL-INITIAL",
        name: "elsewhere",
        scopes: JSON.stringify(scopes),
        revision: 1,
        updated_at: 1,
        updated_by: starter,
      })
      .execute();
    await tx.insertInto("role_assignments").values({ subject: "os:4242", role_id: "rol_00000000000000000000000001" }).execute();
  });
  const [run] = await world.submit("/jobs/a", "local", 1, { submitter: "os:4242" });
  await node.connect();
  node.hello();
  const row = await ended(world, run ?? "");
  assert.equal(row.result, "refused");
  assert.match(row.outcome ?? "", /access\./);
  assert.match(row.dispatch_verdicts ?? "", /"part":"may".*"effect":"deny"/);
  assert.ok(await node.hearsNo("offer", 100));
});

test("2.3: a queued run is cancelled at once, one at the node is told to it, also after a new connection", async (t) => {
  const { world, node } = await worldWith(t);
  const [queued] = await world.submit("/jobs/a", "local");
  await world.requestCancel(queued ?? "", "not needed");
  assert.equal((await ended(world, queued ?? "")).result, "cancelled");
  await node.connect();
  node.hello();
  await world.submit("/jobs/a", "local");
  const offer = await node.hear("offer");
  await world.requestCancel(offer.run, "enough");
  const cancel = await node.hear("cancel");
  assert.deepEqual([cancel.run, cancel.attempt, cancel.by, cancel.reason], [offer.run, 1, starter, "enough"]);
  await node.cut();
  await node.connect();
  node.hello([{ run: offer.run, attempt: 1, state: "running", logBytes: 0 }]);
  await node.hear("cancel");
  node.tell(offer, node.receipt(offer, { cancelled: { by: starter, reason: "enough" }, exitCode: null, signal: "SIGTERM" }));
  assert.equal((await ended(world, offer.run)).result, "cancelled");
});

test("2.3: no more than the limit is in flight, and submitters take turns", async (t) => {
  const { world, node } = await worldWith(t, { maxInFlightPerNode: 2 });
  await node.connect();
  node.hello();
  await world.submit("/jobs/a", "local", 5);
  const first = await node.hear("offer");
  await node.hear("offer");
  assert.ok(await node.hearsNo("offer", 150));
  node.tell(first, node.receipt(first));
  await node.hear("offer");
  assert.ok(await node.hearsNo("offer", 150));
});

test("2.8: a manager that starts anew goes on with what is at the node, and runs nothing twice", async (t) => {
  const { world, node, folder } = await worldWith(t);
  await node.connect();
  node.hello();
  await world.submit("/jobs/a", "local");
  const offer = await node.hear("offer");
  const log = Buffer.from("written while nobody listened");
  node.say({ type: "log", run: offer.run, attempt: 1, offset: 0 }, log.subarray(0, 8));
  await eventually(
    "log",
    () => world.controller.logs.size(offer.run),
    (size) => size === 8,
  );
  await world.close();
  const later = await openControllerWorld({ dataFolder: join(folder, "manager"), settings: { pollMs: 200 } });
  t.after(() => later.close());
  await node.connect(later.listenerAddress);
  node.hello([{ run: offer.run, attempt: 1, state: "ended", logBytes: log.length }]);
  node.tell(offer, node.receipt(offer, { output: outputOf(log) }));
  assert.equal((await node.hear("log-position")).offset, 8);
  node.say({ type: "log", run: offer.run, attempt: 1, offset: 8 }, log.subarray(8));
  await node.hear("outcome-ack");
  assert.equal((await later.run(offer.run)).result, "succeeded");
  assert.ok(await node.hearsNo("offer", 100));
});

test("K1: a withheld receipt shows as a gap in the record; receipts in another order do not", async (t) => {
  const { world, node } = await worldWith(t);
  await node.connect();
  node.hello();
  await world.submit("/jobs/a", "local", 4);
  const offers = [await node.hear("offer"), await node.hear("offer"), await node.hear("offer"), await node.hear("offer")] as const;
  const receipts = offers.map((offer) => node.receipt(offer));
  node.tell(offers[1], receipts[1] ?? "");
  node.tell(offers[0], receipts[0] ?? "");
  await ended(world, offers[0].run);
  await ended(world, offers[1].run);
  assert.ok(!(await world.auditActions("local")).includes("nodes.receipt-chain"));
  node.tell(offers[3], receipts[3] ?? "");
  await ended(world, offers[3].run);
  assert.ok((await world.auditActions("local")).includes("nodes.receipt-chain"));
  assert.equal((await world.nodes.find(node.id))?.receiptSequence, 4);
});

test("S9: revoking a node cuts its connection, ends its runs as unknown, and it cannot come back", async (t) => {
  const { world, node } = await worldWith(t);
  await node.connect();
  node.hello();
  await world.submit("/jobs/a", "local");
  const offer = await node.hear("offer");
  await world.nodes.revoke(starter, "local");
  await eventually(
    "cut",
    async () => node.isConnected,
    (connected) => !connected,
  );
  assert.equal((await ended(world, offer.run)).result, "unknown");
  await assert.rejects(node.connect(), /403/);
});

test("S9: a second connection of the same node replaces the first", async (t) => {
  const { world, node } = await worldWith(t);
  await node.connect();
  node.hello();
  await node.hear("welcome");
  const second = new WebSocket(`wss://${world.listenerAddress}/agent`, node.tls());
  await new Promise((resolve, reject) => second.once("open", resolve).once("error", reject));
  await eventually(
    "replaced",
    async () => node.isConnected,
    (connected) => !connected,
  );
  second.terminate();
});

test("S10, K1: a cancel that nobody asked the manager for is noted; one that was asked for, or the node's own shutdown, is not", async (t) => {
  const { world, node } = await worldWith(t);
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
    assert.equal((await ended(world, offer.run)).result, "cancelled");
    return (await world.auditActions(offer.run)).filter((action) => action === "runs.unasked-cancel").length;
  };
  assert.equal(await notes({ by: "user:corp/acc_ann", reason: "made up" }, false), 1);
  assert.equal(await notes({ by: "courier:shutdown", reason: "made up" }, false), 1);
  assert.equal(await notes({ by: starter, reason: "asked" }, true), 0);
  assert.equal(await notes({ by: "shutdown", reason: "the node is shutting down" }, false), 0);
});

test("S9: a node hears nothing of another node's orders, secrets and output, whatever it says of them", async (t) => {
  const { world, node, folder } = await worldWith(t);
  const other = await SpeakingNode.join(world, join(folder, "other"), "other");
  t.after(() => other.cut());
  const secret = "planted-value-of-another-node";
  await world.saveJob(jobOf("/jobs/secret", `echo ${secret}`, { environment: { PASSWORD: secret } }));
  await node.connect();
  node.hello();
  await other.connect();
  other.hello();
  await other.hear("welcome");
  const [queued] = await world.submit("/jobs/secret", "local");
  const offer = await node.hear("offer");
  assert.ok(offer.token.length > 0 && JSON.stringify(orderIn(offer.token)).includes(secret), "its own node does hear it");
  const output = Buffer.from(secret);
  node.say({ type: "log", run: offer.run, attempt: 1, offset: 0 }, output);
  // It claims the run: as one that it carries, started, whose output it has, and which has ended.
  const run = queued ?? "";
  const claims = [
    () => other.hello([{ run, attempt: 1, state: "accepted", logBytes: 0 }]),
    () => other.hello([{ run, attempt: 1, state: "running", logBytes: 5 }]),
    () => other.say({ type: "accepted", run, attempt: 1 }),
    () => other.say({ type: "state", run, attempt: 1, state: "running", at: new Date().toISOString() }),
    () => other.say({ type: "log", run, attempt: 1, offset: 0 }, Buffer.from("x")),
    () => other.say({ type: "log-missing", run, attempt: 1, offset: 0 }),
    () => other.tell(offer, other.receipt(offer)),
  ];
  for (const claim of claims) claim();
  await other.hearsNo("offer", 400);
  const heard = other.received.filter((message) => message.type !== "outcome-ack");
  assert.deepEqual(
    heard.filter((message) => "run" in message || JSON.stringify(message).includes(secret)),
    [],
  );
  assert.equal(JSON.stringify(other.received).includes(secret), false);
  // And it changed nothing: the run is still its own node's.
  assert.equal((await world.run(run)).attempt, 1);
  node.tell(offer, node.receipt(offer, { output: outputOf(output) }), output);
  assert.equal((await ended(world, run)).result, "succeeded");
  // Not even that it has ended.
  await other.cut();
  await other.connect();
  other.hello([{ run, attempt: 1, state: "accepted", logBytes: 0 }]);
  await other.hear("welcome");
  assert.ok(await other.hearsNo("outcome-ack"));
  // Speaking as the other node, with its own certificate: cut.
  await other.cut();
  await other.connect();
  other.say({
    type: "hello",
    protocol: 1,
    node: { id: node.id, name: "local", keyThumbprint: node.thumbprint },
    facts: factsOf("jrn_first"),
    runs: [],
  });
  await other.hear("goodbye");
});
