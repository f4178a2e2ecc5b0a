/** What the manager says of its own record before anybody asks it to look. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "#test/fixtures/eventually.ts";
import { startManager } from "#test/fixtures/manager.ts";

test("K1: head, last checkpoint and what the last verification came to are told to who may verify, and a broken chain is a warning", async (t) => {
  const world = await startManager(t, { chainSettings: { firstAfterMs: 0 } });
  const eve = await world.person("eve", { permissions: ["manager:view", "manager:auditlog:view"] });
  const path = "/api/v1/audit/chain";
  assert.equal((await eve.ask({ path })).status, 403);
  const chain = await eventually(
    "the record is verified by itself",
    async () => (await world.owner.ask({ path })).json,
    ({ verified }) => verified !== null,
  );
  assert.deepEqual([chain.verified.ok, chain.verified.chains, chain.verified.findings], [true, 1, []]);
  assert.ok(chain.checkpoint.sequence >= 1 && chain.checkpoint.sequence <= chain.head.sequence);
  assert.ok(chain.verified.upTo <= chain.head.sequence);
  for (const at of [chain.head.at, chain.checkpoint.at, chain.verified.at, chain.verified.wholeAt])
    assert.ok(Math.abs(Date.now() - Date.parse(at as string)) < 600_000, at);

  const warnings = async (person: typeof eve): Promise<string[]> =>
    ((await person.ask({ path: "/api/v1/status" })).json.warnings as string[]).filter((text) => text.includes("audit record"));
  assert.deepEqual(await warnings(world.owner), []);
  await world.manager.services.store.write((tx) => tx.updateTable("audit").set({ actor: "os:0" }).where("sequence", "=", 2).execute());
  // A head that somebody brings along and that is wrong says nothing about the record.
  const head = { ...chain.head, sequence: 1, at: undefined };
  assert.equal((await world.owner.ask({ method: "POST", path: "/api/v1/audit/verify", body: { head } })).json.ok, false);
  assert.deepEqual(await warnings(world.owner), []);
  assert.equal((await world.owner.ask({ method: "POST", path: "/api/v1/audit/verify", body: {} })).json.ok, false);
  const broken = (await world.owner.ask({ path })).json.verified;
  assert.deepEqual(
    [broken.ok, broken.findings.map(({ kind, sequence }: { kind: string; sequence: number }) => [kind, sequence])],
    [false, [["altered", 2]]],
  );
  assert.equal((await warnings(world.owner)).length, 1);
  assert.deepEqual(await warnings(eve), []);
});
