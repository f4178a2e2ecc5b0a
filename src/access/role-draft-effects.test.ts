import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { compileAccess } from "#access/compile.ts";
import { decide } from "#access/decide.ts";
import { readGrant } from "#access/permission-spelling.ts";
import { permissionLeaves } from "#access/permissions.ts";
import type { Holder } from "#access/policy.ts";
import type { Role } from "#access/question.ts";
import { applyStep, draftOf, type DraftStep, type RoleDraft } from "#access/role-draft.ts";
import { effectsOf } from "#access/role-draft-effects.ts";
import { isInRegion } from "#access/simulate.ts";
import { arbitraryDraft } from "#test/worlds/arbitrary-drafts.ts";

const roleOf = (id: string, permissions: readonly string[], folders: readonly string[] = []): Role => ({
  id,
  service: "LOCAL",
  name: id,
  scopes: [
    {
      controller: "default",
      permissions: permissions.map((text) => {
        const read = readGrant(text);
        assert.ok(read.ok);
        return read.value;
      }),
      folders: folders.map((path) => ({ path, recursive: true })),
    },
  ],
});
const holder = (name: string, ...roles: readonly Role[]): Holder => ({
  accessId: `user:corp/${name}`,
  name,
  nameKey: name,
  enabled: true,
  roles,
});
const did = (role: Role, ...steps: readonly DraftStep[]): RoleDraft => {
  let draft = draftOf(role);
  for (const step of steps) {
    const done = applyStep(draft, step);
    assert.ok(done.ok);
    draft = done.value;
  }
  return draft;
};
const rules = (draft: RoleDraft, stored: Role | null, ...holders: readonly Holder[]): string[] =>
  effectsOf(draft, stored, holders).notices.map((one) => `${one.rule}${one.confirm ? " to be confirmed" : ""}`);

const clerk = roleOf("clerk", ["controller:runs", "-controller:runs:cancel"]);
const viewer = roleOf("viewer", ["manager:view", "controller"]);

test("3.7: consequences: who gains and who loses what when only this role changes", () => {
  const draft = did(
    clerk,
    { step: "clear", scope: "default", permission: "controller:runs:cancel" },
    { step: "grant", scope: "default", permission: "manager:view" },
  );
  const { changed, notices } = effectsOf(draft, clerk, [holder("anna", clerk), holder("bert", clerk, viewer)]);
  assert.deepEqual(
    changed.map((one) => [one.name, one.gains.map(({ permission }) => permission), one.losses]),
    [
      ["anna", ["manager:view", "controller:runs:cancel"], []],
      ["bert", ["controller:runs:cancel"], []],
    ],
  );
  assert.deepEqual(
    notices.map((one) => one.text),
    ["`anna` is no longer denied `controller:runs:cancel`", "`bert` is no longer denied `controller:runs:cancel`"],
  );
  assert.deepEqual(effectsOf(draftOf(clerk), clerk, [holder("anna", clerk)]).changed, []);
});

test("D89: the editor says beforehand that the first folder takes all others away, and that the last one's removal gives them back", () => {
  const draft = did(clerk, { step: "add-folder", scope: "default", path: "/a", recursive: true });
  assert.deepEqual(rules(draft, clerk, holder("anna", clerk)), ["folders.narrowed", "role.denial-everywhere"]);
  const limited = roleOf("clerk", ["controller:runs"], ["/a"]);
  assert.deepEqual(rules(did(limited, { step: "remove-folder", scope: "default", path: "/a" }), limited, holder("anna", limited)), [
    "folders.opened",
  ]);
  assert.deepEqual(rules(draftOf(limited), limited), ["role.folders-unassigned"]);
});

test("D73: a role that is left with nothing would be removed; where that widens it must be confirmed", () => {
  const only = roleOf("only", [], ["/a"]);
  const empty = did(only, { step: "remove-folder", scope: "default", path: "/a" });
  assert.equal(effectsOf(empty, only, []).role, null);
  assert.deepEqual(rules(empty, only, holder("anna", only, viewer)), ["role.tidied", "folders.opened to be confirmed"]);
});

test("D86: a controller without a permission would be dropped, and its folders with it only after a confirmation", () => {
  const draft = did(
    clerk,
    { step: "add-controller", controller: "main" },
    { step: "add-folder", scope: "main", path: "/a", recursive: true },
  );
  const { role } = effectsOf(draft, clerk, []);
  assert.deepEqual(
    role?.scopes.map((scope) => scope.controller),
    ["default"],
  );
  assert.deepEqual(rules(draft, clerk), ["role.removal-widens to be confirmed", "role.tidied"]);
});

test("3.7: what is said to change is exactly what the engine answers otherwise", () => {
  fc.assert(
    fc.property(arbitraryDraft, arbitraryDraft, arbitraryDraft, (was, is, other) => {
      const stored: Role = { id: "rol_1", ...was };
      const anna = holder("anna", stored, { id: "rol_2", ...other });
      const { role, changed } = effectsOf(is, stored, [anna]);
      const before = compileAccess(anna);
      const after = compileAccess({ ...anna, roles: [...(role === null ? [] : [role]), ...anna.roles.slice(1)] });
      for (const controller of [undefined, "main", "other"])
        for (const { permission, object } of permissionLeaves.filter((leaf) => leaf.index % 5 === 0))
          for (const path of object === null ? [undefined] : ["/a/x", "/a/b/x", "/b/"]) {
            const question = { permission, ...(path === undefined ? {} : { path }), ...(controller === undefined ? {} : { controller }) };
            const [had, has] = [decide(question, before).effect, decide(question, after).effect];
            const isTold = (list: "gains" | "losses"): boolean =>
              changed.some((one) =>
                one[list].some(
                  (change) =>
                    (permission === change.permission || permission.startsWith(`${change.permission}:`)) &&
                    (change.controller === null
                      ? !change.exceptControllers.includes(controller ?? "")
                      : change.controller === (permission.startsWith("manager:") ? null : controller)) &&
                    (path === undefined || isInRegion(change.region, path)),
                ),
              );
            assert.equal(isTold("gains"), had === "deny" && has === "permit", `gain ${JSON.stringify(question)}`);
            assert.equal(isTold("losses"), had === "permit" && has === "deny", `loss ${JSON.stringify(question)}`);
          }
    }),
    { numRuns: 60 },
  );
});
