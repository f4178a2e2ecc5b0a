/** Replacing the key that signs orders, over HTTP: who may, what he is told, and what the record says. How nodes hear of it: `controller/key-rotation.test.ts`. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { addNodeRecord, startManager, type Person } from "#test/fixtures/manager.ts";
import { send } from "#test/fixtures/http.ts";
import { onBothStores } from "#test/fixtures/stores.ts";

const rotate = { method: "POST", path: "/api/v1/realm/rotate-key", body: {} } as const;

interface Realm {
  readonly rotationSerial: number;
  readonly keys: readonly { readonly purpose: string; readonly id: string }[];
  readonly nodesBehind: readonly string[];
}

const realmOf = async (person: Person): Promise<Realm> => (await person.ask({ path: "/api/v1/realm" })).json as Realm;
const signingKeyOf = async (person: Person): Promise<string | undefined> =>
  (await realmOf(person)).keys.find(({ purpose }) => purpose === "delegation")?.id;

onBothStores(
  "S5: who may not replace the signing key changes nothing; who may is told of the new one, and so is the record",
  async (given, t) => {
    const world = await startManager(t, { database: given.url });
    await addNodeRecord(world.manager.services.store, "local");
    const keeper = await world.person("ann", { permissions: ["manager:administration:certificates", "manager:auditlog:view"] });
    const viewer = await world.person("vic", { permissions: ["manager:administration:certificates:view", "manager:nodes:view"] });
    const stranger = await world.person("sal", { permissions: ["controller", "manager:nodes"] });
    const browser = await world.browser("ann");
    const before = await realmOf(keeper);
    const first = await signingKeyOf(keeper);

    const refusals = [
      ["nobody", await send(world.tcp, rotate), 401],
      ["a token of nobody", await send(world.tcp, { ...rotate, headers: { authorization: `Bearer bhs_${"x".repeat(43)}` } }), 401],
      ["another page's request", await send(world.tcp, { ...rotate, headers: { cookie: browser.cookie } }), 403],
      ["no permission", await stranger.ask(rotate), 403],
      ["only looking", await viewer.ask(rotate), 403],
      ["an unknown field", await keeper.ask({ ...rotate, body: { revokeOld: true, revoke: true } }), 422],
      ["another kind of value", await keeper.ask({ ...rotate, body: { revokeOld: "yes" } }), 422],
    ] as const;
    for (const [who, answer, status] of refusals) assert.equal(answer.status, status, `${who}: ${answer.text}`);
    assert.equal((await stranger.ask({ path: "/api/v1/realm" })).status, 403);
    assert.deepEqual(await realmOf(keeper), before);

    const answer = await keeper.ask(rotate);
    assert.equal(answer.status, 200, answer.text);
    const { serial, keyId, replacedKeyId } = answer.json as { serial: number; keyId: string; replacedKeyId: string };
    assert.equal(replacedKeyId, first);
    assert.notEqual(keyId, first);
    assert.equal(await signingKeyOf(viewer), keyId);
    assert.equal((await realmOf(viewer)).rotationSerial, serial);
    assert.deepEqual((await realmOf(viewer)).nodesBehind, ["local"], "it has not said that it knows");
    assert.deepEqual((await realmOf(keeper)).nodesBehind, [], "he does not see nodes");

    // Two at once: one after the other, each replacing what the other made.
    const both = await Promise.all([browser.ask({ ...rotate, body: { revokeOld: true } }), keeper.ask(rotate)]);
    assert.deepEqual(
      both.map(({ status }) => status),
      [200, 200],
    );
    const [one, two] = both.map(({ json }) => json as { serial: number; keyId: string; replacedKeyId: string });
    assert.ok(
      (one?.replacedKeyId === keyId && two?.replacedKeyId === one.keyId) ||
        (two?.replacedKeyId === keyId && one?.replacedKeyId === two.keyId),
    );
    assert.equal((await realmOf(keeper)).rotationSerial, Math.max(one?.serial ?? 0, two?.serial ?? 0));

    const record = (await keeper.ask({ path: "/api/v1/audit?action=realm.rotate-key&limit=100" })).json as {
      items: { actor: string; phase: string; detail: Record<string, unknown> }[];
    };
    const { accessId } = (await keeper.ask({ path: "/api/v1/sessions/current" })).json.principal as { accessId: string };
    const by = record.items.filter(({ actor }) => actor === accessId);
    assert.deepEqual(by.map(({ phase }) => phase).toSorted(), ["completed", "completed", "completed", "opened", "opened", "opened"]);
    assert.equal(by.length, record.items.length, "a refusal at the door opens no act");
    assert.deepEqual(
      by
        .filter(({ phase }) => phase === "opened")
        .map(({ detail }) => detail["revokeOld"])
        .toSorted(),
      [false, false, true],
    );
    // K2: of the keys themselves nothing is in an answer or in the record.
    const told = JSON.stringify([answer.json, both.map(({ json }) => json as unknown), record, await realmOf(keeper)]);
    const keys = world.layout.manager.keys;
    for (const file of readdirSync(keys).filter((name) => name.endsWith(".key")))
      for (const line of readFileSync(join(keys, file), "utf8").split("\n"))
        if (line.length > 20 && !line.startsWith("-----")) assert.ok(!told.includes(line), file);
  },
);
