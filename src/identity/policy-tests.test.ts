/** Policy tests and the guards of the policy, on real stores: whichever way the policy changes, they look before it lands. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PolicyTest } from "#access/policy-test.ts";
import { readPolicyTest, renderPolicyTest } from "#identity/schema.ts";
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

const testOf = (name: string, ...cases: readonly unknown[]): PolicyTest => {
  const read = readPolicyTest({ kind: "PolicyTest", name, cases });
  return read.ok ? read.value : assert.fail(read.problem.message);
};

/** An operator `clerk`, his role `closer`, an account of the system and a test that names all three. */
const worldWithTest = async (world: IdentityWorld): Promise<{ roleId: string; clerk: string }> => {
  const { identity } = world;
  const { role } = await identity.createRole(owner, {
    name: "closer",
    scopes: [
      {
        controller: "default",
        permissions: ["manager:view", "controller:runs"].map((permission) => ({ permission, denied: false })),
        folders: [{ path: "/finance", recursive: true }],
      },
    ],
  });
  const { id } = await makeAccount(world, "clerk", ["closer"]);
  await identity.setOsRoles(owner, 77, ["closer"]);
  await identity.applyPolicyTest(
    owner,
    testOf(
      "closing",
      "clerk may controller:runs:create on /finance/close",
      "clerk may not controller:runs:create on /hr/pay",
      "os:77 may controller:runs:view on /finance/close",
      "role closer may manager:view",
    ),
  );
  return { roleId: role?.id ?? assert.fail(), clerk: id };
};

onBothStores("3.6: a failing policy test blocks every way to change the policy, and nothing is changed", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const { identity } = world;
  const { roleId, clerk } = await worldWithTest(world);
  const facts = async (): Promise<string> =>
    JSON.stringify([
      await identity.listRoles(),
      await identity.listAccounts(),
      await identity.listOsAccounts(),
      await identity.listPolicyTests(),
    ]);
  const before = await facts();
  const scopes = (permissions: readonly string[], folder: string) => [
    {
      controller: "default",
      permissions: permissions.map((permission) => ({ permission, denied: false })),
      folders: [{ path: folder, recursive: true }],
    },
  ];
  const sure = { confirm: true };
  const attempts: Record<string, () => Promise<unknown>> = {
    "narrow a role": () => identity.editRole(owner, roleId, { scopes: scopes(["manager:view", "controller:runs"], "/other") }, sure),
    "rename a role that is named": () => identity.editRole(owner, roleId, { name: "closers" }, sure),
    "apply a role": () =>
      identity.applyRole(owner, { service: "LOCAL-INITIAL", name: "closer", scopes: scopes(["manager:view"], "/finance") }, sure),
    "delete a role": () => identity.deleteRole(owner, roleId, sure),
    "uncouple a role": () => identity.editAccount(owner, clerk, { roles: [] }, sure),
    "add a role that opens": () => identity.editAccount(owner, clerk, { roles: ["administrator"] }, sure),
    "disable an account": () => identity.editAccount(owner, clerk, { disabled: true }, sure),
    "rename an account that is named": () => identity.editAccount(owner, clerk, { name: "clerk2" }, sure),
    "delete an account": () => identity.deleteAccount(owner, clerk, sure),
    "apply an account": () =>
      identity.applyAccount(owner, { service: "LOCAL-INITIAL", name: "clerk", roles: [], groups: [], disabled: false }, sure),
    "roles of an account of the system": () => identity.setOsRoles(owner, 77, [], sure),
    "store another test that fails": () => identity.applyPolicyTest(owner, testOf("odd", "clerk may manager:nodes:view"), sure),
    "change a test so that it fails": () => identity.applyPolicyTest(owner, testOf("Closing", "clerk may manager:nodes:view"), sure),
  };
  for (const [what, attempt] of Object.entries(attempts)) {
    const refusal = await refusalOf(attempt());
    assert.equal(refusal.code, "policy.test-failed", what);
    assert.match(refusal.message, /policy test `\w+` would fail: `/, what);
  }
  assert.equal(await facts(), before);
  const gone = await refusalOf(identity.deleteAccount(owner, clerk, sure));
  assert.match(gone.message, /there is no account `clerk`/);
  assert.match(gone.hint, /in the same `behalf apply`, or delete it first with `behalf delete policytest closing`/);
  assert.deepEqual(gone.also?.length, 1, "every failing case is told");
  const records = await auditRecords(world, "account.delete");
  assert.ok(records.some((record) => record.phase === "failed" && record.detail.includes("policy.test-failed")));
  // What breaks nothing lands; without the test everything does.
  await identity.editAccount(owner, clerk, { groups: ["x"] });
  await identity.deletePolicyTest(owner, "CLOSING");
  await identity.deleteAccount(owner, clerk, sure);
});

onBothStores("3.6: the refusal says why only to who may ask about others", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const { identity } = world;
  const { clerk } = await worldWithTest(world);
  await identity.createRole(owner, {
    name: "keeper",
    scopes: [
      {
        controller: "default",
        permissions: ["manager:view", "manager:administration:accounts"].map((permission) => ({ permission, denied: false })),
        folders: [],
      },
    ],
  });
  const keeper = await makeAccount(world, "keeper", ["keeper"]);
  const doer = { accessId: keeper.accessId, accountId: keeper.id };
  const told = await refusalOf(identity.editAccount(owner, clerk, { roles: [] }));
  assert.match(told.message, /no role is assigned/);
  assert.notEqual(told.because, undefined);
  const untold = await refusalOf(identity.editAccount(doer, clerk, { roles: [] }));
  assert.equal(untold.message, "policy test `closing` would fail: `clerk may controller:runs:create on /finance/close`");
  assert.equal(untold.because, undefined);
});

onBothStores("3.6: a test and what would break it, at the same moment from two managers: one of them lands", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const other = kind === "postgres" ? await world.another() : world;
  const { id } = await makeAccount(world, "clerk");
  const results = await Promise.allSettled([
    world.identity.applyPolicyTest(owner, testOf("clerks", "clerk may controller:runs:create on /a/b")),
    other.identity.editAccount(owner, id, { roles: [] }),
  ]);
  assert.deepEqual(results.map((result) => result.status).toSorted(), ["fulfilled", "rejected"]);
  const kept = await world.identity.listPolicyTests();
  assert.equal(kept.length, results[0]?.status === "fulfilled" ? 1 : 0);
  assert.ok((await world.identity.runPolicyTests()).every((one) => one.passed));
});

onBothStores(
  "3.6: tests are kept with their revision, found in the fold of names, unchanged where nothing changes, and survive a restart",
  async (t, kind) => {
    const world = await identityWorld(t, kind);
    const { identity } = world;
    await worldWithTest(world);
    const again = await identity.findPolicyTest("CLOSING");
    assert.equal(again?.revision, 1);
    assert.equal(again.places, undefined, "it came from no document");
    const placed = { ...again, places: again.cases.map((_, index) => ({ file: "tests.yaml", line: 5 + index })) };
    assert.equal((await identity.applyPolicyTest(owner, placed)).change, "unchanged", "where it was written is no part of it");
    assert.deepEqual(
      (await identity.runPolicyTests())[0]?.cases.map((one) => one.source),
      ["tests.yaml:5", "tests.yaml:6", "tests.yaml:7", "tests.yaml:8"],
    );
    const same = readPolicyTest(renderPolicyTest(again ?? assert.fail()));
    assert.equal(same.ok && (await identity.applyPolicyTest(owner, same.value)).change, "unchanged");
    assert.equal((await identity.applyPolicyTest(owner, testOf("closing", "clerk may manager:view"))).test.revision, 2);
    assert.equal((await refusalOf(identity.deletePolicyTest(owner, "nothing"))).code, "policy.test-not-found");
    assert.equal((await refusalOf(identity.runPolicyTests(["nothing"]))).code, "policy.test-not-found");
    const reopened = await world.reopen();
    assert.deepEqual(
      (await reopened.identity.runPolicyTests()).map((one) => [one.name, one.passed]),
      [["closing", true]],
    );
  },
);

onBothStores("3.5: who would lose his own right to undo the change is asked first, whichever way he loses it", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const { identity } = world;
  const administrator = (await identity.findRole("administrator")) ?? assert.fail();
  // Another way to administer remains, so that nobody is locked out.
  await identity.createRole(owner, { name: "spare", scopes: administrator.scopes });
  await makeAccount(world, "spare", ["spare"]);
  const narrower = administrator.scopes.map((scope) => ({
    ...scope,
    permissions: [...scope.permissions, { permission: "manager:administration:accounts:manage", denied: true }],
  }));
  for (const attempt of [
    () => identity.editRole(owner, administrator.id, { scopes: narrower }),
    () => identity.deleteRole(owner, administrator.id),
    () => identity.setOsRoles(owner, ownerUid, []),
    () => identity.setOsRoles(owner, ownerUid, ["it_operator"]),
  ]) {
    const refusal = await refusalOf(attempt());
    assert.equal(refusal.code, "identity.confirmation-needed");
    assert.match(refusal.message, /you may no longer administer accounts yourself/);
  }
  const notices = await identity.setOsRoles(owner, ownerUid, ["it_operator"], { confirm: true });
  assert.deepEqual(
    notices.map((one) => one.rule),
    ["self.loses-administration"],
  );
});

test("3.5: signing in counts: who keeps the right but can no longer sign in is asked", async (t) => {
  const world = await identityWorld(t);
  const { identity } = world;
  const { id, accessId } = await makeAccount(world, "second", ["administrator"]);
  await signIn(world, "second", goodPassword);
  await identity.createRole(owner, {
    name: "no-entry",
    scopes: [{ controller: "default", permissions: [{ permission: "manager:view", denied: true }], folders: [] }],
  });
  const refusal = await refusalOf(identity.editAccount({ accessId, accountId: id }, id, { roles: ["administrator", "no-entry"] }));
  assert.equal(refusal.code, "identity.confirmation-needed");
});
