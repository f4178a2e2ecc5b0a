/** The controller as a whole: nodes that come, go, come back and lie, and a manager that starts anew. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { WebSocket } from "ws";
import { jobOf, openControllerWorld, starter } from "#test/fixtures/controller-world.ts";
import { eventually } from "#test/fixtures/eventually.ts";
import { factsOf, orderIn, outputOf, SpeakingNode, untilEnded, worldWithNode } from "#test/fixtures/speaking-node.ts";

test("2.8: a node that has the run keeps it over a new connection; its log goes on where it was", async (t) => {
  const { world, node } = await worldWithNode(t);
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
  assert.equal((await untilEnded(world, offer.run)).result, "succeeded");
});

test("2.8: after the loss of a node's journal its runs are unknown; restartable ones are offered again", async (t) => {
  const { world, node } = await worldWithNode(t);
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
  const row = await untilEnded(world, once ?? "");
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
  const { world, node } = await worldWithNode(t);
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

test("2.8: a manager that starts anew goes on with what is at the node, and runs nothing twice", async (t) => {
  const { world, node, folder } = await worldWithNode(t);
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

test("S9: revoking a node cuts its connection, ends its runs as unknown, and it cannot come back", async (t) => {
  const { world, node } = await worldWithNode(t);
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
  assert.equal((await untilEnded(world, offer.run)).result, "unknown");
  await assert.rejects(node.connect(), /403/);
});

test("S9: a second connection of the same node replaces the first", async (t) => {
  const { world, node } = await worldWithNode(t);
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

test("S9: a node hears nothing of another node's orders, secrets and output, whatever it says of them", async (t) => {
  const { world, node, folder } = await worldWithNode(t);
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
  assert.equal((await untilEnded(world, run)).result, "succeeded");
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
