import assert from "node:assert/strict";
import { test } from "node:test";
import {
  auditRecords,
  goodPassword,
  identityWorld,
  makeAccount,
  onBothStores,
  owner,
  ownerUid,
  refusalOf,
  signIn,
  type IdentityWorld,
} from "#test/fixtures/identity.ts";

const rootOf = async (world: IdentityWorld): Promise<{ id: string; accessId: string; accountId: string }> => {
  const root = await world.identity.findAccount("root");
  assert.ok(root);
  return { id: root.id, accessId: root.accessId, accountId: root.id };
};

onBothStores("D64, D65: an account is made with name, password and roles, and listed with its roles", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const { account, initialPassword } = await world.identity.createAccount(owner, {
    name: "alice",
    password: goodPassword,
    roles: ["it_operator", "business_user"],
    groups: ["finance", "finance", "CN=Ops"],
  });
  assert.equal(initialPassword, null);
  assert.deepEqual(
    (await world.identity.listAccounts()).map((one) => [
      one.name,
      one.roles.map((role) => role.name),
      one.groups,
      one.mustChangePassword,
      one.disabled,
      one.revision,
    ]),
    [
      ["alice", ["business_user", "it_operator"], ["finance", "CN=Ops"], false, false, 1],
      ["root", ["administrator"], [], true, false, 1],
    ],
  );
  assert.equal(account.accessId, `user:corp/${account.id}`);
  assert.ok(!JSON.stringify(await world.identity.listAccounts()).includes("argon2"));
});

onBothStores("D30, D32: without a password an account gets a random one, shown once, to be changed at the first login", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const one = await world.identity.createAccount(owner, { name: "alice", roles: ["it_operator"] });
  const two = await world.identity.createAccount(owner, { name: "bob", password: "", roles: ["it_operator"] });
  assert.ok(one.initialPassword && two.initialPassword);
  assert.notEqual(one.initialPassword, two.initialPassword);
  assert.ok(one.account.mustChangePassword && two.account.mustChangePassword);
  assert.ok((await signIn(world, "alice", one.initialPassword)).mustChangePassword);
  assert.equal((await refusalOf(signIn(world, "alice", one.initialPassword))).code, "identity.wrong-credentials");
});

onBothStores("D30-D32: the initial password of the settings is used where there is one, and never becomes one's own", async (t, kind) => {
  const world = await identityWorld(t, kind, { initialPassword: "initial-of-this-house" });
  const made = await world.identity.createAccount(owner, { name: "alice", roles: ["it_operator"] });
  assert.equal(made.initialPassword, null);
  const session = await signIn(world, "alice", "initial-of-this-house");
  assert.ok(session.mustChangePassword);
  assert.equal(
    (await refusalOf(world.identity.changePassword({ sessionId: session.sessionId, current: null, next: "initial-of-this-house" }))).code,
    "identity.weak-password",
  );
  assert.ok(await world.identity.changePassword({ sessionId: session.sessionId, current: null, next: goodPassword }));
});

test("D33: the minimum length holds for the initial password of the settings too", async (t) => {
  assert.equal((await refusalOf(identityWorld(t, "sqlite", { initialPassword: "initial" }))).code, "input.invalid-value");
  await identityWorld(t, "sqlite", { initialPassword: "initial", minimumPasswordLength: 7 });
});

onBothStores("D31: reset gives a new initial password, ends the old one, and forces a change", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const { id } = await makeAccount(world, "alice");
  const reset = await world.identity.resetPassword(owner, id);
  assert.ok(reset.initialPassword);
  assert.equal((await refusalOf(signIn(world, "alice", goodPassword))).code, "identity.wrong-credentials");
  assert.ok((await signIn(world, "alice", reset.initialPassword)).mustChangePassword);
});

test("D32: an initial password that nobody used dies after its time", async (t) => {
  const world = await identityWorld(t);
  const made = await world.identity.createAccount(owner, { name: "alice", roles: ["it_operator"] });
  world.clock.advance(7 * 86_400_000);
  assert.equal((await refusalOf(signIn(world, "alice", made.initialPassword ?? ""))).code, "identity.password-expired");
});

test("D32: a reset lifts the delay that failures caused, so that the new password can be used at once", async (t) => {
  const world = await identityWorld(t);
  const { id } = await makeAccount(world, "alice");
  for (let failure = 0; failure < 3; failure += 1) await refusalOf(signIn(world, "alice", "wrong password"));
  const reset = await world.identity.resetPassword(owner, id);
  assert.ok(await signIn(world, "alice", reset.initialPassword ?? ""));
});

onBothStores("2.6: names are unique without regard to case, and keep their spelling", async (t, kind) => {
  const world = await identityWorld(t, kind);
  await makeAccount(world, "Müller");
  for (const name of ["müller", "MÜLLER", "Mu\u0308ller"])
    assert.equal((await refusalOf(world.identity.createAccount(owner, { name }))).code, "identity.name-taken");
  assert.equal((await refusalOf(world.identity.createAccount(owner, { name: "ROOT" }))).code, "identity.name-taken");
  assert.equal((await world.identity.findAccount("mÜLLER"))?.name, "Müller");
});

onBothStores("2.6: of many who make the same account at once one succeeds", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const other = kind === "postgres" ? await world.another() : world;
  const results = await Promise.allSettled(
    Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? world : other).identity.createAccount(owner, { name: "alice" })),
  );
  assert.equal(results.filter((result) => result.status === "fulfilled").length, 1);
  for (const result of results) if (result.status === "rejected") assert.match(String(result.reason), /identity\.name-taken/);
});

onBothStores("D66, D68: editing changes name, password, roles and groups; a deselected role is uncoupled, not deleted", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const { identity } = world;
  const { id, accessId } = await makeAccount(world, "alice", ["it_operator", "business_user"]);
  const edited = await identity.editAccount(owner, id, { name: "Alice2", roles: ["business_user"], groups: ["x"] }, { revision: 1 });
  assert.deepEqual(
    [edited.account.name, edited.account.roles.map((role) => role.name), edited.account.groups, edited.account.revision],
    ["Alice2", ["business_user"], ["x"], 2],
  );
  assert.ok(await identity.findRole("it_operator"));
  assert.equal(edited.account.accessId, accessId);
  await identity.editAccount(owner, id, { password: "another good passphrase" });
  assert.equal((await refusalOf(signIn(world, "alice2", goodPassword))).code, "identity.wrong-credentials");
  assert.ok(await signIn(world, "alice2", "another good passphrase"));
  assert.equal(
    (await identity.editAccount(owner, id, { password: "yet another passphrase", mustChangePassword: true })).account.mustChangePassword,
    true,
  );
  assert.equal((await refusalOf(identity.editAccount(owner, id, { roles: ["no-such-role"] }))).code, "identity.role-not-found");
  assert.deepEqual(
    (await identity.getAccount(id)).roles.map((role) => role.name),
    ["business_user"],
  );
});

onBothStores("2.6: concurrent edits: the second of two from one revision is refused and changes nothing", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const { id } = await makeAccount(world, "alice");
  const results = await Promise.allSettled([
    world.identity.editAccount(owner, id, { groups: ["one"] }, { revision: 1 }),
    world.identity.editAccount(owner, id, { groups: ["two"] }, { revision: 1 }),
  ]);
  assert.deepEqual(results.map((result) => result.status).toSorted(), ["fulfilled", "rejected"]);
  assert.equal((await world.identity.getAccount(id)).groups.length, 1);
  assert.equal((await refusalOf(world.identity.deleteAccount(owner, id, { revision: 1 }))).code, "identity.revision-conflict");
});

onBothStores("D66: a copy has roles and groups, an id and an initial password of its own", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const source = await world.identity.createAccount(owner, {
    name: "alice",
    password: goodPassword,
    roles: ["it_operator"],
    groups: ["finance"],
  });
  const copy = await world.identity.copyAccount(owner, source.account.id, "alan");
  assert.deepEqual([copy.account.roles, copy.account.groups], [source.account.roles, source.account.groups]);
  assert.notEqual(copy.account.id, source.account.id);
  assert.ok(copy.initialPassword);
  assert.equal((await refusalOf(signIn(world, "alan", goodPassword))).code, "identity.wrong-credentials");
});

onBothStores("E5: a deleted account's name, made again, is another person without the old one's roles", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const old = await makeAccount(world, "alice", ["administrator"]);
  await world.identity.deleteAccount(owner, old.id);
  assert.equal(await world.identity.principalOf(old.accessId), null);
  const fresh = await world.identity.createAccount(owner, { name: "alice" });
  assert.notEqual(fresh.account.accessId, old.accessId);
  assert.deepEqual(fresh.account.roles, []);
  assert.equal((await refusalOf(world.identity.deleteAccount(owner, old.id))).code, "identity.account-not-found");
});

onBothStores("2.6: the last enabled administrator cannot be removed, disabled or stripped, by anyone", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const { identity } = world;
  const root = await rootOf(world);
  const administrator = (await identity.findRole("administrator"))?.id ?? "";
  for (const attempt of [
    () => identity.deleteAccount(owner, root.id, { confirm: true }),
    () => identity.editAccount(owner, root.id, { disabled: true }, { confirm: true }),
    () => identity.editAccount(owner, root.id, { roles: ["it_operator"] }, { confirm: true }),
    () => identity.deleteRole(owner, administrator, { confirm: true }),
    () =>
      identity.editRole(
        owner,
        administrator,
        { scopes: [{ controller: "default", permissions: [{ permission: "controller", denied: false }], folders: [] }] },
        { confirm: true },
      ),
    () =>
      identity.editRole(
        owner,
        administrator,
        {
          scopes: [
            {
              controller: "default",
              permissions: [
                { permission: "manager", denied: false },
                { permission: "manager:administration:accounts", denied: true },
              ],
              folders: [],
            },
          ],
        },
        { confirm: true },
      ),
  ])
    assert.equal((await refusalOf(attempt())).code, "identity.last-administrator");
  assert.deepEqual(
    (await identity.getAccount(root.id)).roles.map((role) => role.name),
    ["administrator"],
  );
  // A disabled administrator is none; an enabled one is enough.
  const { id } = await makeAccount(world, "admin2", ["administrator"]);
  await identity.editAccount(owner, id, { disabled: true });
  assert.equal((await refusalOf(identity.deleteAccount(owner, root.id))).code, "identity.last-administrator");
  await identity.editAccount(owner, id, { disabled: false });
  await identity.deleteAccount(owner, root.id);
});

onBothStores("2.6: two administrators who strip each other at the same moment cannot lock everybody out", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const other = kind === "postgres" ? await world.another() : world;
  const root = await rootOf(world);
  const { id } = await makeAccount(world, "admin2", ["administrator"]);
  const results = await Promise.allSettled([
    world.identity.editAccount(owner, root.id, { roles: [] }),
    other.identity.editAccount(owner, id, { roles: [] }),
  ]);
  assert.deepEqual(results.map((result) => result.status).toSorted(), ["fulfilled", "rejected"]);
  assert.equal(
    (await world.identity.listAccounts()).filter((account) => account.roles.some((role) => role.name === "administrator")).length,
    1,
  );
});

onBothStores("2.6: who would disable, delete or strip himself is warned first", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const { identity } = world;
  const root = await rootOf(world);
  await makeAccount(world, "admin2", ["administrator"]);
  for (const attempt of [
    () => identity.editAccount(root, root.id, { disabled: true }),
    () => identity.editAccount(root, root.id, { roles: ["it_operator"] }),
    () => identity.deleteAccount(root, root.id),
  ])
    assert.equal((await refusalOf(attempt())).code, "identity.confirmation-needed");
  const stripped = await identity.editAccount(root, root.id, { roles: ["it_operator"] }, { confirm: true });
  assert.deepEqual(
    stripped.notices.map((one) => one.rule),
    ["self.loses-administration"],
  );
});

test("2.6: one's own password is changed with the current one, not set or reset by a session that was left open", async (t) => {
  const world = await identityWorld(t);
  const root = await rootOf(world);
  assert.equal(
    (await refusalOf(world.identity.editAccount(root, root.id, { password: goodPassword }))).code,
    "identity.wrong-current-password",
  );
  assert.equal((await refusalOf(world.identity.resetPassword(root, root.id))).code, "identity.wrong-current-password");
});

onBothStores("E1: giving a role with folders to an account that had none is said", async (t, kind) => {
  const world = await identityWorld(t, kind);
  await world.identity.createRole(owner, {
    name: "demo",
    scopes: [
      {
        controller: "default",
        permissions: [{ permission: "manager:view", denied: false }],
        folders: [{ path: "/demo", recursive: true }],
      },
    ],
  });
  const { id } = await makeAccount(world, "alice");
  const narrowed = await world.identity.editAccount(owner, id, { roles: ["it_operator", "demo"] });
  assert.deepEqual(
    narrowed.notices.map((one) => one.rule),
    ["folders.narrowed"],
  );
  assert.deepEqual(
    (await world.identity.editAccount(owner, id, { roles: ["it_operator"] })).notices.map((one) => one.rule),
    ["folders.opened"],
  );
});

onBothStores(
  "definitions: applying an account makes it, applying it again changes what differs, and a refused one changes nothing",
  async (t, kind) => {
    const world = await identityWorld(t, kind);
    const { identity } = world;
    const definition = { service: "LOCAL-INITIAL", name: "alice", roles: ["it_operator"], groups: ["finance"], disabled: false };
    const made = await identity.applyAccount(owner, definition);
    assert.ok(made.initialPassword);
    const again = await identity.applyAccount(owner, { ...definition, name: "Alice", roles: ["business_user"], disabled: true });
    assert.deepEqual(
      [again.account.id, again.account.name, again.account.disabled, again.initialPassword, again.account.roles.map((role) => role.name)],
      [made.account.id, "Alice", true, null, ["business_user"]],
    );
    assert.equal((await refusalOf(identity.applyAccount(owner, { ...definition, service: "OTHER" }))).code, "input.invalid-value");
    assert.equal((await refusalOf(identity.applyAccount(owner, { ...definition, groups: ["a\nb"] }))).code, "identity.invalid-name");
    assert.equal(
      (await refusalOf(identity.applyAccount(owner, { ...definition, name: "new-one", roles: ["nope"] }))).code,
      "identity.role-not-found",
    );
    assert.equal(await identity.findAccount("new-one"), null);
  },
);

test("2.11: every change is in the audit with its actor, refused ones too, and without secrets", async (t) => {
  const world = await identityWorld(t);
  const { id } = await makeAccount(world, "alice");
  await world.identity.editAccount(owner, id, { password: "another good passphrase" });
  await refusalOf(world.identity.editAccount(owner, id, { groups: ["x"] }, { revision: 99 }));
  await world.identity.resetPassword(owner, id);
  await world.identity.deleteAccount(owner, id);
  const phases = async (action: string): Promise<string[]> =>
    (await auditRecords(world, action)).map((record) => `${record.actor} ${record.phase}`);
  const actor = `os:${ownerUid}`;
  assert.deepEqual(await phases("account.create"), [`${actor} opened`, `${actor} completed`]);
  assert.deepEqual(await phases("account.edit"), [`${actor} opened`, `${actor} completed`, `${actor} opened`, `${actor} failed`]);
  assert.deepEqual(await phases("account.reset-password"), [`${actor} opened`, `${actor} completed`]);
  assert.deepEqual(await phases("account.delete"), [`${actor} opened`, `${actor} completed`]);
  const all = (await world.store.read.selectFrom("audit").select("detail").execute()).map((row) => row.detail).join("\n");
  assert.ok(!/argon2|passphrase/.test(all));
});

onBothStores(
  "3.8: an account that comes without a password lets nobody in and is not the administrator that must remain",
  async (t, kind) => {
    const world = await identityWorld(t, kind);
    const { identity } = world;
    const made = await identity.applyAccount(owner, {
      service: "LOCAL-INITIAL",
      name: "moved-here",
      roles: ["administrator"],
      groups: [],
      disabled: false,
      withoutPassword: true,
    });
    assert.deepEqual([made.initialPassword, made.account.hasPassword, made.account.passwordExpiresAtMs], [null, false, null]);
    const root = (await identity.findAccount("root")) ?? assert.fail();
    assert.equal((await refusalOf(identity.editAccount(owner, root.id, { roles: [] }))).code, "identity.last-administrator");
    assert.ok((await identity.resetPassword(owner, made.account.id)).initialPassword);
    await identity.editAccount(owner, root.id, { roles: [] });
  },
);
