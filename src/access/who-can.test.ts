/** Who can, compared with `decide` account by account; `BEHALF_WORLDS=100000` is the long mode. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { compileAccess } from "#access/compile.ts";
import { decide } from "#access/decide.ts";
import { explain } from "#access/explain.ts";
import type { Question, Role } from "#access/question.ts";
import { whoCan, type RoleHolder } from "#access/who-can.ts";
import { arbitraryQuestion, arbitraryRoles, worldCount } from "#test/worlds/arbitrary-worlds.ts";
import { loadWorlds } from "#test/worlds/load-worlds.ts";

interface Account extends RoleHolder {
  readonly accessId: string;
}

const byDecide = (question: Question, accounts: readonly Account[], roles: readonly Role[]): string[] =>
  accounts
    .filter(({ accessId, roleIds }) => {
      const held = roleIds.map((id) => roles.find((role) => role?.id === id) as Role);
      return decide(question, compileAccess({ accessId, name: accessId, roles: held })).effect === "permit";
    })
    .map((account) => account.accessId);

const idsOf = (accounts: readonly Account[]): string[] => accounts.map((account) => account.accessId);

test("3.4: who can is exactly those whom `decide` permits, over random worlds", () => {
  const met = { some: 0, none: 0 };
  const holders = fc.array(fc.array(fc.nat(11), { maxLength: 5 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(arbitraryRoles(12), holders, fc.array(arbitraryQuestion, { minLength: 1, maxLength: 4 }), (roles, held, asked) => {
      const accounts = held.map((picks, index): Account => {
        const ids = picks.flatMap((pick) => roles[pick]?.id ?? []);
        return { accessId: `user:test/${index}`, roleIds: [...new Set(ids)] };
      });
      for (const question of asked) {
        const found = idsOf(whoCan(question, accounts, roles));
        met[found.length > 0 ? "some" : "none"] += 1;
        assert.deepEqual(found, byDecide(question, accounts, roles));
      }
    }),
    { numRuns: worldCount },
  );
  assert.ok(met.some * 6 > met.none, `the worlds are too dull: ${JSON.stringify(met)}`);
});

for (const world of loadWorlds())
  test(`3.4, ${world.rules.join(", ")}: who can agrees with ${world.file}`, () => {
    const accounts = world.actors.map(({ accessId, roles }): Account => ({ accessId, roleIds: roles.map((role) => role.id) }));
    for (const { actor, question, expect } of world.questions) {
      const found = idsOf(whoCan(question, accounts, world.roles));
      assert.equal(found.includes(actor.accessId), expect.expect === "permit", `${expect.who} ${expect.may} ${expect.on ?? ""}`);
      assert.deepEqual(found, byDecide(question, accounts, world.roles));
    }
  });

const roleOf = (id: string, controller: string, folders: readonly string[], permissions: readonly string[] = []): Role => ({
  id,
  service: "LOCAL",
  name: id,
  scopes: [
    {
      controller,
      permissions: permissions.map((permission) => ({ permission, denied: false })),
      folders: folders.map((path) => ({ path, recursive: controller === "default" })),
    },
  ],
});

test("D98: more than 32 folders on the way that the controller has of its own", () => {
  const on = (depth: number): string => `/${Array.from({ length: depth }, (_, index) => `s${index}`).join("/")}`;
  const all = Array.from({ length: 70 }, (_, index) => index + 1);
  const roles = [
    roleOf("may", "default", [], ["controller"]),
    ...all.map((depth) => roleOf(`general-${depth}`, "default", [on(depth)])),
    ...all.map((depth) => roleOf(`own-${depth}`, "main", [on(depth)])),
  ];
  const accounts = all.flatMap((depth): Account[] => [
    { accessId: `held-${depth}`, roleIds: ["may", `general-${depth}`, `own-${depth === 1 ? 2 : depth - 1}`] },
    { accessId: `replaced-${depth}`, roleIds: ["may", `general-${depth}`, `own-${depth}`] },
  ]);
  const question = { permission: "controller:runs:create", path: `${on(90)}/job`, controller: "main" };
  const found = idsOf(whoCan(question, accounts, roles));
  assert.deepEqual(
    found,
    all.map((depth) => `held-${depth}`),
  );
  assert.deepEqual(found, byDecide(question, accounts, roles));
});

test("E12: whoever holds a role that cannot be read, or is not there, is nobody who may", () => {
  const good = roleOf("good", "default", [], ["controller"]);
  const broken = { id: "broken", service: "LOCAL", name: "broken", scopes: null } as unknown as Role;
  const accounts: Account[] = [
    { accessId: "fine", roleIds: ["good"] },
    { accessId: "damaged", roleIds: ["good", "broken"] },
    { accessId: "dangling", roleIds: ["good", "gone"] },
    { accessId: "roleless", roleIds: [] },
  ];
  const question = { permission: "controller:view" };
  const roles = [good, broken, null as unknown as Role];
  assert.deepEqual(idsOf(whoCan(question, accounts, roles)), ["fine"]);
  assert.deepEqual(byDecide(question, accounts, roles), ["fine"]);
});

test("E12: a stored folder that is no path holds nothing and still limits", () => {
  for (const path of ["", "a", "/a/", "/a//b", "/zu\u0308"]) {
    const roles = [roleOf("all", "default", [path], ["controller"])];
    for (const asked of ["/a/x", "/a/", "/a/b/x", "/z\u00fc/x"]) {
      const question = { permission: "controller:runs:create", path: asked };
      const label = `${path} ${asked}`;
      assert.deepEqual(whoCan(question, [{ accessId: "all", roleIds: ["all"] }], roles), [], label);
      assert.deepEqual(byDecide(question, [{ accessId: "all", roleIds: ["all"] }], roles), [], label);
      assert.equal(explain(question, { accessId: "all", name: "all", roles }).rule, "may.folder", label);
    }
  }
});

test("E6, E9: nobody may what is no single permission, or is asked without a path that can be compared", () => {
  const accounts: Account[] = [{ accessId: "all", roleIds: ["all"] }];
  const roles = [roleOf("all", "default", [], ["manager", "controller"])];
  const asked: readonly Question[] = [
    { permission: "controller:runs" },
    { permission: "controller:runs:creat" },
    { permission: "controller:runs:create" },
    { permission: "controller:runs:create", path: "a" },
    { permission: "controller:view", path: "/../x" },
  ];
  for (const question of asked) {
    assert.deepEqual(whoCan(question, accounts, roles), []);
    assert.deepEqual(byDecide(question, accounts, roles), []);
  }
  assert.deepEqual(idsOf(whoCan({ permission: "controller:view", path: "/x" }, accounts, roles)), ["all"]);
});
