/** Whom a node lets in, as it last told: for those who may see nodes, with names for those who may see accounts, and as a forecast before a submission. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { ToldTable } from "#link/messages.ts";
import { saveFacts } from "#nodes/node-store.ts";
import { addNodeRecord, startManager, type ManagerWorld } from "#test/fixtures/manager.ts";
import { factsOf } from "#test/fixtures/speaking-node.ts";
import { onBothStores, type StoreCase } from "#test/fixtures/stores.ts";

const job = `kind: Job
path: /finance/close
requires: operator
run: { shell: "true" }
as: { credential: ledger }
on: [local]
`;

const open = async (given: StoreCase, t: TestContext) => {
  const world = await startManager(t, { database: given.url });
  await addNodeRecord(world.manager.services.store, "local");
  const applied = await world.owner.ask({ method: "POST", path: "/api/v1/definitions", body: { documents: job } });
  assert.equal(applied.status, 200, applied.text);
  const permissions = ["manager:view", "manager:nodes:view", "controller:runs:create", "controller:jobs:view"];
  const ann = await world.person("ann", { permissions });
  return { world, ann };
};

const tell = (world: ManagerWorld, more: object): Promise<void> =>
  world.manager.services.store.write((tx) => saveFacts(tx, "nod_00000000000000000000000000", { ...factsOf("jrn_a"), ...more }, 1));

const accessIdOf = async (world: ManagerWorld, name: string): Promise<string> =>
  (await world.owner.ask({ path: `/api/v1/accounts/${name}` })).json.accessId;

onBothStores(
  "B12, W7: a node's table is shown as it was told, and names accounts to those alone who may see accounts",
  async (given, t) => {
    const { world, ann } = await open(given, t);
    const path = "/api/v1/nodes/local/table";
    assert.deepEqual((await world.owner.ask({ path })).json, { entries: [], total: 0, named: true, isCut: false, reported: false });
    const annId = await accessIdOf(world, "ann");
    const table: ToldTable = {
      entries: [
        { subject: annId, roles: ["administrator"] },
        { subject: "group:clerks", roles: ["operator"] },
        { subject: "authenticated", roles: ["monitor"] },
      ],
      isCut: true,
    };
    await tell(world, { table });
    const all = (await world.owner.ask({ path })).json;
    assert.deepEqual(
      all.entries.map((entry: { subject: string; name: string | null }) => [entry.subject, entry.name]),
      [
        [annId, "ann"],
        ["group:clerks", null],
        ["authenticated", null],
      ],
    );
    assert.deepEqual([all.total, all.isCut, all.reported], [3, true, true]);
    // B10: who holds a role that includes the asked one.
    const operators = (await world.owner.ask({ path: `${path}?role=operator` })).json;
    assert.deepEqual(
      operators.entries.map((entry: { subject: string }) => entry.subject),
      [annId, "group:clerks"],
    );
    const seen = (await ann.ask({ path })).json;
    assert.deepEqual(seen, { ...all, named: false, entries: [{ subject: "authenticated", name: null, roles: ["monitor"] }] });
    // The node itself is shown with its facts, and those name nobody.
    for (const shown of ["/api/v1/nodes/local", "/api/v1/nodes"]) {
      const { text } = await ann.ask({ path: shown });
      assert.equal(text.includes(annId) || text.includes("clerks"), false, shown);
    }
    assert.equal((await world.owner.ask({ path: "/api/v1/nodes/gone/table" })).status, 404);
    assert.equal((await world.owner.ask({ path: `${path}?role=root` })).status, 422);
    const bob = await world.person("bob", { permissions: ["manager:view"] });
    assert.equal((await bob.ask({ path })).status, 403);
  },
);

onBothStores(
  "4.4, B13: a preview forecasts by the table that the node told, and says nothing where that is too long or was not told",
  async (given, t) => {
    const { world, ann } = await open(given, t);
    const annId = await accessIdOf(world, "ann");
    const target = async () =>
      (await ann.ask({ method: "POST", path: "/api/v1/submissions/preview", body: { job: "/finance/close" } })).json.targets[0];
    await tell(world, {});
    assert.equal((await target()).where, null);
    await tell(world, { table: { entries: [], isCut: false } });
    const closed = (await target()).where;
    assert.deepEqual([closed.part, closed.effect, closed.rule], ["where", "deny", "where.closed-table"]);
    assert.equal(closed.question, `may \`${annId}\` run \`/finance/close\` on \`local\` as \`operator\``);
    await tell(world, { table: { entries: [{ subject: annId, roles: ["monitor"] }], isCut: true } });
    assert.equal((await target()).where, null);
    const entries = [{ subject: annId, roles: ["administrator"] }];
    await tell(world, { table: { entries, isCut: true }, credentialKeys: ["ledger"], unusableKeys: [{ key: "ledger", code: "launch.x" }] });
    const last = await target();
    assert.deepEqual([last.where.effect, last.where.rule], ["permit", "where.table"]);
    assert.deepEqual(last.warnings, ["node-offline", "key-unusable"]);
  },
);
