import assert from "node:assert/strict";
import { test } from "node:test";
import { decide } from "#access/decide.ts";
import type { RoleScope } from "#access/question.ts";
import { readScopes } from "#identity/rules/role-scopes.ts";
import { auditRecords, identityWorld, makeAccount, onBothStores, owner, refusalOf, type IdentityWorld } from "#test/fixtures/identity.ts";

const scope = (permissions: readonly string[], folders: readonly string[] = [], controller = "default"): RoleScope => {
  const read = readScopes([{ controller, permissions, folders: folders.map((path) => ({ path, recursive: true })) }]);
  assert.ok(read.ok && read.value[0]);
  return read.value[0];
};
const rulesOf = (outcome: { readonly notices: readonly { readonly rule: string }[] }): string[] => outcome.notices.map((one) => one.rule);
const makeRole = async (world: IdentityWorld, name: string, scopes: readonly RoleScope[]): Promise<string> =>
  (await world.identity.createRole(owner, { name, scopes })).role?.id ?? assert.fail("no role");

onBothStores("D70: a role is made, listed at once, and read back with its entries in their order", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const scopes = [
    scope(["manager:view", "controller:runs", "-controller:runs:cancel"], ["/b", "/a"]),
    scope(["controller:restart"], [], "main"),
  ];
  const { role } = await world.identity.createRole(owner, { name: "finance-operator", scopes });
  assert.deepEqual(role?.scopes, scopes);
  assert.equal((await world.identity.listRoles()).at(-1)?.name, "finance-operator");
  assert.deepEqual((await (await world.reopen()).identity.findRole("finance-operator"))?.scopes, scopes);
});

onBothStores("D70: order is kept through renaming and editing, and names are unique", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const { identity } = world;
  const ids = [
    await makeRole(world, "zz", [scope(["manager:view"])]),
    await makeRole(world, "aa", [scope(["manager:view"])]),
    await makeRole(world, "mm", [scope(["manager:view"])]),
  ];
  await identity.editRole(owner, ids[0] ?? "", { name: "first" });
  await identity.editRole(owner, ids[1] ?? "", { scopes: [scope(["controller"])] });
  assert.deepEqual(
    (await identity.listRoles()).slice(6).map((role) => role.name),
    ["first", "aa", "mm"],
  );
  assert.equal((await refusalOf(identity.editRole(owner, ids[2] ?? "", { name: "AA" }))).code, "identity.name-taken");
  assert.equal(
    (await refusalOf(identity.createRole(owner, { name: "Administrator", scopes: [scope(["manager:view"])] }))).code,
    "identity.name-taken",
  );
  assert.equal(
    (await refusalOf(identity.createRole(owner, { name: "two words", scopes: [scope(["manager:view"])] }))).code,
    "identity.invalid-name",
  );
});

onBothStores("E5: a renamed role keeps its holders, a deleted one whose name is made again has none", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const { identity } = world;
  const id = await makeRole(world, "ops", [scope(["manager:view", "controller"])]);
  const { accessId, id: accountId } = await makeAccount(world, "alice", ["ops"]);
  await identity.editRole(owner, id, { name: "operations" });
  assert.deepEqual(await identity.holdersOf(id), [accessId]);
  await identity.deleteRole(owner, id);
  await makeRole(world, "operations", [scope(["manager:view"])]);
  assert.deepEqual((await identity.getAccount(accountId)).roles, []);
});

onBothStores("D70: a duplicate has the same entries, an id of its own, and no holders", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const id = await makeRole(world, "ops", [scope(["manager:view", "-controller:restart"], ["/x"])]);
  await makeAccount(world, "alice", ["ops"]);
  const copy = await world.identity.duplicateRole(owner, id, "ops2");
  assert.deepEqual(copy.role?.scopes, (await world.identity.getRole(id)).scopes);
  assert.notEqual(copy.role?.id, id);
  assert.deepEqual(await world.identity.holdersOf(copy.role?.id ?? ""), []);
});

onBothStores("D73: a role left with neither permission nor folder is removed, and that is said", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const { identity } = world;
  const id = await makeRole(world, "ops", [scope(["manager:view"])]);
  const { id: accountId } = await makeAccount(world, "alice", ["ops", "it_operator"]);
  const outcome = await identity.editRole(owner, id, { scopes: [] });
  assert.equal(outcome.role, null);
  assert.match(outcome.notices.map((one) => one.text).join(), /neither a permission nor a folder/);
  assert.equal(await identity.findRole("ops"), null);
  assert.deepEqual(
    (await identity.getAccount(accountId)).roles.map((role) => role.name),
    ["it_operator"],
  );
  assert.equal((await refusalOf(identity.createRole(owner, { name: "empty", scopes: [] }))).code, "input.missing-field");
});

onBothStores("D73: while the editing session goes on an empty role stays; its end removes it", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const { identity } = world;
  const empty = await identity.createRole(owner, { name: "empty", scopes: [] }, { keepEmpty: true });
  const filled = await identity.createRole(owner, { name: "filled", scopes: [] }, { keepEmpty: true });
  assert.ok(empty.role && filled.role);
  await identity.editRole(owner, filled.role.id, { scopes: [scope(["manager:view"])] });
  await identity.editRole(owner, empty.role.id, { name: "still-empty" });
  assert.equal((await identity.removeEmptyRoles(owner)).length, 1);
  assert.equal(await identity.findRole("still-empty"), null);
  assert.ok(await identity.findRole("filled"));
  assert.deepEqual(await identity.removeEmptyRoles(owner), []);
});

onBothStores("D86: a controller's part without a permission is dropped; with folders that is to be confirmed (E5)", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const { identity } = world;
  const id = await makeRole(world, "ops", [scope(["manager:view"]), scope(["controller:restart"], ["/x"], "main")]);
  const without = [scope(["manager:view"]), scope([], ["/x"], "main")];
  assert.equal((await refusalOf(identity.editRole(owner, id, { scopes: without }))).code, "identity.confirmation-needed");
  assert.equal((await identity.getRole(id)).scopes.length, 2);
  const confirmed = await identity.editRole(owner, id, { scopes: without }, { confirm: true });
  assert.deepEqual(
    confirmed.role?.scopes.map((one) => one.controller),
    ["default"],
  );
  const bare = await identity.editRole(owner, id, { scopes: [scope(["manager:view"]), scope([], [], "main")] });
  assert.deepEqual(
    bare.role?.scopes.map((one) => one.controller),
    ["default"],
  );
});

onBothStores(
  "E5: an emptied role whose removal lifts a denial or opens folders must be confirmed, an explicit change is only told",
  async (t, kind) => {
    const world = await identityWorld(t, kind);
    const { identity } = world;
    const denial = await makeRole(world, "no-cancel", [scope(["-controller:runs:cancel"])]);
    await makeAccount(world, "alice", ["it_operator", "no-cancel"]);
    const refused = await refusalOf(identity.editRole(owner, denial, { scopes: [] }));
    assert.equal(refused.code, "identity.confirmation-needed");
    assert.match(refused.message, /`alice` is no longer denied `controller:runs:cancel`/);
    assert.ok(await identity.findRole("no-cancel"));
    assert.deepEqual(rulesOf(await identity.editRole(owner, denial, { scopes: [scope(["manager:view"])] })), ["denial.lifted"]);
    const folders = await makeRole(world, "demo", [scope(["manager:view"], ["/demo"])]);
    await makeAccount(world, "bob", ["it_operator", "demo"]);
    assert.equal((await refusalOf(identity.editRole(owner, folders, { scopes: [] }))).code, "identity.confirmation-needed");
    assert.equal((await identity.editRole(owner, folders, { scopes: [] }, { confirm: true })).role, null);
  },
);

onBothStores("E1, D89: the first folder of a role that someone holds narrows him, and that is said with his name", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const id = await makeRole(world, "ops", [scope(["manager:view", "controller"])]);
  await makeAccount(world, "alice", ["ops"]);
  const outcome = await world.identity.editRole(owner, id, { scopes: [scope(["manager:view", "controller"], ["/finance"])] });
  assert.deepEqual(rulesOf(outcome), ["folders.narrowed"]);
  assert.match(outcome.notices[0]?.text ?? "", /`alice`/);
});

test("D69, D90, E3: folders of a role nobody holds, and denials beside folders, are warnings", async (t) => {
  const world = await identityWorld(t);
  const outcome = await world.identity.createRole(owner, { name: "x", scopes: [scope(["manager:view", "-controller:restart"], ["/a"])] });
  assert.deepEqual(rulesOf(outcome).toSorted(), ["role.denial-everywhere", "role.folders-unassigned"]);
});

onBothStores("2.6: concurrent edits of a role: the second from one revision is refused", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const id = await makeRole(world, "ops", [scope(["manager:view"])]);
  const results = await Promise.allSettled([
    world.identity.editRole(owner, id, { scopes: [scope(["controller"])] }, { revision: 1 }),
    world.identity.editRole(owner, id, { scopes: [scope(["manager"])] }, { revision: 1 }),
  ]);
  assert.deepEqual(results.map((result) => result.status).toSorted(), ["fulfilled", "rejected"]);
  assert.equal((await world.identity.getRole(id)).revision, 2);
  assert.equal((await refusalOf(world.identity.deleteRole(owner, id, { revision: 1 }))).code, "identity.revision-conflict");
});

test("unknown permissions, malformed folders and a controller named twice are refused and change nothing", async (t) => {
  const world = await identityWorld(t);
  const bad = (scopes: readonly RoleScope[]): Promise<{ code: string; message: string; hint: string }> =>
    refusalOf(world.identity.createRole(owner, { name: "x", scopes }));
  const unknown = await bad([
    { controller: "default", permissions: [{ permission: "controller:runs:creat", denied: false }], folders: [] },
  ]);
  assert.match(`${unknown.message} ${unknown.hint}`, /controller:runs:create/);
  assert.ok(
    await bad([
      {
        controller: "default",
        permissions: [{ permission: "manager:view", denied: false }],
        folders: [{ path: "/a/../b", recursive: true }],
      },
    ]),
  );
  assert.equal((await bad([scope(["manager:view"], [], "main"), scope(["manager:view"], [], "main")])).code, "input.invalid-value");
  assert.equal(await world.identity.findRole("x"), null);
});

onBothStores("definitions: applying a role makes it, and applying it again replaces what it holds", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const { identity } = world;
  const made = await identity.applyRole(owner, { service: "LOCAL-INITIAL", name: "ops", scopes: [scope(["manager:view"])] });
  const again = await identity.applyRole(owner, { service: "LOCAL-INITIAL", name: "Ops", scopes: [scope(["controller"])] });
  assert.deepEqual([again.role?.id, again.role?.name, again.role?.scopes], [made.role?.id, "Ops", [scope(["controller"])]]);
});

onBothStores("2.5: a change of a role decides the very next question", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const { identity } = world;
  const id = await makeRole(world, "ops", [scope(["manager:view"])]);
  const { accessId } = await makeAccount(world, "alice", ["ops"]);
  const ask = async (permission: string): Promise<string> => {
    const principal = await identity.principalOf(accessId);
    return principal === null ? "nobody" : decide({ permission }, principal.access).effect;
  };
  assert.deepEqual([await ask("manager:view"), await ask("controller:restart")], ["permit", "deny"]);
  await identity.editRole(owner, id, { scopes: [scope(["controller"])] });
  assert.deepEqual([await ask("manager:view"), await ask("controller:restart")], ["deny", "permit"]);
});

test("2.11: changes of roles are in the audit with what was there before", async (t) => {
  const world = await identityWorld(t);
  const id = await makeRole(world, "ops", [scope(["manager:view"])]);
  await world.identity.editRole(owner, id, { scopes: [scope(["controller"])] });
  await world.identity.deleteRole(owner, id);
  for (const action of ["role.create", "role.edit", "role.delete"])
    assert.deepEqual(
      (await auditRecords(world, action)).map((record) => record.phase),
      ["opened", "completed"],
      action,
    );
  const detail = JSON.parse((await auditRecords(world, "role.edit"))[0]?.detail ?? "{}") as { before: RoleScope[]; scopes: RoleScope[] };
  assert.deepEqual(
    [detail.before[0]?.permissions[0]?.permission, detail.scopes[0]?.permissions[0]?.permission],
    ["manager:view", "controller"],
  );
});
