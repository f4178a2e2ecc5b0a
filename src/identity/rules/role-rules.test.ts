import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { compileAccess } from "#access/compile.ts";
import { decide } from "#access/decide.ts";
import type { Role } from "#access/question.ts";
import { folderDenialNotices, folderNotices, isEmptyRole, liftedDenials, unassignedFolderNotices } from "#identity/rules/role-rules.ts";
import { arbitraryActor, arbitraryQuestion, worldCount } from "#test/worlds/arbitrary-worlds.ts";
import { readScopes, renderScopes } from "#identity/rules/role-scopes.ts";

const role = (name: string, permissions: readonly string[], folders: readonly string[] = [], controller = "default"): Role => {
  const read = readScopes([{ controller, permissions, folders: folders.map((path) => ({ path, recursive: true })) }]);
  assert.ok(read.ok);
  return { id: `rol_${name}`, service: "LOCAL-INITIAL", name, scopes: read.value };
};
const rules = (notices: readonly { readonly rule: string }[]): string[] => notices.map((one) => one.rule);

const wide = role("wide", ["controller:runs"]);
const narrow = role("narrow", ["manager:view"], ["/demo"]);
const denying = role("denying", ["manager:view", "-controller:runs:cancel"]);

test("E1: a role with folders narrows an account that had none, and that is said", () => {
  const notices = folderNotices("alice", [wide], [wide, narrow]);
  assert.deepEqual(rules(notices), ["folders.narrowed"]);
  assert.match(notices[0]?.text ?? "", /`alice` could reach every folder and now only `\/demo`/);
});

test("E1: a first role, a further folder and a role without folders narrow nothing", () => {
  assert.deepEqual(folderNotices("alice", [], [narrow]), []);
  assert.deepEqual(folderNotices("alice", [narrow], [narrow, role("more", [], ["/other"])]), []);
  assert.deepEqual(folderNotices("alice", [narrow], [narrow, wide]), []);
});

test("D98, E1: what narrows at one controller only is said with its name", () => {
  const here = role("here", ["controller:view"], ["/demo"], "main");
  const [notice, ...more] = folderNotices("alice", [wide], [wide, here]);
  assert.deepEqual(more, []);
  assert.equal(notice?.text, "`alice` could reach every folder of controller `main` and now only `/demo`");
  const bare = { ...here, scopes: here.scopes.map((scope) => ({ ...scope, folders: [{ path: "/demo", recursive: false }] })) };
  assert.deepEqual(
    folderNotices("alice", [narrow], [narrow, bare]).map((one) => one.text),
    ["`alice` loses a part of `/demo` of controller `main`: the controller's own entry stands there"],
  );
  assert.deepEqual(
    rules(folderNotices("alice", [wide, here], [wide, here, narrow])),
    ["folders.narrowed"],
    "limited there is not limited everywhere",
  );
  assert.deepEqual(rules(folderNotices("alice", [here, narrow], [here])), ["folders.opened"], "E5: open at every controller but one");
});

test("E1: whenever a further role without a denial takes something away, the notice says so", () => {
  const met = { narrowed: 0, silent: 0 };
  const further = arbitraryActor.filter(({ roles }) => roles.length > 0).map(({ roles }) => ({ ...roles[0], id: "rol_further" }) as Role);
  fc.assert(
    fc.property(arbitraryActor, further, fc.array(arbitraryQuestion, { minLength: 1, maxLength: 6 }), (actor, added, questions) => {
      const harmless = {
        ...added,
        scopes: added.scopes.map((scope) => ({ ...scope, permissions: scope.permissions.filter((one) => !one.denied) })),
      };
      if (actor.roles.length === 0) return;
      const after = [...actor.roles, harmless];
      const notices = folderNotices(actor.name, actor.roles, after);
      const [before, then] = [compileAccess(actor), compileAccess({ ...actor, roles: after })];
      for (const question of questions) {
        if (decide(question, before).effect === "deny" || decide(question, then).effect === "permit") {
          met.silent += notices.length === 0 ? 1 : 0;
          continue;
        }
        met.narrowed += 1;
        assert.ok(rules(notices).includes("folders.narrowed"), `${JSON.stringify(question)} ${JSON.stringify(notices)}`);
      }
    }),
    // Few worlds may meet no narrowing at all.
    { numRuns: Math.max(300, Math.ceil(worldCount / 5)) },
  );
  assert.ok(met.narrowed > 0 && met.silent > 0, JSON.stringify(met));
});

test("E5: losing the last folder opens every folder, and that is said", () => {
  assert.deepEqual(rules(folderNotices("alice", [wide, narrow], [wide])), ["folders.opened"]);
  assert.deepEqual(folderNotices("alice", [narrow], []), []);
});

test("E5: a lifted denial is said, unless another role still has it or no role is left", () => {
  assert.deepEqual(rules(liftedDenials("alice", [wide, denying], [wide])), ["denial.lifted"]);
  assert.deepEqual(liftedDenials("alice", [wide, denying], [{ ...denying, id: "rol_other" }]), []);
  assert.deepEqual(liftedDenials("alice", [denying], []), []);
});

test("D73, E5: a role is empty without permission and folder; a denial counts as a permission", () => {
  assert.ok(isEmptyRole([]));
  assert.ok(isEmptyRole([{ controller: "default", permissions: [], folders: [] }]));
  assert.ok(!isEmptyRole(denying.scopes));
  assert.ok(!isEmptyRole(role("folders", [], ["/demo"]).scopes));
});

test("E3: denials of a role with folders hold everywhere, and that is said", () => {
  assert.deepEqual(rules(folderDenialNotices("x", role("x", ["-controller:runs:cancel"], ["/demo"]).scopes)), ["role.denial-everywhere"]);
  assert.deepEqual(folderDenialNotices("x", denying.scopes), []);
});

test("D69, D90: folders of a role that nobody holds are a warning", () => {
  assert.deepEqual(rules(unassignedFolderNotices("x", narrow.scopes, 0)), ["role.folders-unassigned"]);
  assert.deepEqual(unassignedFolderNotices("x", narrow.scopes, 1), []);
});

test("scopes: order is kept, doubles are dropped, every wrong entry is named with its place", () => {
  const texts = [
    {
      controller: "default",
      permissions: ["controller:runs:view", "-controller:runs:cancel", "controller:runs:view", "manager:view"],
      folders: [
        { path: "/b", recursive: false },
        { path: "/a/*", recursive: false },
        { path: "/b", recursive: true },
      ],
    },
    { controller: "main", permissions: ["controller:restart"], folders: [] },
  ];
  const read = readScopes(texts);
  assert.ok(read.ok);
  assert.deepEqual(renderScopes(read.value)[0], {
    controller: "default",
    permissions: ["controller:runs:view", "-controller:runs:cancel", "manager:view"],
    folders: [
      { path: "/b", recursive: true },
      { path: "/a", recursive: true },
    ],
  });
  const wrong = readScopes([
    { controller: "default", permissions: ["manager:view", "controller:runs:viwe"], folders: [{ path: "/a/../b", recursive: false }] },
    { controller: "Main Site", permissions: [], folders: [] },
  ]);
  assert.ok(!wrong.ok);
  assert.equal(wrong.problem.at?.path, "permissions.1");
  assert.match(`${wrong.problem.message} ${wrong.problem.hint}`, /controller:runs:view/);
  assert.deepEqual(
    wrong.problem.also?.map((one) => one.at?.path),
    ["folders.0", "controllers.Main Site"],
  );
});
