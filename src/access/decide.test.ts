import assert from "node:assert/strict";
import { test } from "node:test";
import { compileAccess } from "#access/compile.ts";
import { decide, decideAll, decideAnywhere } from "#access/decide.ts";
import { decideAdministration, decideLogin } from "#access/decide-login.ts";
import { mayKnow } from "#access/may-know.ts";
import { permissionLeaves } from "#access/permissions.ts";
import type { Actor, FolderGrant, Question, Role } from "#access/question.ts";

const roleOf = (name: string, permissions: readonly string[], folders: readonly FolderGrant[] = []): Role => ({
  id: `rol_${name}`,
  service: "LOCAL",
  name,
  scopes: [
    {
      controller: "default",
      permissions: permissions.map((text) => ({ permission: text.replace(/^-/, ""), denied: text.startsWith("-") })),
      folders,
    },
  ],
});
const actorOf = (...roles: readonly Role[]): Actor => ({ accessId: "user:test/ann", name: "ann", roles });

test("2.5: a refusal names permission and folder, what decided, and the smallest change", () => {
  const access = compileAccess(actorOf(roleOf("operator", ["controller:runs", "-controller:runs:cancel"])));
  const denied = decide({ permission: "controller:runs:cancel", path: "/finance/close" }, access);
  assert.ok(denied.effect === "deny");
  assert.equal(denied.problem.code, "access.denied");
  assert.equal(
    denied.problem.message,
    "`controller:runs:cancel` on `/finance/close` is refused: role `operator` denies `controller:runs:cancel` for all controllers",
  );
  assert.equal(
    denied.problem.hint,
    "remove the denial `-controller:runs:cancel` from role `operator`; an account with `manager:administration:accounts:manage` can do this",
  );
  const ungranted = decide({ permission: "manager:inventory:manage", path: "/finance/close" }, access);
  assert.ok(ungranted.effect === "deny");
  assert.equal(
    ungranted.problem.hint,
    "add `manager:inventory:manage` to one of the roles of this account; an account with `manager:administration:accounts:manage` can do this",
  );
  const nobody = decide({ permission: "manager:nodes:view" }, compileAccess(actorOf()));
  assert.ok(nobody.effect === "deny");
  assert.equal(
    nobody.problem.hint,
    "assign a role that grants `manager:nodes:view`; an account with `manager:administration:accounts:manage` can do this",
  );
});

test("D98: the wording of a folder's refusal is kept", () => {
  const access = compileAccess(actorOf(roleOf("eu", ["controller:runs"], [{ path: "/finance/eu", recursive: true }])));
  const named = decide({ permission: "controller:runs:view", path: "/finance/" }, access);
  assert.ok(named.effect === "deny");
  assert.equal(named.problem.message, "Access denied for folder: /finance (`controller:runs:view`)");
  const hidden = decide({ permission: "controller:runs:view", path: "/hr/pay" }, access);
  assert.equal(hidden.because.text, "Access denied for folder: /hr/pay (`controller:runs:view`)");
});

test("E11, W7: not found says nothing of roles or rules", () => {
  const access = compileAccess(actorOf(roleOf("eu", ["controller:runs"], [{ path: "/finance/eu", recursive: true }])));
  const hidden = decide({ permission: "controller:runs:view", path: "/hr/pay", trace: true }, access);
  assert.ok(hidden.effect === "deny");
  assert.deepEqual(hidden.problem, {
    code: "access.not-found",
    message: "there is no `/hr/pay` that you may see",
    hint: "check the spelling; it may also exist where you may not see it",
  });
  assert.equal(mayKnow("/hr/pay", access), false);
  assert.equal(mayKnow("/finance/eu/pay", access), true);
  assert.equal(mayKnow("/finance/eu/pay", access, "main", "lock"), false);
});

test("2.5: every verdict carries its deciding rule, role, scope, permission and folder", () => {
  const free = decide({ permission: "controller:view" }, compileAccess(actorOf(roleOf("all", ["controller"]))));
  assert.deepEqual(free.because, {
    rule: "may.granted",
    text: "role `all` grants `controller` for all controllers; folders are not limited",
    facts: { role: "all", service: "LOCAL", scope: "default", permission: "controller", folder: null, folderRole: null, folderScope: null },
  });
  const limited = decide(
    { permission: "controller:runs:view", path: "/a/x" },
    compileAccess(actorOf(roleOf("all", ["controller"]), roleOf("a", [], [{ path: "/a", recursive: true }]))),
  );
  assert.equal(
    limited.because.text,
    "role `all` grants `controller` for all controllers; folder `/a/*` of role `a` for all controllers holds it",
  );
  assert.equal(limited.because.facts?.["folderRole"], "a");
});

test("2.11: acts oblige the caller to record them, looks do not", () => {
  const access = compileAccess(actorOf(roleOf("all", ["manager", "controller"])));
  for (const leaf of permissionLeaves) {
    const verdict = decide({ permission: leaf.permission, ...(leaf.object === null ? {} : { path: "/a/x" }) }, access);
    assert.ok(verdict.effect === "permit", leaf.permission);
    const isLook = /:(?:view|verify|others|get_log|log)$/.test(leaf.permission);
    assert.deepEqual(verdict.obligations, isLook ? [] : [{ kind: "audit" }], leaf.permission);
  }
});

test("E12: a policy that cannot be read denies everything and never throws", () => {
  const good = roleOf("all", ["manager", "controller"]);
  const scope = { controller: "default", permissions: [{ permission: "manager", denied: false }], folders: [] };
  const damaged: unknown[] = [
    null,
    undefined,
    "roles",
    [good, null],
    [good, "role"],
    [good, { ...good, name: 7 }],
    [{ ...good, scopes: null }],
    [good, { ...good, scopes: [null] }],
    [good, { ...good, scopes: [{ ...scope, controller: undefined }] }],
    [good, { ...good, scopes: [{ ...scope, permissions: "manager" }] }],
    [good, { ...good, scopes: [{ ...scope, permissions: [null] }] }],
    [good, { ...good, scopes: [{ ...scope, permissions: [{ permission: "manager" }] }] }],
    [good, { ...good, scopes: [{ ...scope, permissions: [{ permission: 1, denied: false }] }] }],
    [good, { ...good, scopes: [{ ...scope, folders: undefined }] }],
    [good, { ...good, scopes: [{ ...scope, folders: [{ path: "/a" }] }] }],
  ];
  for (const roles of damaged) {
    const access = compileAccess({ accessId: "user:test/ann", name: "ann", roles: roles as readonly Role[] });
    for (const question of [
      { permission: "manager:view" },
      { permission: "controller:runs:view", path: "/a/x", trace: true },
      { permission: "nothing" },
    ] satisfies Question[]) {
      const verdict = decide(question, access);
      assert.equal(verdict.effect, "deny");
      assert.equal(verdict.because.rule, "may.policy-unreadable", JSON.stringify(roles));
    }
    const login = decideLogin(access);
    assert.equal(login.effect, "deny");
    assert.equal(mayKnow("/a/x", access), false);
  }
  assert.equal(decide({ permission: "manager:view" }, compileAccess(actorOf(good))).effect, "permit");
});

test("E12: an entry whose `-` was left in the text is a denial", () => {
  const role: Role = {
    id: "r",
    service: "LOCAL",
    name: "r",
    scopes: [
      {
        controller: "default",
        permissions: [
          { permission: "controller", denied: false },
          { permission: "-controller:view", denied: false },
        ],
        folders: [],
      },
    ],
  };
  const verdict = decide({ permission: "controller:view", trace: true }, compileAccess(actorOf(role)));
  assert.equal(verdict.effect, "deny");
  assert.equal(verdict.because.rule, "may.denied");
});

test("E9: a folder entry that was never normalised holds nothing but still limits", () => {
  const access = compileAccess(actorOf(roleOf("r", ["controller"], [{ path: "a/*", recursive: true }])));
  assert.equal(decide({ permission: "controller:runs:view", path: "/a/x" }, access).effect, "deny");
  assert.equal(decide({ permission: "controller:runs:view", path: "/b/x" }, access).effect, "deny");
});

test("E9: a rename is asked at both ends, and each referenced object on its own folder", () => {
  const access = compileAccess(actorOf(roleOf("r", ["manager:inventory"], [{ path: "/a", recursive: true }])));
  const asked = (path: string): Question => ({ permission: "manager:inventory:manage", path });
  assert.equal(decideAll([asked("/a/x"), asked("/a/y")], access).effect, "permit");
  const refused = decideAll([asked("/a/x"), asked("/b/x"), asked("/a/z")], access);
  assert.equal(refused.because.text, "Access denied for folder: /b/x (`manager:inventory:manage`)");
  assert.equal(decideAll([asked("/b/x"), asked("/a/x")], access).effect, "deny");
});

test("3.3: a page may ask whether the permission is held anywhere", () => {
  const limited = compileAccess(actorOf(roleOf("r", ["manager:inventory:view"], [{ path: "/a/b", recursive: false }])));
  assert.equal(decideAnywhere({ permission: "manager:inventory:view" }, limited).effect, "permit");
  assert.equal(decideAnywhere({ permission: "manager:inventory:manage" }, limited).effect, "deny");
  assert.equal(decideAnywhere({ permission: "manager:inventory:view" }, compileAccess(actorOf(roleOf("r", ["manager"])))).effect, "permit");
  assert.equal(decideAnywhere({ permission: "manager:view" }, compileAccess(actorOf(roleOf("r", ["manager"])))).effect, "permit");
  assert.equal(decideAnywhere({ permission: "nothing" }, limited).effect, "deny");
});

test("D20: the administration menu is for accounts that hold a permission of it", () => {
  const offered = (...permissions: string[]): string => decideAdministration(compileAccess(actorOf(roleOf("r", permissions)))).effect;
  assert.equal(offered("manager"), "permit");
  assert.equal(offered("manager:administration:settings:view"), "permit");
  assert.equal(offered("manager:view", "controller", "manager:inventory"), "deny");
  assert.equal(offered("manager", "-manager:administration"), "deny");
});

test("2.5: with a trace the whole proof tree is in the verdict", () => {
  const access = compileAccess(actorOf(roleOf("r", ["controller:runs"], [{ path: "/a", recursive: true }])));
  const permit = decide({ permission: "controller:runs:view", path: "/a/x", trace: true }, access);
  assert.deepEqual(
    permit.because.children?.map((child) => child.rule),
    ["may.permission", "may.folders", "may.smallest-change"],
  );
  const deny = decide({ permission: "manager:inventory:view", path: "/a/x", trace: true }, access);
  assert.ok(deny.effect === "deny");
  assert.ok((deny.problem.because?.children?.length ?? 0) > 0);
  assert.equal(decide({ permission: "controller:runs:view", path: "/a/x" }, access).because.children, undefined);
});

test("2.5: a shared answer cannot be changed by who received it", () => {
  const access = compileAccess(actorOf(roleOf("r", ["controller"])));
  const first = decide({ permission: "controller:view" }, access);
  assert.throws(() => {
    (first.because as { rule: string }).rule = "altered";
  }, TypeError);
  assert.throws(() => {
    (first.because.facts as Record<string, string>)["role"] = "altered";
  }, TypeError);
  assert.throws(() => {
    (first as unknown as { obligations: unknown[] }).obligations.push("altered");
  }, TypeError);
});
