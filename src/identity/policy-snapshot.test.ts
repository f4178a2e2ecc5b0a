/** What a capture leaves out changes nothing: any steps, compared in part and in whole, gain and lose the same. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { simulate } from "#access/simulate.ts";
import { openAccounts } from "#identity/accounts.ts";
import type { IdentityContext } from "#identity/identity-context.ts";
import { openPasswordHasher } from "#identity/password-hash.ts";
import { openPolicyRevision } from "#identity/policy-revision.ts";
import { loadPolicy, PolicyCapture } from "#identity/policy-snapshot.ts";
import { openRoles } from "#identity/roles.ts";
import { defaultIdentitySettings } from "#identity/rules/identity-settings.ts";
import { silentLog } from "#kernel/log.ts";
import { ProblemError } from "#kernel/problem.ts";
import { identityWorld, makeAccount, onBothStores, owner, quickHashing, realm } from "#test/fixtures/identity.ts";

const accountNames = ["ann", "bob", "cid", "new"] as const;
const roleNames = ["r", "s", "t", "u"] as const;
const permissions = fc.subarray(["manager:view", "controller:runs", "controller:runs:view", "-controller:runs:view", "manager:nodes"], {
  minLength: 1,
});
const folders = fc.subarray(["/a", "/b/*"]);
const roles = fc.subarray(roleNames.slice(0, 3));

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ what: fc.constant("role" as const), name: fc.constantFrom(...roleNames), permissions, folders }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("delete-role" as const), name: fc.constantFrom(...roleNames) }) },
  {
    weight: 4,
    arbitrary: fc.record({ what: fc.constant("account" as const), name: fc.constantFrom(...accountNames), roles, disabled: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("delete-account" as const), name: fc.constantFrom(...accountNames) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("os" as const), uid: fc.constantFrom(7, 8), roles }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

onBothStores("3.5: a change compared only as far as it goes gains and loses what the whole comparison does", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const settings = { ...defaultIdentitySettings, ...quickHashing };
  const base: IdentityContext = {
    ...world,
    log: silentLog,
    realm,
    settings,
    hasher: openPasswordHasher(settings),
    policy: openPolicyRevision(world.store, world.clock),
  };
  const scopesOf = (given: readonly string[], at: readonly string[]) => [
    {
      controller: "default",
      permissions: given.map((text) => ({ permission: text.replace(/^-/, ""), denied: text.startsWith("-") })),
      folders: at.map((text) => ({ path: text.replace("/*", ""), recursive: text.endsWith("/*") })),
    },
  ];
  const service = "LOCAL-INITIAL";
  /** What earlier steps deleted is there again. */
  const refill = async (): Promise<void> => {
    for (const name of roleNames.slice(0, 3))
      if ((await world.identity.findRole(name)) === null)
        await world.identity.applyRole(owner, { service, name, scopes: scopesOf(["manager:view", "controller:runs"], []) });
    for (const name of accountNames.slice(0, 3))
      if ((await world.identity.findAccount(name)) === null) await makeAccount(world, name, ["r", "s"]);
  };
  let changed = 0;

  const run = async (context: IdentityContext, one: Step): Promise<unknown> => {
    const accounts = openAccounts(context);
    const roomOfRoles = openRoles(context);
    if (one.what === "role")
      return await roomOfRoles.applyRole(owner, { service, name: one.name, scopes: scopesOf(one.permissions, one.folders) });
    if (one.what === "os") return await accounts.setOsRoles(owner, one.uid, one.roles);
    if (one.what === "account") {
      const { name, roles: held, disabled } = one;
      return await accounts.applyAccount(owner, { service, name, roles: held, groups: [], disabled });
    }
    const found = one.what === "delete-role" ? await roomOfRoles.findRole(one.name) : await accounts.findAccount(one.name);
    if (found === null) return null;
    return one.what === "delete-role" ? await roomOfRoles.deleteRole(owner, found.id) : await accounts.deleteAccount(owner, found.id);
  };

  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
      await refill();
      const capture = new PolicyCapture(realm.name, owner.accessId);
      const before = await loadPolicy(world.store.read, realm.name);
      for (const one of steps) {
        try {
          await run({ ...base, together: { notices: [], capture } }, one);
        } catch (error) {
          // A role that an earlier step deleted; what was touched for nothing changes nothing.
          if (!(error instanceof ProblemError)) throw error;
        }
      }
      const whole = simulate(before, await loadPolicy(world.store.read, realm.name)).changed;
      // Whom a policy test names is looked at, and nobody else changes by it.
      const named = [...before.holders.values()].map(({ name }) => name);
      const { after } = await world.store.write((tx) => capture.after(tx, named));
      assert.deepEqual(simulate(capture.before(), after).changed, whole);
      changed += whole.length;
    }),
    { numRuns: 40 },
  );
  assert.ok(changed > 20, `only ${changed} accounts changed`);
});
