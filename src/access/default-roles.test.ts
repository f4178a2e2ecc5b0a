import assert from "node:assert/strict";
import { test } from "node:test";
import { compileAccess, type CompiledAccess } from "#access/compile.ts";
import { decide } from "#access/decide.ts";
import { decideAdministration, decideLogin } from "#access/decide-login.ts";
import { defaultRoles } from "#access/default-roles.ts";
import { managerTasks } from "#access/manager-tasks.ts";
import { permissionLeaves } from "#access/permissions.ts";
import type { FolderGrant } from "#access/question.ts";
import { compareGolden } from "#test/fixtures/golden.ts";

const accessOf = (name: string, folders: readonly FolderGrant[] = []): CompiledAccess => {
  const role = defaultRoles.find((one) => one.name === name);
  assert.ok(role !== undefined);
  const limits = { id: "rol_limits", service: "LOCAL", name: "limits", scopes: [{ controller: "default", permissions: [], folders }] };
  return compileAccess({ accessId: `user:test/${name}`, name, roles: [{ id: `rol_${name}`, service: "LOCAL", ...role }, limits] });
};
const may = (access: CompiledAccess, permission: string, path?: string): boolean =>
  decide({ permission, controller: "main", ...(path === undefined ? {} : { path }) }, access).effect === "permit";

test("D74: the access matrix of the default roles is the golden one", () => {
  const lines: string[] = [
    "The default roles and what each may do. Rows are permissions, columns are roles; ✔ may, ✘ may not.",
    "Permissions on objects in folders are asked three times: on /finance/close-books by the role alone, and on /finance/close-books and /hr/payroll",
    "by an account that also has a role limited to /finance/*.",
    "",
  ];
  const width = Math.max(...permissionLeaves.map((leaf) => leaf.permission.length)) + 2;
  const cell = (text: string, size: number): string => text.padEnd(size);
  lines.push((cell("permission", width) + defaultRoles.map((role) => cell(role.name, role.name.length + 2)).join("")).trimEnd());
  for (const leaf of permissionLeaves) {
    const marks = defaultRoles.map((role) => {
      const free = accessOf(role.name);
      const limited = accessOf(role.name, [{ path: "/finance", recursive: true }]);
      const answers =
        leaf.object === null
          ? [may(free, leaf.permission)]
          : [
              may(free, leaf.permission, "/finance/close-books"),
              may(limited, leaf.permission, "/finance/close-books"),
              may(limited, leaf.permission, "/hr/payroll"),
            ];
      return cell(answers.map((answer) => (answer ? "✔" : "✘")).join(" "), role.name.length + 2);
    });
    lines.push((cell(leaf.permission, width) + marks.join("")).trimEnd());
  }
  compareGolden("test/golden/access-matrix.txt", `${lines.join("\n")}\n`);
});

test("D74: each default role holds only permissions of the tree, and can sign in", () => {
  assert.deepEqual(
    defaultRoles.map((role) => role.name),
    ["administrator", "api_user", "application_manager", "business_user", "incident_manager", "it_operator"],
  );
  const counts = defaultRoles.map((role) => role.scopes.map((scope) => scope.permissions.length));
  assert.deepEqual(counts, [[2], [18], [29], [15], [34], [22]]);
  for (const role of defaultRoles) assert.equal(decideLogin(accessOf(role.name)).effect, "permit", role.name);
});

test("D74: what each default role is for", () => {
  for (const leaf of permissionLeaves) {
    const path = leaf.object === null ? undefined : "/a/x";
    const held = Object.fromEntries(defaultRoles.map((role) => [role.name, may(accessOf(role.name), leaf.permission, path)]));
    assert.equal(held["administrator"], true, leaf.permission);
    if (held["application_manager"] === true)
      assert.equal(held["incident_manager"], true, `incident_manager is application_manager and more: ${leaf.permission}`);
    if (leaf.permission.startsWith("controller:")) assert.equal(held["incident_manager"], true, leaf.permission);
    if (leaf.obligations.length > 0) assert.equal(held["business_user"], false, `business_user changes nothing: ${leaf.permission}`);
    if (leaf.permission.startsWith("manager:administration:accounts:"))
      for (const name of ["api_user", "application_manager", "business_user", "incident_manager", "it_operator"])
        assert.equal(held[name], false, `${name} ${leaf.permission}`);
  }
});

test("D20: administration is offered to the administrative default roles only", () => {
  const offered = defaultRoles.filter((role) => decideAdministration(accessOf(role.name)).effect === "permit").map((role) => role.name);
  assert.deepEqual(offered, ["administrator", "application_manager", "incident_manager"]);
});

test("B2, B3, B4, B10: the default roles keep registering, submitting and configuring apart", () => {
  const holders = (id: string): string[] => {
    const task = managerTasks.find((one) => one.id === id);
    assert.ok(task !== undefined);
    const isOnObjects = permissionLeaves.find((leaf) => leaf.permission === task.permission)?.object !== null;
    return defaultRoles
      .filter((role) => may(accessOf(role.name), task.permission, isOnObjects ? "/a/x" : undefined))
      .map((role) => role.name);
  };
  assert.deepEqual(holders("B2"), ["administrator"]);
  assert.deepEqual(holders("B3"), ["administrator", "api_user", "incident_manager", "it_operator"]);
  assert.deepEqual(holders("B4"), ["administrator", "application_manager", "incident_manager"]);
});
