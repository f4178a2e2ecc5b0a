/** Cases of policy tests: how they are written, and when they hold. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { compileAccess } from "#access/compile.ts";
import { decide } from "#access/decide.ts";
import { comparablePath } from "#access/folders.ts";
import { leafOf } from "#access/permissions.ts";
import { readCase, readCaseLine, renderCase, runPolicyTest, type CaseResult, type TestedPolicy } from "#access/policy-test.ts";
import type { Actor, Role } from "#access/question.ts";
import { arbitraryActor, arbitraryQuestion, worldCount } from "#test/worlds/arbitrary-worlds.ts";

const grants = (...permissions: string[]): Role["scopes"][number]["permissions"] =>
  permissions.map((text) => ({ permission: text.replace(/^-/, ""), denied: text.startsWith("-") }));
const closer: Role = {
  id: "rol_1",
  service: "LOCAL",
  name: "closer",
  scopes: [
    { controller: "default", permissions: grants("manager:view", "controller:runs"), folders: [{ path: "/finance", recursive: true }] },
    { controller: "north", permissions: grants("-controller:runs:cancel"), folders: [] },
  ],
};
const holders: Readonly<Record<string, { readonly roles: readonly Role[]; readonly enabled: boolean }>> = {
  clerk: { roles: [closer], enabled: true },
  leaver: { roles: [closer], enabled: false },
};
const tested: TestedPolicy = {
  findHolder: (actor) => {
    const found = holders[actor];
    return found === undefined ? null : { accessId: `user:test/${actor}`, name: actor, nameKey: actor, ...found };
  },
  findRole: (name) => (name === "closer" ? closer : null),
};

const run = (line: string): CaseResult => {
  const fields = readCaseLine(line);
  const read = fields.ok ? readCase(fields.value) : fields;
  if (!read.ok) return assert.fail(`${line}: ${read.problem.message}`);
  return runPolicyTest({ name: "t", description: null, cases: [read.value] }, tested).cases[0] ?? assert.fail();
};

test("3.6: a case in one line says who, what, where and why, and is told again in the same words", () => {
  for (const line of [
    "close-clerk may controller:runs:create on /finance/close-books",
    "os:1000 may not manager:administration:accounts:manage",
    "role closer may controller:runs:view on /finance/ of main because may.granted",
    "user:corp/acc_1 may not controller:runs:view on /hr/pay roll of main because closer",
  ]) {
    const fields = readCaseLine(line);
    const read = fields.ok ? readCase(fields.value) : fields;
    if (!read.ok) assert.fail(`${line}: ${read.problem.message}`);
    assert.equal(renderCase(read.value), line);
  }
  const other = readCaseLine("  clerk   mayNot controller:view ");
  assert.deepEqual(other.ok && other.value, { actor: "clerk", mayNot: "controller:view" });
});

test("3.6: a case that cannot be asked is a problem with a hint, not a case that passes", () => {
  const refused = (line: string): string => {
    const fields = readCaseLine(line);
    const read = fields.ok ? readCase(fields.value) : fields;
    return read.ok ? assert.fail(line) : `${read.problem.code} ${read.problem.at?.path ?? ""} ${read.problem.hint}`;
  };
  assert.match(refused("clerk can do everything"), /^input\.invalid-value {2}write it as `close-clerk may/);
  assert.match(refused("clerk may controller:runs:creat on /a/b"), /^access\.unknown-permission may .*controller:runs:create/);
  assert.match(refused("clerk may controller:runs on /a/b"), /^access\.not-a-leaf may /);
  assert.match(refused("clerk may controller:runs:create"), /^input\.invalid-value on /);
  assert.match(refused("clerk may not controller:runs:create on /a/../b"), /^input\.invalid-value on /);
  assert.match(refused("clerk may manager:nodes:view on /a/b"), /^input\.invalid-value on leave/);
  assert.match(refused("clerk may controller:runs:create on /a/b because may.odd"), /^input\.invalid-value because one of: may\.granted/);
  for (const fields of [{ may: "controller:view" }, { actor: "a", roles: ["b"], may: "controller:view" }, { actor: "a" }])
    assert.equal(readCase(fields).ok, false);
});

test("3.6: a case holds or fails with what was decided, by what, and what would mend it", () => {
  assert.equal(run("clerk may controller:runs:create on /finance/close").passed, true);
  const outside = run("clerk may controller:runs:create on /hr/pay");
  assert.deepEqual([outside.passed, outside.outcome, outside.because?.rule], [false, "decided-otherwise", "may.folder"]);
  assert.match(outside.change ?? "", /add the folder `\/hr` to role `closer`/);
  assert.equal(run("clerk may not controller:runs:create on /hr/pay because may.folder").passed, true);
  assert.deepEqual(run("clerk may not controller:runs:create on /hr/pay because may.denied").outcome, "other-reason");
  assert.equal(run("clerk may controller:runs:create on /finance/x because closer").passed, true);
  assert.equal(run("clerk may controller:runs:create on /finance/x because operator").outcome, "other-reason");
});

test("3.6: who is not there fails every case, who is disabled may nothing", () => {
  for (const line of ["ghost may controller:view", "ghost may not controller:view"]) assert.equal(run(line).outcome, "unknown-account");
  for (const line of ["role ghost may controller:view", "role ghost may not controller:view"])
    assert.equal(run(line).outcome, "unknown-role");
  assert.equal(run("leaver may not controller:runs:create on /finance/close").passed, true);
  assert.equal(run("leaver may controller:runs:create on /finance/close").because?.rule, "who.disabled");
  assert.equal(run("role closer may controller:runs:create on /finance/close").passed, true);
});

test("3.6, D95: without a controller a case must hold on every controller", () => {
  assert.equal(run("clerk may controller:runs:cancel on /finance/close of main").passed, true);
  assert.equal(run("clerk may not controller:runs:cancel on /finance/close of north").passed, true);
  const everywhere = run("clerk may controller:runs:cancel on /finance/close");
  assert.deepEqual([everywhere.passed, everywhere.because?.facts?.["controller"]], [false, "north"]);
  assert.equal(run("clerk may not controller:runs:cancel on /finance/close").passed, false);
});

test("3.6: a case that names its controller, or whose permission knows none, agrees with the engine in random worlds", () => {
  fc.assert(
    fc.property(arbitraryActor, arbitraryQuestion, (actor: Actor, question) => {
      const leaf = leafOf(question.permission);
      if ((leaf?.object === null) !== (question.path === undefined)) return;
      if (question.path !== undefined && comparablePath(question.path) === null) return;
      if (question.controller === undefined && leaf?.defaultScopeOnly !== true) return;
      const policy: TestedPolicy = {
        findHolder: () => ({ ...actor, nameKey: actor.name, enabled: true }),
        findRole: () => null,
      };
      const { effect } = decide(question, compileAccess(actor));
      for (const verb of ["may", "mayNot"] as const) {
        const read = readCase({ actor: "ann", [verb]: question.permission, on: question.path, controller: question.controller });
        if (!read.ok) return assert.fail(read.problem.message);
        const { passed } = runPolicyTest({ name: "t", description: null, cases: [read.value] }, policy);
        assert.equal(passed, (effect === "permit") === (verb === "may"));
      }
      return;
    }),
    { numRuns: Math.ceil(worldCount / 3) },
  );
});
