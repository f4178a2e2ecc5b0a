/** Replacing the realm's signing key with real nodes: manager's side and launchers together, the agents in between. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { NodeTrust } from "#launch/ports.ts";
import { jobOf, openControllerWorld, starter, type ControllerWorld } from "#test/fixtures/controller-world.ts";
import { eventually } from "#test/fixtures/eventually.ts";
import { freePort } from "#test/fixtures/free-port.ts";
import { NodeProcesses } from "#test/fixtures/node-processes.ts";
import { orderIn, SpeakingNode } from "#test/fixtures/speaking-node.ts";

const settings = { pollMs: 200 };

const worldOf = async (t: TestContext): Promise<{ folder: string; world: ControllerWorld; reopen(): Promise<ControllerWorld> }> => {
  const folder = mkdtempSync(join(tmpdir(), "bhf-rot-"));
  chmodSync(folder, 0o711);
  const port = await freePort();
  const open = (): Promise<ControllerWorld> => openControllerWorld({ dataFolder: join(folder, "m"), port, settings });
  let world = await open();
  t.after(async () => {
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    folder,
    world,
    reopen: async () => {
      await world.close();
      world = await open();
      return world;
    },
  };
};

const trustOf = (node: NodeProcesses): NodeTrust => JSON.parse(readFileSync(node.layout.launcher.trust, "utf8")) as NodeTrust;
const knows = (node: NodeProcesses, serial: number): Promise<unknown> =>
  eventually(
    `the node knows announcement ${serial}`,
    async () => trustOf(node).rotationSerial,
    (known) => known === serial,
  );
const result = async (world: ControllerWorld, run: string | undefined): Promise<string | null> =>
  (
    await eventually(
      `${run} ended`,
      () => world.run(run ?? ""),
      (row) => row.state === "ended",
    )
  ).result;

test("S5: two nodes hear of a new signing key through their agents; one that was away during several replacements catches up", async (t) => {
  const { folder, world, reopen } = await worldOf(t);
  const near = await NodeProcesses.join(world, join(folder, "n1"), "near");
  const far = await NodeProcesses.join(world, join(folder, "n2"), "far");
  t.after(async () => void (await Promise.all([near.stop(), far.stop()])));
  for (const node of [near, far]) for (const part of ["launcher", "agent"] as const) node.start(part);
  await world.saveJob(jobOf("/jobs/a", "sleep 0.2", { on: ["near", "far"] }));
  const first = trustOf(near);
  for (const name of ["near", "far"]) assert.equal(await result(world, (await world.submit("/jobs/a", name))[0]), "succeeded");

  // Submitted before, ended after: what is on its way when the key is replaced goes on.
  const onTheirWay = await world.submit("/jobs/a", "near", 10);
  const one = await world.keyRing.rotate(starter, { revokeOld: false });
  await knows(near, one.serial);
  await knows(far, one.serial);
  for (const run of onTheirWay) assert.equal(await result(world, run), "succeeded");
  const [after] = await world.submit("/jobs/a", "far");
  assert.equal(await result(world, after), "succeeded");
  assert.deepEqual(
    trustOf(far).issuers.map(({ kid, until }) => [kid, until === undefined]),
    [
      [one.kid, true],
      [first.issuers[0]?.kid, false],
    ],
  );
  assert.equal(trustOf(far).rootKey, first.rootKey);

  // Away: the whole node, then only its launcher.
  await far.stop();
  await world.keyRing.rotate(starter, { revokeOld: false });
  const three = await world.keyRing.rotate(starter, { revokeOld: false });
  const [waiting] = await world.submit("/jobs/a", "far");
  await knows(near, three.serial);
  assert.equal(trustOf(far).rotationSerial, one.serial);
  far.start("launcher");
  far.start("agent");
  await knows(far, three.serial);
  assert.equal(await result(world, waiting), "succeeded");
  await near.end("launcher", "SIGKILL");
  const four = await world.keyRing.rotate(starter, { revokeOld: true });
  near.start("launcher");
  await knows(near, four.serial);
  assert.deepEqual(
    trustOf(near).issuers.map(({ kid }) => kid),
    [four.kid],
  );
  assert.equal(await result(world, (await world.submit("/jobs/a", "near"))[0]), "succeeded");
  await knows(far, four.serial);
  await far.stop();

  // A new start of the manager signs with the new key and tells whoever comes.
  const again = await reopen();
  assert.equal(again.keyRing.keys().delegation.kid, four.kid);
  assert.equal(again.keyRing.announcement()?.serial, four.serial);
  await eventually(
    "near is back",
    async () => again.controller.nodes().some((node) => node.nodeName === "near" && node.launcherReachable),
    (is) => is,
  );
  assert.equal(await result(again, (await again.submit("/jobs/a", "near"))[0]), "succeeded");
  const acts = await again.auditActions(again.keys.realm.id);
  assert.equal(acts.filter((action) => action === "realm.rotate-key").length, 8, "four acts, each opened and completed");
});

test("S5: a node is told before the first offer of a new key, on every connection until it says that it knows, and never when it does", async (t) => {
  const { folder, world } = await worldOf(t);
  const node = await SpeakingNode.join(world, join(folder, "n"), "local");
  t.after(() => node.cut());
  await world.saveJob(jobOf("/jobs/a", "true"));
  const before = world.keyRing.keys().delegation.kid;
  await node.connect();
  node.hello();
  await node.hear("welcome");
  assert.ok(await node.hearsNo("rotation"));
  const rotated = world.keyRing.rotate(starter, { revokeOld: false });
  await world.submit("/jobs/a", "local", 5);
  const { serial, kid } = await rotated;
  // All five may have left before the key was replaced: then the node is told after them.
  await eventually(
    "five offers and the announcement",
    async () => node.received.filter(({ type }) => type === "offer" || type === "rotation").length,
    (count) => count === 6,
  );
  const said = node.received.filter((message) => message.type === "rotation" || message.type === "offer");
  const told = said.findIndex(({ type }) => type === "rotation");
  assert.notEqual(told, -1);
  for (const [index, message] of said.entries()) {
    if (message.type !== "offer") continue;
    const header = JSON.parse(Buffer.from(message.token.split(".")[0] ?? "", "base64url").toString("utf8")) as { kid: string };
    assert.equal(header.kid, index > told ? header.kid : before, "nothing is signed with a key that was not announced");
    assert.ok([before, kid].includes(header.kid));
    assert.ok(orderIn(message.token).run.startsWith("run_"));
  }
  // A courier that kept it to itself, or lost it, is shown it again.
  await node.cut();
  await node.connect();
  node.hello();
  await node.hear("rotation");
  await node.cut();
  await node.connect();
  node.hello([], node.journalId, { rotationSerial: serial });
  await node.hear("welcome");
  assert.ok(await node.hearsNo("rotation"));
});
