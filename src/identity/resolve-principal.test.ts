import assert from "node:assert/strict";
import { test } from "node:test";
import { decide } from "#access/decide.ts";
import { identityWorld, makeAccount, onBothStores, owner, ownerUid } from "#test/fixtures/identity.ts";

onBothStores("S11: the owner's `os:<uid>` is a principal with the administrator's access, any other uid is nobody", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const principal = await world.identity.osPrincipal(ownerUid);
  assert.ok(principal);
  assert.deepEqual(
    [principal.accessId, principal.name, principal.accountId, principal.amr, principal.authTime],
    [`os:${ownerUid}`, `os:${ownerUid}`, null, ["os"], Math.floor(world.clock.nowMs() / 1000)],
  );
  assert.equal(decide({ permission: "controller:terminate", controller: "main" }, principal.access).effect, "permit");
  for (const uid of [0, 1, 65534, ownerUid + 1, -1, Number.NaN, 1.5])
    assert.equal(await world.identity.osPrincipal(uid), null, String(uid));
});

onBothStores("S11: roles are given to and taken from `os:<uid>` like anyone's", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const { identity } = world;
  await identity.setOsRoles(owner, 2000, ["business_user"]);
  assert.deepEqual(
    (await identity.osPrincipal(2000))?.roles.map((role) => role.name),
    ["business_user"],
  );
  assert.deepEqual(await identity.listOsAccounts(), [
    { accessId: `os:${ownerUid}`, roles: ["administrator"] },
    { accessId: "os:2000", roles: ["business_user"] },
  ]);
  await identity.setOsRoles(owner, 2000, []);
  assert.equal(await identity.osPrincipal(2000), null);
});

onBothStores("S2: a principal is today's facts: disabled, deleted and changed accounts are seen by the next question", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const { identity } = world;
  const { id, accessId } = await makeAccount(world, "alice");
  const before = await identity.principalOf(accessId);
  assert.deepEqual(
    [before?.name, before?.service, before?.accountId, before?.amr, before?.authTime],
    ["alice", "LOCAL-INITIAL", id, [], 0],
  );
  await identity.editAccount(owner, id, { name: "alicia", groups: ["finance"], roles: ["business_user"] });
  const after = await identity.principalOf(accessId);
  assert.deepEqual([after?.name, after?.groups, after?.roles.map((role) => role.name)], ["alicia", ["finance"], ["business_user"]]);
  await identity.editAccount(owner, id, { disabled: true });
  assert.equal(await identity.principalOf(accessId), null);
  await identity.editAccount(owner, id, { disabled: false });
  assert.ok(await identity.principalOf(accessId));
  await identity.deleteAccount(owner, id);
  assert.equal(await identity.principalOf(accessId), null);
});

test("what is no access ID of this realm is nobody", async (t) => {
  const world = await identityWorld(t);
  const { id } = await makeAccount(world, "alice");
  for (const accessId of [
    "",
    "alice",
    id,
    `user:other/${id}`,
    `user:corp/x/${id}`,
    "user:corp/alice",
    "user:corp/",
    "os:",
    "os:01",
    "os:-1",
    "os:1e3",
    `os:${ownerUid} `,
    "part:manager",
    `role:${id}`,
    "group:finance",
  ])
    assert.equal(await world.identity.principalOf(accessId), null, accessId);
});

test("2.5: compiled access is kept until the policy changes", async (t) => {
  const world = await identityWorld(t);
  const { accessId } = await makeAccount(world, "alice");
  const one = await world.identity.principalOf(accessId);
  const two = await world.identity.principalOf(accessId);
  assert.ok(one);
  assert.equal(one.access, two?.access);
  const revision = await world.identity.policyRevision();
  await makeAccount(world, "bob");
  assert.equal(await world.identity.policyRevision(), revision + 1);
  assert.notEqual((await world.identity.principalOf(accessId))?.access, one.access);
});

onBothStores("2.5: a change by another manager on the same database is seen after at most 250 ms", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const other = await world.another();
  const { id, accessId } = await makeAccount(world, "alice");
  assert.equal((await other.identity.principalOf(accessId))?.name, "alice");
  await world.identity.editAccount(owner, id, { name: "alicia" });
  world.clock.advance(250);
  assert.equal((await other.identity.principalOf(accessId))?.name, "alicia");
});

onBothStores("E12: a role is what its row says now, whoever wrote it and whatever its revision says", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const { identity, store } = world;
  const { accessId } = await makeAccount(world, "alice", ["application_manager"]);
  const other = await makeAccount(world, "bob", ["application_manager", "business_user"]);
  const may = async (who: string): Promise<string | undefined> => {
    const principal = await identity.principalOf(who);
    return principal === null ? undefined : decide({ permission: "manager:cluster:manage" }, principal.access).effect;
  };
  assert.deepEqual([await may(accessId), await may(other.accessId)], ["permit", "permit"]);
  assert.equal((await identity.principalOf(accessId))?.roles[0], (await identity.principalOf(other.accessId))?.roles[0], "one object");
  // Behind the back of the use-cases: the row's revision stays, as in a restored copy.
  const scopes = '[{"controller":"default","permissions":[{"permission":"manager:view","denied":false}],"folders":[]}]';
  await store.write(async (tx) => void (await tx.updateTable("roles").set({ scopes }).where("name", "=", "application_manager").execute()));
  // Any change raises the policy revision.
  await makeAccount(world, "carol");
  assert.deepEqual([await may(accessId), await may(other.accessId)], ["deny", "deny"]);
});

test("E12: roles that cannot be read deny everything", async (t) => {
  const world = await identityWorld(t);
  const { accessId } = await makeAccount(world, "alice", ["administrator"]);
  await world.store.write(
    async (tx) =>
      void (await tx.updateTable("roles").set({ scopes: '[{"controller":"default"}]' }).where("name", "=", "administrator").execute()),
  );
  const principal = await world.identity.principalOf(accessId);
  assert.ok(principal);
  assert.equal(decide({ permission: "manager:view" }, principal.access).effect, "deny");
});

test("many questions at once, during a change, never leave an older answer behind", async (t) => {
  const world = await identityWorld(t);
  const { identity } = world;
  const { id, accessId } = await makeAccount(world, "alice");
  const changing = { done: false };
  const asking = (async () => {
    while (!changing.done) {
      await Promise.all(Array.from({ length: 5 }, () => identity.principalOf(accessId)));
      // Cached answers never leave the microtask queue; the change needs its turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  try {
    for (let index = 0; index < 20; index += 1) {
      await identity.editAccount(owner, id, { groups: [`g${index}`] });
      assert.deepEqual((await identity.principalOf(accessId))?.groups, [`g${index}`]);
    }
  } finally {
    changing.done = true;
    await asking;
  }
});
