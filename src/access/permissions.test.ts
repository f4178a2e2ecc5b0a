import assert from "node:assert/strict";
import { test } from "node:test";
import {
  covers,
  describePermission,
  leafOf,
  nearestKnownAncestor,
  permissionLeaves,
  permissionNodes,
  permissionTree,
} from "#access/permissions.ts";
import { fromSos, nearestPermission, readGrant, readLeaf, renderGrant, toSos } from "#access/permission-spelling.ts";

/** The 52 permissions of the source product, as its own list has them. */
const sosPermissions = `
joc:get_log
joc:administration:accounts:view joc:administration:accounts:manage
joc:administration:certificates:view joc:administration:certificates:manage
joc:administration:controllers:view joc:administration:controllers:manage
joc:administration:customization:view joc:administration:customization:manage joc:administration:customization:share
joc:administration:settings:view joc:administration:settings:manage
joc:auditlog:view joc:calendars:view joc:cluster:manage
joc:dailyplan:view joc:dailyplan:manage joc:documentations:view joc:documentations:manage
joc:filetransfer:view joc:filetransfer:manage joc:inventory:view joc:inventory:manage joc:inventory:deploy
joc:notification:view joc:notification:manage joc:reports:view joc:reports:manage
joc:others:view joc:others:manage joc:encipherment:encrypt
controller:view controller:restart controller:terminate controller:switch_over controller:get_log
controller:agents:view controller:deployment:view controller:deployment:deploy controller:locks:view controller:workflows:view
controller:noticeboards:view controller:noticeboards:post controller:noticeboards:delete
controller:orders:view controller:orders:create controller:orders:cancel controller:orders:modify controller:orders:suspend_resume
controller:orders:resume_failed controller:orders:confirm controller:orders:manage_positions`
  .trim()
  .split(/\s+/)
  .map((name) => `sos:products:${name}`);

test("B-I: each of the 52 permissions has its own counterpart, and back", () => {
  assert.equal(sosPermissions.length, 52);
  const ours = sosPermissions.map((name) => {
    const read = fromSos(name);
    assert.ok(read.ok, name);
    assert.notEqual(leafOf(read.value[0] ?? ""), undefined, name);
    assert.equal(toSos(read.value[0] ?? ""), name);
    return read.value[0];
  });
  assert.equal(new Set(ours).size, 52);
  assert.deepEqual(
    permissionLeaves
      .filter((leaf) => !leaf.own)
      .map((leaf) => leaf.permission)
      .toSorted(),
    ours.toSorted(),
  );
});

test("B-I: what Behalf adds has no spelling there", () => {
  for (const name of [
    "manager:view",
    "manager:credentials:use",
    "manager:nodes:manage",
    "manager:explain:others",
    "controller:runs:log",
    "manager:credentials",
  ])
    assert.equal(toSos(name), null, name);
  assert.equal(toSos("controller:runs"), "sos:products:controller:orders");
});

test("3.1: what Behalf adds is these permissions and no others", () => {
  assert.deepEqual(
    permissionLeaves.filter((leaf) => leaf.own).map((leaf) => leaf.permission),
    [
      "manager:view",
      "manager:auditlog:verify",
      "manager:credentials:view",
      "manager:credentials:manage",
      "manager:credentials:use",
      "manager:explain:others",
      "manager:nodes:view",
      "manager:nodes:manage",
      "manager:process_servers:view",
      "manager:process_servers:manage",
      "manager:trusts:view",
      "manager:trusts:manage",
      "controller:runs:log",
    ],
  );
});

test("3.1: every branch and leaf has a meaning of one line, and no two the same", () => {
  const meanings = permissionNodes.map((node) => node.meaning);
  for (const node of permissionNodes) assert.match(node.meaning, /^[^\n]{4,120}$/, node.permission);
  assert.equal(new Set(meanings).size, meanings.length);
  assert.equal(describePermission("controller:runs:create"), "submit a job");
  assert.equal(describePermission("controller:runs:fly"), null);
});

test("D75: the leaves of a branch are exactly its range", () => {
  assert.deepEqual(
    permissionTree.map((node) => node.permission),
    ["manager", "controller"],
  );
  assert.equal(new Set(permissionNodes.map((node) => node.permission)).size, permissionNodes.length);
  for (const node of permissionNodes) {
    for (const leaf of permissionLeaves) {
      const isInRange = leaf.index >= node.firstLeaf && leaf.index < node.afterLastLeaf;
      const isCovered = leaf.permission === node.permission || leaf.permission.startsWith(`${node.permission}:`);
      assert.equal(isInRange, isCovered, `${node.permission} and ${leaf.permission}`);
    }
  }
});

test("D96: matching is by whole segments", () => {
  assert.ok(covers("controller", "controller:view"));
  assert.ok(covers("controller:view", "controller:view"));
  assert.ok(!covers("manager:administration:controller", "manager:administration:controllers"));
  assert.ok(!covers("controller:view", "controller"));
});

test("E12: the nearest known ancestor of an unknown permission", () => {
  assert.equal(nearestKnownAncestor("controller:runs:fly:far")?.permission, "controller:runs");
  assert.equal(nearestKnownAncestor("controller:runs:view:x")?.permission, "controller:runs:view");
  assert.equal(nearestKnownAncestor("nothing:here"), null);
  assert.equal(nearestKnownAncestor(""), null);
});

test("D77: a definition's text is a grant, or with `-` a denial", () => {
  assert.deepEqual(readGrant("controller:runs"), { ok: true, value: { permission: "controller:runs", denied: false } });
  assert.deepEqual(readGrant("-controller:runs:cancel"), { ok: true, value: { permission: "controller:runs:cancel", denied: true } });
  assert.equal(renderGrant({ permission: "controller:runs", denied: true }), "-controller:runs");
});

test("3.1: an unknown permission is a problem with the nearest match", () => {
  const read = readGrant("-controller:runs:creat");
  assert.ok(!read.ok);
  assert.equal(read.problem.code, "access.unknown-permission");
  assert.equal(read.problem.message, "there is no permission `controller:runs:creat`");
  assert.equal(read.problem.hint, "did you mean `controller:runs:create`?");
  assert.equal(nearestPermission("sos:products:joc:inventory:view"), "manager:inventory:view");
  assert.equal(nearestPermission("controller:orders:view"), "controller:runs:view");
  assert.equal(nearestPermission("Controller:Runs"), "controller:runs");
  assert.equal(nearestPermission("qqqqqqqqqqqqqqqqqq"), null);
  assert.equal(nearestPermission(""), null);
  for (const hard of [
    "",
    "-",
    "--controller",
    " controller",
    "controller:",
    ":",
    "__proto__",
    "constructor",
    "controller\u0000",
    "c".repeat(100_000),
  ])
    assert.ok(!readGrant(hard).ok, JSON.stringify(hard.slice(0, 20)));
});

test("E6: surfaces take leaves only, and say which there are", () => {
  assert.deepEqual(readLeaf("controller:runs:view"), { ok: true, value: "controller:runs:view" });
  const branch = readLeaf("manager:trusts");
  assert.ok(!branch.ok);
  assert.equal(branch.problem.code, "access.not-a-leaf");
  assert.equal(branch.problem.hint, "ask for one of `manager:trusts:view`, `manager:trusts:manage`");
  const unknown = readLeaf("manager:trust:view");
  assert.ok(!unknown.ok);
  assert.equal(unknown.problem.hint, "did you mean `manager:trusts:view`?");
});

test("D78, E6: importing brings `manager:view` where the source's own login permission stood", () => {
  const login = (text: string): readonly string[] => {
    const read = fromSos(text);
    return read.ok ? read.value : [];
  };
  assert.deepEqual(login("sos:products:joc:administration:controllers:view"), ["manager:administration:controllers:view", "manager:view"]);
  assert.deepEqual(login("sos:products:joc:administration:controller:view"), ["manager:administration:controllers:view", "manager:view"]);
  assert.deepEqual(login("sos:products:joc:administration"), ["manager:administration", "manager:view"]);
  assert.deepEqual(login("sos:products:controller:view"), ["controller:view", "manager:view"]);
  assert.deepEqual(login("sos:products:controller"), ["controller", "manager:view"]);
  assert.deepEqual(login("sos:products:joc"), ["manager"]);
  assert.deepEqual(login("sos:products"), ["manager", "controller"]);
  assert.deepEqual(login("sos:products:*"), ["manager", "controller"]);
  assert.deepEqual(login("sos:products:joc:adminstration:accounts"), ["manager:administration:accounts"]);
  assert.deepEqual(login("-sos:products:controller:view"), ["-controller:view"]);
  assert.deepEqual(login("-sos:products"), ["-manager", "-controller"]);
  assert.deepEqual(login("sos:products:controller:orders:create"), ["controller:runs:create"]);
  const unknown = fromSos("sos:products:controller:order:create");
  assert.ok(!unknown.ok);
  assert.equal(unknown.problem.hint, "did you mean `sos:products:controller:orders:create`?");
});
