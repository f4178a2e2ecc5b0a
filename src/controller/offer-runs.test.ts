/** What leaves for a node, when, and as what: offers, their tokens, cancels, turns. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { tokenDigestOf } from "#controller/live-run.ts";
import { checkDelegationToken, orderDigest } from "#proof/delegation-token.ts";
import { publicKeyFromRaw } from "#proof/keys.ts";
import { starter } from "#test/fixtures/controller-world.ts";
import { eventually } from "#test/fixtures/eventually.ts";
import { orderIn, untilEnded, worldWithNode } from "#test/fixtures/speaking-node.ts";

test("S1, S2: an offer carries a short-lived token whose payload is the whole order, committed before it leaves", async (t) => {
  const { world, node } = await worldWithNode(t);
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
  const { world, node } = await worldWithNode(t, { maxInFlightPerNode: 2 });
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
  const { world, node } = await worldWithNode(t, { maxInFlightPerNode: 1 });
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

test("2.8: an offer that never reached the node is made again with a new attempt and a new token", async (t) => {
  const { world, node } = await worldWithNode(t);
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

test("S2: a token that expired before the start is followed by a new one; a node's other refusals are final", async (t) => {
  const { world, node } = await worldWithNode(t);
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
  const row = await untilEnded(world, first.run);
  assert.equal(row.result, "refused");
  assert.match(row.outcome ?? "", /launch\.no-such-key/);
});

test("S2: today's facts decide at the offer: a submitter who is gone is refused and nothing is sent", async (t) => {
  const { world, node } = await worldWithNode(t);
  const [unknown] = await world.submit("/jobs/a", "local", 1, { submitter: "user:corp/acc_00000000000000000000000000" });
  const [missing] = await world.submit("/jobs/gone", "local");
  await node.connect();
  node.hello();
  const row = await untilEnded(world, unknown ?? "");
  assert.equal(row.result, "refused");
  assert.equal(row.attempt, 0);
  assert.match(row.outcome ?? "", /controller\.submitter-unknown/);
  assert.match(row.dispatch_verdicts ?? "", /who\.unknown/);
  assert.match((await untilEnded(world, missing ?? "")).outcome ?? "", /controller\.job-missing/);
  assert.ok(await node.hearsNo("offer", 100));
  assert.deepEqual(await world.auditActions(unknown ?? ""), ["runs.refuse"]);
});

test("2.5: the engine is asked again at the offer: a role that no longer reaches the job's folder refuses the run", async (t) => {
  const { world, node } = await worldWithNode(t);
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
  const row = await untilEnded(world, run ?? "");
  assert.equal(row.result, "refused");
  assert.match(row.outcome ?? "", /access\./);
  assert.match(row.dispatch_verdicts ?? "", /"part":"may".*"effect":"deny"/);
  assert.ok(await node.hearsNo("offer", 100));
});

test("2.3: a queued run is cancelled at once, one at the node is told to it, also after a new connection", async (t) => {
  const { world, node } = await worldWithNode(t);
  const [queued] = await world.submit("/jobs/a", "local");
  await world.requestCancel(queued ?? "", "not needed");
  assert.equal((await untilEnded(world, queued ?? "")).result, "cancelled");
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
  assert.equal((await untilEnded(world, offer.run)).result, "cancelled");
});

test("2.3: no more than the limit is in flight, and submitters take turns", async (t) => {
  const { world, node } = await worldWithNode(t, { maxInFlightPerNode: 2 });
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
