/** The record names whoever did something to those who may see accounts, and can be asked for him by name; to others it has access IDs. */
import assert from "node:assert/strict";
import { startManager } from "#test/fixtures/manager.ts";
import { onBothStores } from "#test/fixtures/stores.ts";

interface Item {
  readonly actor: string;
  readonly actorName: string | null;
}

onBothStores("2.11, W7: the record has names and is asked by name where accounts may be seen, and only there", async (given, t) => {
  const world = await startManager(t, { database: given.url });
  const ann = await world.person("ann", { permissions: ["manager", "controller"] });
  const { accessId } = (await world.owner.ask({ path: "/api/v1/accounts/ann" })).json as { accessId: string };
  const documents = "kind: Job\npath: /finance/close\nrun: { shell: 'true' }\n";
  assert.equal((await ann.ask({ method: "POST", path: "/api/v1/definitions", body: { documents } })).status, 200);

  const list = async (person: typeof ann, query: string): Promise<readonly Item[]> =>
    (await person.ask({ path: `/api/v1/audit?limit=200&${query}` })).json.items;
  const ofAnn = await list(world.owner, "actor=ann");
  assert.ok(ofAnn.length > 0);
  assert.ok(ofAnn.every((item) => item.actor === accessId && item.actorName === "ann"));
  assert.deepEqual(await list(world.owner, `actor=${encodeURIComponent(accessId)}`), ofAnn);
  assert.deepEqual(await list(world.owner, "actor=Ann"), ofAnn, "names are compared without case (A59)");
  const parts = await list(world.owner, "action=identity.first-start");
  assert.ok(parts.length > 0 && parts.every(({ actor, actorName }) => actor === "part:identity" && actorName === null));

  const auditor = await world.person("aud", { permissions: ["manager:view", "manager:auditlog:view"] });
  assert.deepEqual(await list(auditor, "actor=ann"), []);
  const unnamed = await list(auditor, `actor=${encodeURIComponent(accessId)}`);
  assert.equal(unnamed.length, ofAnn.length);
  assert.ok(unnamed.every((item) => item.actorName === null));

  assert.equal((await world.owner.ask({ method: "DELETE", path: "/api/v1/accounts/ann?confirm=true" })).status, 204);
  const gone = await list(world.owner, `actor=${encodeURIComponent(accessId)}`);
  assert.ok(gone.length >= ofAnn.length && gone.every((item) => item.actorName === null), "the record outlives the account");
});
