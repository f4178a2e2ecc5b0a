/** What the launcher believes, what it starts once and never again, and the receipts that it gives. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { FromLauncher } from "#link/messages.ts";
import type { NodeTrust } from "#launch/ports.ts";
import { newId } from "#kernel/ids.ts";
import { receiptDigest } from "#proof/receipt.ts";
import type { LaunchOrder } from "#proof/launch-order.ts";
import { gateOf } from "#test/fixtures/gate.ts";
import { signRotation, type Rotation } from "#proof/rotation.ts";
import { connect, marks, shell, makeRealm, TestAgent } from "#launcher/launcher.test-support.ts";

test("2.4 S1: forged, altered, expired, future, foreign and exchanged tokens are refused by the launcher itself, however often the peer insists", async (t) => {
  const { launcher, agent } = await connect(t);
  const { mark, count } = marks(t);
  const program = shell(mark);
  const now = Math.floor(Date.now() / 1000);
  const order = (change: Partial<LaunchOrder> = {}): LaunchOrder => launcher.order({ program, ...change });
  const altered = (one: LaunchOrder): string => {
    const parts = launcher.token(one).split(".");
    const payload = Buffer.from(parts[1] ?? "", "base64url").toString();
    return [parts[0], Buffer.from(payload.replace("/test/job", "/test/jab")).toString("base64url"), parts[2]].join(".");
  };
  const stranger = { ...makeRealm(), kid: launcher.realm.kid };
  const cases: readonly (readonly [string, LaunchOrder, (one: LaunchOrder) => string])[] = [
    ["delegation.forged", order(), (one) => launcher.token(one, stranger)],
    ["delegation.unknown-issuer", order(), (one) => launcher.token(one, makeRealm())],
    ["delegation.forged", order(), altered],
    ["delegation.expired", order({ iat: now - 400, exp: now - 100 }), launcher.token],
    ["delegation.not-yet-valid", order({ iat: now + 100, exp: now + 200 }), launcher.token],
    ["delegation.foreign-realm", order({ realm: { id: newId("rlm", 1), name: "corp", epoch: 1 } }), launcher.token],
    ["delegation.old-epoch", order({ realm: { id: launcher.realm.id, name: "corp", epoch: 0 } }), launcher.token],
    ["delegation.foreign-node", order({ node: { ...order().node, id: newId("nod", 1) } }), launcher.token],
    ["delegation.foreign-node", order({ node: { ...order().node, keyThumbprint: "B".repeat(42) + "E" } }), launcher.token],
    ["delegation.malformed", order(), () => "not a token"],
    ["launch.wrong-order", order(), () => launcher.token(order())],
    ["nodes.role-missing", order({ requires: "administrator" }), launcher.token],
    ["nodes.role-missing", order({ submitter: { accessId: "os:1001", name: "os:1001", groups: ["wheel"] } }), launcher.token],
    ["nodes.foreign-realm", order({ submitter: { accessId: "user:other/x", name: "x", groups: [] } }), launcher.token],
  ];
  for (const [code, one, tokenOf] of cases) {
    const token = tokenOf(one);
    let sequence = 0;
    for (let time = 0; time < 3; time += 1) {
      const from = agent.messages.length;
      agent.startToken(one, token);
      const { receipt } = await agent.ended(one, from);
      assert.equal(receipt.outcome.launchProblem?.code, code);
      assert.equal(receipt.outcome.started, false);
      assert.equal(receipt.outcome.verdicts.at(-1)?.effect, "deny");
      assert.equal(receipt.outcome.runAs, null);
      // The recorded refusal is shown again, not decided again.
      if (time > 0) assert.equal(receipt.sequence, sequence);
      sequence = receipt.sequence;
    }
  }
  assert.equal(count(), 0);
});

test("S3: the same bytes never start twice: while it runs, after it ended, after it was confirmed, after a restart", async (t) => {
  const { launcher, agent } = await connect(t);
  const { mark, count } = marks(t);
  const gate = gateOf(t);
  const order = launcher.order({ program: shell(`${mark}; ${gate.wait}`) });
  const token = launcher.token(order);
  for (let time = 0; time < 5; time += 1) agent.startToken(order, token);
  await agent.running(order);
  agent.startToken(order, token);
  gate.open();
  const { jws } = await agent.ended(order);
  let from = agent.messages.length;
  agent.startToken(order, token);
  assert.equal((await agent.ended(order, from)).jws, jws);
  agent.send({ type: "acknowledge", run: order.run, attempt: 1 });
  from = agent.messages.length;
  agent.startToken(order, token);
  assert.equal((await agent.ended(order, from)).jws, jws);
  await launcher.stop();
  await launcher.start();
  const hello = await agent.connect();
  assert.deepEqual(hello.runs, []);
  from = agent.messages.length;
  agent.startToken(order, token);
  assert.equal((await agent.ended(order, from)).jws, jws);
  assert.equal(count(), 1);
});

test("S3, 2.8: a run is known from the moment its token is given, so that an agent that comes anew does not report it as missing", async (t) => {
  const { launcher, agent } = await connect(t);
  const order = launcher.order({ program: shell("exit 0") });
  const from = agent.messages.length;
  // Both in one piece: the start cannot be in the journal yet when the launcher is asked what it knows.
  agent.startOrder(order);
  agent.send({ type: "hello", id: 2 });
  const { message } = await agent.until((one) => one.type === "hello-ok", from);
  assert.deepEqual(message.type === "hello-ok" ? message.runs.map(({ run, attempt, state }) => [run, attempt, state]) : null, [
    [order.run, 1, "starting"],
  ]);
  assert.equal((await agent.ended(order)).receipt.outcome.exitCode, 0);
});

test("S3: other bytes for a run that is known, and higher attempts of one that ran, never start; one of a refused run does", async (t) => {
  const { launcher, agent } = await connect(t);
  const { mark, count } = marks(t);
  const order = launcher.order({ program: shell(mark) });
  await agent.run(order);
  assert.equal(count(), 1);
  let from = agent.messages.length;
  agent.startOrder({ ...order, program: shell(`${mark} `) });
  const { message } = await agent.until((one) => one.type === "problem", from);
  assert.equal(message.type === "problem" && message.code, "launch.other-order-same-run");
  from = agent.messages.length;
  const second = { ...order, attempt: 2 };
  agent.startOrder(second);
  assert.equal((await agent.ended(second, from)).receipt.outcome.launchProblem?.code, "launch.already-ran");
  assert.equal(count(), 1);
  const refused = launcher.order({ program: shell(mark), requires: "administrator" });
  assert.equal((await agent.run(refused)).receipt.outcome.started, false);
  const again = await agent.run({ ...refused, attempt: 2, requires: "operator" });
  assert.equal(again.receipt.outcome.exitCode, 0);
  assert.equal(count(), 2);
});

test("S10 K1: receipts are chained by the launcher's key, sent again until confirmed, and exported as witness", async (t) => {
  const { launcher, agent } = await connect(t);
  const first = await agent.run(launcher.order());
  const second = await agent.run(launcher.order());
  assert.equal(second.receipt.sequence, first.receipt.sequence + 1);
  assert.equal(second.receipt.previous, receiptDigest(first.jws));
  agent.send({ type: "acknowledge", run: first.receipt.run, attempt: 1 });
  agent.close();
  const again = new TestAgent(launcher);
  t.after(() => again.close());
  const hello = await again.connect();
  assert.deepEqual(
    hello.runs.map(({ run, state }) => [run, state]),
    [[second.receipt.run, "ended"]],
  );
  assert.equal((await again.ended(second.receipt)).jws, second.jws);
  const { receipts } = await launcher.admin<{ receipts: string[] }>({ type: "journal-export" });
  assert.deepEqual(receipts, [first.jws, second.jws]);
});

test("S5: the courier brings the realm's announcement; only the pinned root's, of a rising serial, changes what the launcher believes", async (t) => {
  const { launcher, agent } = await connect(t);
  const { realm } = launcher;
  const next = makeRealm();
  const stranger = makeRealm();
  const now = Math.floor(Date.now() / 1000);
  const announcement = (change: Partial<Rotation> = {}, by = realm): string =>
    signRotation(
      {
        version: 1,
        kind: "rotation",
        realmId: realm.id,
        epoch: 1,
        serial: 5,
        issuers: [
          { kid: next.kid, key: next.publicKey },
          { kid: realm.kid, key: realm.publicKey, until: now },
        ],
        iat: now,
        ...change,
      },
      by.privateKey,
      by.publicKey,
    );
  const bring = async (text: string): Promise<FromLauncher> => {
    const from = agent.messages.length;
    agent.send({ type: "rotate", announcement: text });
    return (await agent.until((message) => message.type === "problem" || message.type === "facts", from)).message;
  };
  const refused = async (text: string, why: RegExp): Promise<void> => {
    const message = await bring(text);
    assert.equal(message.type, "problem");
    assert.match(message.type === "problem" ? message.message : "", why);
  };
  const { trust: before } = await launcher.admin<{ trust: NodeTrust }>({ type: "trust-show" });
  await refused(announcement({}, stranger), /not trusted/);
  await refused(announcement({ realmId: stranger.id }), /realm/);
  await refused(announcement({ serial: 5, issuers: [] }), /no issuer/);
  await refused("not.a.token", /announcement is refused/);
  assert.deepEqual((await launcher.admin<{ trust: NodeTrust }>({ type: "trust-show" })).trust, before, "nothing of it changed anything");
  const code = async (order: LaunchOrder, by = realm): Promise<string | undefined> => {
    agent.startToken(order, launcher.token(order, by));
    return (await agent.ended(order)).receipt.outcome.launchProblem?.code;
  };
  assert.equal(await code(launcher.order(), next), "delegation.unknown-issuer", "before it heard of the new key");

  const told = await bring(announcement());
  assert.equal(told.type === "facts" ? told.facts.rotationSerial : null, 5, "and the manager is told which one the node has");
  await refused(announcement(), /not above 5/);
  await refused(announcement({ serial: 4, issuers: [{ kid: realm.kid, key: realm.publicKey }] }), /not above 5/);

  // Killed and started again: it was durable.
  agent.close();
  await launcher.kill();
  await launcher.start();
  await agent.connect();
  assert.equal(await code(launcher.order(), next), undefined);
  const inFlight = launcher.order({ iat: now - 1, exp: now + 200 });
  assert.equal(await code(inFlight), undefined, "what the old key had signed is still good");
  const later = launcher.order({ iat: now + 1, exp: now + 200 });
  assert.equal(await code(later), "delegation.replaced-issuer");
  await refused(announcement(), /not above 5/);

  const cut = await bring(announcement({ serial: 6, issuers: [{ kid: next.kid, key: next.publicKey }] }));
  assert.equal(cut.type, "facts");
  assert.equal(await code(launcher.order({ iat: now - 1, exp: now + 200 })), "delegation.unknown-issuer", "the old key was revoked");
});

test("S10: a cancel is the courier's word, and its receipt says whose: it cannot pass for the node's own shutdown", async (t) => {
  const { launcher, agent } = await connect(t);
  const order = launcher.order({ program: shell("sleep 60") });
  agent.startOrder(order);
  await agent.running(order);
  agent.send({ type: "cancel", run: order.run, attempt: order.attempt, by: "shutdown", reason: "made up" });
  const { receipt } = await agent.ended(order);
  assert.deepEqual(receipt.outcome.cancelled, { by: "courier:shutdown", reason: "made up" });
});
