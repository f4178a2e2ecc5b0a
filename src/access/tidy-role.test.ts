import assert from "node:assert/strict";
import { test } from "node:test";
import type { Role, RoleScope } from "#access/question.ts";
import { tidyRole } from "#access/tidy-role.ts";

const grant = { permission: "controller:view", denied: false };
const folder = { path: "/a", recursive: true };
const roleOf = (...scopes: readonly RoleScope[]): Role => ({ id: "rol_r", service: "LOCAL", name: "r", scopes });

test("D86: a controller's part is kept only with a permission", () => {
  const kept = roleOf(
    { controller: "default", permissions: [grant], folders: [] },
    { controller: "main", permissions: [grant], folders: [folder] },
  );
  assert.deepEqual(tidyRole(kept), { role: kept, notices: [], widens: null });
  const tidied = tidyRole(
    roleOf({ controller: "default", permissions: [grant], folders: [] }, { controller: "main", permissions: [], folders: [] }),
  );
  assert.deepEqual(
    tidied.role?.scopes.map((scope) => scope.controller),
    ["default"],
  );
  assert.deepEqual(tidied.notices, ["controller `main` is removed from role `r`: it has no permission there"]);
  assert.equal(tidied.widens, null);
});

test("D73: a role with neither permission nor folder is removed, with a notice", () => {
  const empty = tidyRole(roleOf({ controller: "default", permissions: [], folders: [] }));
  assert.equal(empty.role, null);
  assert.deepEqual(empty.notices, ["role `r` is deleted: it has neither a permission nor a folder"]);
  assert.equal(empty.widens, null);
  assert.equal(tidyRole(roleOf()).role, null);
  assert.notEqual(tidyRole(roleOf({ controller: "default", permissions: [], folders: [folder] })).role, null);
});

test("E5: a denial counts as a permission", () => {
  const denial = { permission: "controller:restart", denied: true };
  assert.notEqual(tidyRole(roleOf({ controller: "default", permissions: [denial], folders: [] })).role, null);
  assert.equal(tidyRole(roleOf({ controller: "main", permissions: [denial], folders: [folder] })).role?.scopes.length, 1);
});

test("E5: a removal that would widen access is a problem to be confirmed", () => {
  const tidied = tidyRole(
    roleOf({ controller: "default", permissions: [grant], folders: [] }, { controller: "main", permissions: [], folders: [folder] }),
  );
  assert.equal(tidied.widens?.code, "access.removal-would-widen");
  assert.equal(tidied.widens?.message, "removing the folder limits `/a/*` of controller `main` from role `r` may widen access");
});
