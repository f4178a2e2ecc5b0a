/** The laws of MAY over random worlds; `BEHALF_TEST_LONG=1` is the long mode. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { compileAccess, type CompiledAccess } from "#access/compile.ts";
import { decide } from "#access/decide.ts";
import { explain } from "#access/explain.ts";
import { gatherFindings } from "#access/findings.ts";
import type { FolderPool } from "#access/folder-index.ts";
import { decideLogin } from "#access/decide-login.ts";
import { folderVisibility, mayKnow } from "#access/may-know.ts";
import { leafOf } from "#access/permissions.ts";
import type { Actor, Grant, Question, Role, RoleScope } from "#access/question.ts";
import { smallestChange, type Change } from "#access/smallest-change.ts";
import {
  arbitraryActor,
  arbitraryGrant,
  arbitraryQuestion,
  arbitraryRoles,
  naiveWorldCount,
  worldCount,
} from "#test/worlds/arbitrary-worlds.ts";
import { naiveFolderShows, naiveLogin, naiveMay, naiveMayKnow } from "#test/worlds/naive-may.ts";

const answer = (question: Question, actor: Actor): "permit" | "deny" => decide(question, compileAccess(actor)).effect;
const runs = { numRuns: worldCount };
const fewer = { numRuns: Math.ceil(worldCount / 3) };
/** Questions per world: compiling once and asking several is nearer to use, and quicker. */
const questions = fc.array(arbitraryQuestion, { minLength: 1, maxLength: 4 });

test("D75-D99: the engine, the explanation and the naive second implementation agree", () => {
  const met = { permit: 0, deny: 0 };
  fc.assert(
    fc.property(arbitraryActor, questions, (actor, asked) => {
      const access = compileAccess(actor);
      for (const question of asked) {
        const verdict = decide(question, access);
        met[verdict.effect] += 1;
        assert.equal(verdict.effect, naiveMay(question, actor), `naive: ${verdict.because.text}`);
        const tree = explain(question, actor);
        assert.equal(tree.rule, verdict.because.rule);
        assert.equal(tree.facts?.["effect"], verdict.effect);
        for (const fact of ["role", "service", "scope", "permission", "folder", "folderRole", "folderScope"])
          assert.equal(tree.facts?.[fact], verdict.because.facts?.[fact], fact);
      }
    }),
    { numRuns: naiveWorldCount },
  );
  assert.ok(met.permit * 8 > met.deny, `the worlds are too dull: ${JSON.stringify(met)}`);
});

test("E11: not found exactly where no leaf is held on the object", () => {
  fc.assert(
    fc.property(arbitraryActor, questions, (actor, asked) => {
      const access = compileAccess(actor);
      for (const question of asked) {
        if (question.path === undefined) continue;
        const kind = leafOf(question.permission)?.object ?? "job";
        const isKnown = naiveMayKnow(question.path, kind, question.controller, actor);
        assert.equal(mayKnow(question.path, access, question.controller, kind), isKnown);
        const verdict = decide(question, access);
        if (verdict.effect === "permit" || verdict.because.rule === "may.folder") continue;
        assert.equal(verdict.problem.code, isKnown ? "access.denied" : "access.not-found");
      }
    }),
    fewer,
  );
});

test("D78, D93, E9: signing in, and how folders appear, are those of the naive implementation", () => {
  const codes = { permit: undefined, "no role": "access.no-role", "no permission": "access.no-permission" };
  const met = { content: 0, name: 0, nothing: 0 };
  fc.assert(
    fc.property(arbitraryActor, questions, (actor, asked) => {
      const access = compileAccess(actor);
      const login = decideLogin(access);
      assert.equal(login.effect === "deny" ? login.problem.code : undefined, codes[naiveLogin(actor)]);
      for (const { path, controller } of asked) {
        if (path === undefined) continue;
        const shows = naiveFolderShows(path, controller, actor);
        met[shows] += 1;
        assert.equal(folderVisibility(path, access, controller), shows, `${path} ${controller}`);
      }
    }),
    // Few worlds have a folder of which only the name shows.
    { numRuns: Math.max(500, fewer.numRuns) },
  );
  assert.ok(met.content > 0 && met.name > 0 && met.nothing > 0, JSON.stringify(met));
});

const withGrant = (actor: Actor, grant: Grant, roleAt: number, scopeAt: number): Actor => ({
  ...actor,
  roles: actor.roles.map((role, index) =>
    index !== roleAt % actor.roles.length
      ? role
      : {
          ...role,
          scopes: role.scopes.map((scope, at) =>
            at !== scopeAt % role.scopes.length ? scope : { ...scope, permissions: [...scope.permissions, grant] },
          ),
        },
  ),
});

test("E1: adding a permission grant never removes access, adding a denial never adds", () => {
  fc.assert(
    fc.property(arbitraryActor, arbitraryQuestion, arbitraryGrant, fc.nat(9), fc.nat(9), (actor, question, grant, roleAt, scopeAt) => {
      const before = answer(question, actor);
      const granted = answer(question, withGrant(actor, { ...grant, denied: false }, roleAt, scopeAt));
      const denied = answer(question, withGrant(actor, { ...grant, denied: true }, roleAt, scopeAt));
      assert.ok(before === "deny" || granted === "permit", "a grant removed access");
      assert.ok(before === "permit" || denied === "deny", "a denial added access");
    }),
    runs,
  );
});

/** The list in another order, which the keys choose. */
const shuffled = <T>(list: readonly T[], keys: readonly number[]): T[] =>
  list
    .map((item, index) => ({ item, key: keys[index % keys.length] ?? 0, index }))
    .toSorted((left, right) => left.key - right.key || right.index - left.index)
    .map(({ item }) => item);

const reordered = (actor: Actor, keys: readonly number[]): Actor => ({
  ...actor,
  roles: shuffled(actor.roles, keys).map((role) => ({
    ...role,
    scopes: shuffled(role.scopes, keys).map((scope) => ({
      ...scope,
      permissions: shuffled(scope.permissions, keys),
      folders: shuffled(scope.folders, keys),
    })),
  })),
});

test("D94: order never matters, neither for the answer nor for the reason that is named", () => {
  fc.assert(
    fc.property(arbitraryActor, arbitraryQuestion, fc.array(fc.nat(5), { minLength: 1, maxLength: 5 }), (actor, question, keys) => {
      const verdict = decide(question, compileAccess(actor));
      const other = decide(question, compileAccess(reordered(actor, keys)));
      assert.equal(other.effect, verdict.effect);
      assert.deepEqual(other.because, verdict.because);
    }),
    fewer,
  );
});

/** Every folder entry of every scope, as text. */
const foldersIn = (access: CompiledAccess): string[] => {
  const inPool = (pool: FolderPool | null): string[] =>
    pool === null
      ? []
      : [
          `root ${pool.root?.role.name ?? "none"}`,
          ...pool.entries.map(
            ({ path, recursive, role, scope }) => `${path} ${recursive} ${role.service} ${role.name} ${role.id} ${scope}`,
          ),
          ...inPool(pool.below),
        ];
  return [access.default, ...access.controllers.values()]
    .flatMap((scope) => inPool(scope.folders).map((text) => `${scope.controller}: ${text}`))
    .toSorted();
};

test("E12: an access made from the one before is the one made anew, after any changes of the roles", () => {
  const step = fc.record({
    at: fc.nat(40),
    what: fc.constantFrom("replace", "replace", "replace", "permissions", "permissions", "recursive", "rename", "remove", "swap"),
    other: fc.nat(40),
  });
  const changed = (
    roles: readonly Role[],
    pool: readonly Role[],
    { at, what, other }: { at: number; what: string; other: number },
  ): Role[] => {
    const index = roles.length === 0 ? 0 : at % roles.length;
    const old = roles[index];
    const given = pool[other % Math.max(1, pool.length)];
    if (old === undefined || given === undefined) return given === undefined ? [...roles] : [...roles, given];
    switch (what) {
      case "replace":
        return roles.with(index, { ...given, id: old.id });
      case "permissions":
        return roles.with(index, {
          ...old,
          scopes: old.scopes.map((scope, place) => ({ ...scope, permissions: given.scopes[place]?.permissions ?? [] })),
        });
      case "recursive":
        return roles.with(index, {
          ...old,
          scopes: old.scopes.map((scope) => ({
            ...scope,
            folders: scope.folders.map(({ path, recursive }) => ({ path, recursive: !recursive })),
          })),
        });
      case "rename":
        return roles.with(index, { ...old, name: given.name, service: given.service });
      case "remove":
        return roles.toSpliced(index, 1);
      default:
        return roles.with(index, given).with(other % roles.length, old);
    }
  };
  fc.assert(
    fc.property(
      arbitraryRoles(40),
      arbitraryRoles(6),
      fc.array(step, { minLength: 1, maxLength: 4 }),
      questions,
      (first, pool, steps, asked) => {
        let actor: Actor = { accessId: "user:test/ann", name: "ann", roles: first };
        let access = compileAccess(actor);
        for (const one of steps) {
          actor = { ...actor, roles: changed(actor.roles, pool, one) };
          access = compileAccess(actor, access);
          const anew = compileAccess(structuredClone(actor));
          assert.deepEqual(foldersIn(access), foldersIn(anew));
          for (const question of asked) {
            assert.deepEqual(decide(question, access), decide(question, anew));
            if (question.path !== undefined)
              assert.equal(mayKnow(question.path, access, question.controller), mayKnow(question.path, anew, question.controller));
          }
        }
      },
    ),
    { numRuns: Math.ceil(worldCount / 5) },
  );
});

test("E12: a role that was compiled cannot be changed behind the engine's back", () => {
  const role: Role = {
    id: "rol_r",
    service: "LOCAL",
    name: "r",
    scopes: [
      { controller: "default", permissions: [{ permission: "manager:view", denied: false }], folders: [{ path: "/a", recursive: true }] },
    ],
  };
  compileAccess({ accessId: "user:test/ann", name: "ann", roles: [role] });
  const parts: unknown[] = [role, role.scopes, ...role.scopes.flatMap((scope) => [scope, scope.permissions, scope.folders])];
  parts.push(...role.scopes.flatMap((scope) => [...scope.permissions, ...scope.folders]));
  for (const part of parts) assert.ok(Object.isFrozen(part));
});

const scopeIn = (role: Role, controller: string): readonly RoleScope[] =>
  role.scopes.some((scope) => scope.controller === controller)
    ? role.scopes
    : [...role.scopes, { controller, permissions: [], folders: [] }];

const applied = (actor: Actor, change: Change): Actor => {
  if (change.kind === "assign-role") {
    const role: Role = {
      id: "new",
      service: "LOCAL",
      name: "new",
      scopes: [{ controller: "default", permissions: [{ permission: change.permission, denied: false }], folders: [] }],
    };
    return { ...actor, roles: [...actor.roles, role] };
  }
  let isDone = false;
  const inScope = (scope: RoleScope): RoleScope => {
    if (scope.controller !== change.scope || isDone) return scope;
    switch (change.kind) {
      case "add-folder":
        isDone = true;
        return { ...scope, folders: [...scope.folders, { path: change.path, recursive: change.recursive }] };
      case "add-permission":
      case "add-denial":
        isDone = true;
        return { ...scope, permissions: [...scope.permissions, { permission: change.permission, denied: change.kind === "add-denial" }] };
      case "remove-permission":
      case "remove-denial": {
        const at = scope.permissions.findIndex(
          (grant) => grant.permission === change.permission && grant.denied === (change.kind === "remove-denial"),
        );
        if (at < 0) return scope;
        isDone = true;
        return { ...scope, permissions: scope.permissions.toSpliced(at, 1) };
      }
    }
  };
  return {
    ...actor,
    roles: actor.roles.map((role) =>
      role.id !== change.role.id
        ? role
        : { ...role, scopes: (change.kind.startsWith("add") ? scopeIn(role, change.scope) : role.scopes).map(inScope) },
    ),
  };
};

test("3.4: the smallest change really flips the answer, and every part of it is needed", () => {
  fc.assert(
    fc.property(arbitraryActor, arbitraryQuestion, (actor, question) => {
      const before = answer(question, actor);
      const { changes } = smallestChange(question, actor, gatherFindings(question, actor));
      if (changes.length === 0) {
        assert.ok(["may.folder-missing", "may.folder-malformed"].includes(decide(question, compileAccess(actor)).because.rule));
        return;
      }
      const leaf = leafOf(question.permission);
      // A question that is itself incomplete stays refused whatever the roles are.
      if (
        before === "deny" &&
        ((question.path === undefined && leaf?.object !== null) ||
          naiveMay(
            { ...question },
            {
              ...actor,
              roles: [
                {
                  id: "x",
                  service: "x",
                  name: "x",
                  scopes: [
                    {
                      controller: "default",
                      permissions: [
                        { permission: "manager", denied: false },
                        { permission: "controller", denied: false },
                      ],
                      folders: [],
                    },
                  ],
                },
              ],
            },
          ) === "deny")
      )
        return;
      assert.notEqual(answer(question, changes.reduce(applied, actor)), before);
      for (const left of changes)
        assert.equal(
          answer(question, changes.filter((change) => change !== left).reduce(applied, actor)),
          before,
          `${left.kind} was not needed`,
        );
    }),
    runs,
  );
});
