import assert from "node:assert/strict";
import { test } from "node:test";
import { compileAccess } from "#access/compile.ts";
import { decide } from "#access/decide.ts";
import { administrativeRoles, managerTasks, type ManagerTask } from "#access/manager-tasks.ts";
import { leafOf, permissionLeaves, permissionNodeOf } from "#access/permissions.ts";

const isWithin = (small: ReadonlySet<string>, large: ReadonlySet<string>): boolean =>
  [...small].every((permission) => large.has(permission));

const heldBy = (role: ManagerTask["role"]): Set<string> => {
  const permissions = administrativeRoles[role].map((permission) => ({ permission, denied: false }));
  const access = compileAccess({
    accessId: "user:test/ann",
    name: "ann",
    roles: [{ id: "r", service: "LOCAL", name: role, scopes: [{ controller: "default", permissions, folders: [] }] }],
  });
  return new Set(
    permissionLeaves
      .filter((leaf) => decide({ permission: leaf.permission, path: "/a/x" }, access).effect === "permit")
      .map((leaf) => leaf.permission),
  );
};

test("B2-B6: each task is permitted to its role and to those that include it, and to no other", () => {
  const including: Readonly<Record<ManagerTask["role"], readonly ManagerTask["role"][]>> = {
    monitor: ["monitor", "configurator", "operator", "administrator"],
    configurator: ["configurator", "administrator"],
    operator: ["operator", "administrator"],
    administrator: ["administrator"],
  };
  for (const task of managerTasks) {
    assert.notEqual(leafOf(task.permission), undefined, task.id);
    for (const role of ["monitor", "configurator", "operator", "administrator"] as const) {
      assert.equal(heldBy(role).has(task.permission), including[task.role].includes(role), `${task.id}: ${role} and ${task.permission}`);
    }
  }
});

test("B10: configurator and operator include monitor and not each other; administrator includes all", () => {
  const [monitor, configurator, operator, administrator] = [
    heldBy("monitor"),
    heldBy("configurator"),
    heldBy("operator"),
    heldBy("administrator"),
  ];
  assert.ok(isWithin(monitor, configurator) && isWithin(monitor, operator));
  assert.ok(!isWithin(configurator, operator) && !isWithin(operator, configurator));
  assert.ok(isWithin(configurator, administrator) && isWithin(operator, administrator));
  for (const permission of Object.values(administrativeRoles).flat()) assert.notEqual(permissionNodeOf(permission), undefined, permission);
});
