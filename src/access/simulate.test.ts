/** What-if over random pairs of worlds, and in the words that people read. `BEHALF_WORLDS=100000` is the long mode. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { compileAccess } from "#access/compile.ts";
import { decide } from "#access/decide.ts";
import { comparablePath, normaliseFolder } from "#access/folders.ts";
import { leafOf } from "#access/permissions.ts";
import type { Holder, Policy } from "#access/policy.ts";
import type { Actor, Question, Role } from "#access/question.ts";
import { isInRegion, renderRegion, simulate, type AccessChange, type HolderDifference } from "#access/simulate.ts";
import { loadWorlds } from "#test/worlds/load-worlds.ts";
import { arbitraryActor, arbitraryQuestion, worldCount } from "#test/worlds/arbitrary-worlds.ts";

const holderOf = (actor: Actor, enabled = true): Holder => ({ ...actor, nameKey: actor.name, enabled });
const policyOf = (...holders: readonly Holder[]): Policy => ({
  holders: new Map(holders.map((holder) => [holder.accessId, holder])),
  roles: new Map(holders.flatMap((holder) => holder.roles.map((role) => [role.id, role]))),
});

const covers = (change: AccessChange, question: Question): boolean => {
  if (question.permission !== change.permission && !question.permission.startsWith(`${change.permission}:`)) return false;
  const leaf = leafOf(question.permission);
  const controller = leaf?.defaultScopeOnly === true || question.controller === "default" ? undefined : question.controller;
  const isThere =
    change.controller === null
      ? controller === undefined || !change.exceptControllers.includes(controller)
      : change.controller === controller;
  if (!isThere) return false;
  return leaf?.object === null || isInRegion(change.region, comparablePath(question.path ?? "") ?? "");
};

const reported = (difference: HolderDifference | undefined, which: "gains" | "losses", question: Question): boolean =>
  difference?.[which].some((change) => covers(change, question)) ?? false;

test("3.5, D75-D98: a question is reported as gained or lost exactly where the engine answers it otherwise", () => {
  const met = { gains: 0, losses: 0, same: 0 };
  fc.assert(
    fc.property(arbitraryActor, arbitraryActor, fc.array(arbitraryQuestion, { minLength: 4, maxLength: 12 }), (was, is, asked) => {
      const { changed } = simulate(policyOf(holderOf(was)), policyOf(holderOf(is)));
      const [difference] = changed;
      for (const question of asked) {
        // Folders are no part of a permission without objects, and a path that is none is refused on both sides.
        if ((leafOf(question.permission)?.object === null) !== (question.path === undefined)) continue;
        if (question.path !== undefined && comparablePath(question.path) === null) continue;
        const before = decide(question, compileAccess(was)).effect;
        const after = decide(question, compileAccess(is)).effect;
        const label = JSON.stringify(question);
        assert.equal(reported(difference, "gains", question), before === "deny" && after === "permit", `gained: ${label}`);
        assert.equal(reported(difference, "losses", question), before === "permit" && after === "deny", `lost: ${label}`);
        met[before === after ? "same" : after === "permit" ? "gains" : "losses"] += 1;
      }
    }),
    { numRuns: Math.ceil(worldCount / 3) },
  );
  assert.ok(met.gains > worldCount / 6 && met.losses > worldCount / 6, `the worlds are too dull: ${JSON.stringify(met)}`);
});

for (const world of loadWorlds()) {
  test(`3.5, ${world.rules.join(", ")}: between any two actors of the world (${world.file})`, () => {
    for (const was of world.actors) {
      for (const is of world.actors) {
        // The same account, with the roles of the one before and of the other after.
        const [difference] = simulate(policyOf(holderOf({ ...was, accessId: "a" })), policyOf(holderOf({ ...is, accessId: "a" }))).changed;
        for (const { question } of world.questions) {
          const leaf = leafOf(question.permission);
          if (leaf === undefined || (leaf.object === null) !== (question.path === undefined)) continue;
          if (question.path !== undefined && comparablePath(question.path) === null) continue;
          const [before, after] = [decide(question, compileAccess(was)).effect, decide(question, compileAccess(is)).effect];
          const label = `${was.name} -> ${is.name}: ${JSON.stringify(question)}`;
          assert.equal(reported(difference, "gains", question), before === "deny" && after === "permit", `gained: ${label}`);
          assert.equal(reported(difference, "losses", question), before === "permit" && after === "deny", `lost: ${label}`);
        }
      }
    }
  });
}

test("3.5: a policy compared with itself, or with its roles in another order, changes nothing for anybody", () => {
  fc.assert(
    fc.property(arbitraryActor, (actor) => {
      const turned = { ...actor, roles: actor.roles.toReversed() };
      assert.deepEqual(simulate(policyOf(holderOf(actor)), policyOf(holderOf(turned))).changed, []);
    }),
    { numRuns: Math.ceil(worldCount / 10) },
  );
});

const role = (name: string, permissions: readonly string[], folders: readonly string[] = [], controller = "default"): Role => ({
  id: `rol_${name}`,
  service: "LOCAL",
  name,
  scopes: [
    {
      controller,
      permissions: permissions.map((text) => ({ permission: text.replace(/^-/, ""), denied: text.startsWith("-") })),
      folders: folders.map((text) => {
        const read = normaliseFolder(text);
        if (!read.ok) throw new Error(text);
        return read.value;
      }),
    },
  ],
});
const ann = (...roles: readonly Role[]): Holder => holderOf({ accessId: "user:test/ann", name: "ann", roles });

/** `+` gained, `-` lost. */
const said = (was: Holder | null, is: Holder | null): string[] => {
  const { changed } = simulate(policyOf(...(was === null ? [] : [was])), policyOf(...(is === null ? [] : [is])));
  const line = (sign: string, { permission, controller, exceptControllers, region }: AccessChange): string => {
    const places = renderRegion(region);
    return [
      `${sign}${permission}`,
      ...(controller === null ? exceptControllers.map((name) => `not ${name}`) : [`of ${controller}`]),
      ...(places === null ? [] : [`on ${places.folders.join(" ")}`, ...places.except.map((text) => `but ${text}`)]),
    ].join(" ");
  };
  return changed.flatMap(({ gains, losses }) => [...gains.map((one) => line("+", one)), ...losses.map((one) => line("-", one))]);
};

test("3.5: a whole branch is one line, also with leaves that are not about folders", () => {
  const all = role("all", ["controller"]);
  assert.deepEqual(said(ann(), ann(all)), ["+controller"]);
  assert.deepEqual(said(ann(), ann(role("in", ["controller"], ["/finance/*"]))), ["+controller on /finance/*"]);
  assert.deepEqual(
    said(ann(role("one", ["controller:runs:view"])), ann(role("one", ["controller:runs:view"]), role("two", ["controller:runs"]))).length >
      1,
    true,
  );
  assert.deepEqual(said(ann(all), ann(role("all", ["controller", "-controller:restart"]))), ["-controller:restart"]);
});

test("E1, D89: a first folder takes all others, and the answer says what is cut out", () => {
  const free = role("free", ["controller:jobs:view"]);
  assert.deepEqual(said(ann(free), ann(free, role("hr", [], ["/hr/*"]))), ["-controller:jobs:view on /* but /hr/*"]);
  assert.deepEqual(said(ann(role("r", ["controller:jobs:view"], ["/a"])), ann(role("r", ["controller:jobs:view"], ["/a/*"]))), [
    "+controller:jobs:view on /a/*/*",
  ]);
  assert.deepEqual(said(ann(role("r", ["controller:jobs:view"], ["/a/*"])), ann(role("r", ["controller:jobs:view"], ["/b", "/a/*"]))), [
    "+controller:jobs:view on /b",
  ]);
});

test("D85, D95: what changes for one controller only is said of that one", () => {
  const view = role("view", ["controller:jobs:view"]);
  assert.deepEqual(said(ann(view), ann(view, role("main", ["controller:runs"], [], "main"))), ["+controller:runs of main"]);
  assert.deepEqual(
    said(
      ann(role("main", ["controller:runs:view"], [], "main")),
      ann(role("main", ["controller:runs:view"], [], "main"), role("all", ["controller:runs:view"])),
    ),
    ["+controller:runs:view not main"],
  );
});

test("3.5: who is disabled or gone loses everything, a new one gains", () => {
  const view = role("view", ["manager:view"]);
  assert.deepEqual(said(ann(view), { ...ann(view), enabled: false }), ["-manager:view"]);
  assert.deepEqual(said(ann(view), null), ["-manager:view"]);
  assert.deepEqual(said(null, ann(view)), ["+manager:view"]);
});

test("E12: roles that cannot be read permit nothing, and comparing them throws nothing", () => {
  const damaged = { ...role("bad", ["manager:view"]), scopes: "?" as unknown as Role["scopes"] };
  assert.deepEqual(said(ann(role("view", ["manager:view"])), ann(damaged)), ["-manager:view"]);
});
