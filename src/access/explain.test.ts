import assert from "node:assert/strict";
import { test } from "node:test";
import { explain } from "#access/explain.ts";
import type { Actor, FolderGrant, Question, Role } from "#access/question.ts";
import type { Because } from "#kernel/problem.ts";

const grants = (texts: readonly string[]): { permission: string; denied: boolean }[] =>
  texts.map((text) => ({ permission: text.replace(/^-/, ""), denied: text.startsWith("-") }));
const roleOf = (
  name: string,
  permissions: readonly string[],
  folders: readonly FolderGrant[] = [],
  main: readonly string[] = [],
): Role => ({
  id: `rol_${name}`,
  service: "LOCAL",
  name,
  scopes: [
    { controller: "default", permissions: grants(permissions), folders },
    ...(main.length === 0 ? [] : [{ controller: "main", permissions: grants(main), folders: [] }]),
  ],
});
const ann = (...roles: readonly Role[]): Actor => ({ accessId: "user:test/ann", name: "ann", roles });
const part = (tree: Because, rule: string): Because | undefined => tree.children?.find((child) => child.rule === rule);
const linesOf = (tree: Because, depth = 0): string[] => [
  `${"  ".repeat(depth)}${tree.text}`,
  ...(tree.children ?? []).flatMap((child) => linesOf(child, depth + 1)),
];
const create: Question = { permission: "controller:runs:create", path: "/finance/close-books", controller: "main" };

test("3.4: a permit is explained with its grant, its folder and what would flip it", () => {
  const tree = explain(create, ann(roleOf("clerk", ["controller:runs"], [{ path: "/finance", recursive: true }])));
  assert.deepEqual(linesOf(tree), [
    "`ann` may `controller:runs:create` on `/finance/close-books` of controller `main`: role `clerk` grants `controller:runs` for all controllers",
    "  `controller:runs:create` is granted for all controllers and for controller `main` and nothing denies it",
    "    role `clerk` grants `controller:runs` for all controllers",
    "  `/finance/close-books` is in a folder of the roles",
    "    folder `/finance/*` of role `clerk` for all controllers holds `/finance/close-books`",
    "  add the denial `-controller:runs:create` to role `clerk` for controller `main`; an account with `manager:administration:accounts:manage` can do this",
  ]);
});

test("3.4: a denial is explained with every denial that must go", () => {
  const tree = explain(
    create,
    ann(roleOf("chief", ["controller", "manager"]), roleOf("careful", ["-controller:runs:create"], [], ["-controller:runs"])),
  );
  assert.equal(tree.rule, "may.denied");
  assert.deepEqual(
    part(tree, "may.permission")?.children?.map((child) => child.text),
    [
      "role `careful` denies `controller:runs:create` for all controllers",
      "role `careful` denies `controller:runs` for controller `main`",
      "role `chief` grants `controller` for all controllers",
    ],
  );
  const change = part(tree, "may.smallest-change");
  assert.equal(
    change?.text,
    "remove the denial `-controller:runs:create` from role `careful` for all controllers, and remove the denial `-controller:runs` from role `careful` for controller `main`; this account itself can do this",
  );
  assert.deepEqual(change?.facts, { needs: "manager:administration:accounts:manage", byActor: true, changes: 2 });
});

test("3.4: near misses of permissions: a neighbour, another controller, a spelling that grants nothing", () => {
  const other: Role = {
    id: "rol_there",
    service: "LOCAL",
    name: "there",
    scopes: [{ controller: "other", permissions: grants(["controller:runs"]), folders: [] }],
  };
  const tree = explain(create, ann(roleOf("looker", ["controller:runs:view", "controller:runs:creat", "controller:view"]), other));
  assert.deepEqual(
    part(tree, "may.near-misses")?.children?.map((child) => child.text),
    [
      "role `there` grants `controller:runs` for controller `other` only",
      "role `looker` grants `controller:runs:view`, which does not include `controller:runs:create`",
      "role `looker` has `controller:runs:creat`, which is not in the permission tree and grants nothing",
    ],
  );
  assert.equal(
    part(tree, "may.smallest-change")?.text,
    "add `controller:runs:create` to role `looker` for controller `main`; an account with `manager:administration:accounts:manage` can do this",
  );
});

test("3.4: near misses of folders: not recursive, same letters, beside, below", () => {
  const folders = [
    { path: "/finance/eu", recursive: false },
    { path: "/finance/eu/no", recursive: true },
    { path: "/finance/eu/south", recursive: true },
    { path: "/finance/eu/north/jobs/old", recursive: true },
  ];
  const tree = explain(
    { permission: "controller:runs:view", path: "/finance/eu/north/jobs" },
    ann(roleOf("clerk", ["controller:runs"], folders)),
  );
  assert.equal(tree.rule, "may.folder");
  assert.match(tree.text, /: Access denied for folder: \/finance\/eu\/north\/jobs$/);
  assert.deepEqual(
    part(tree, "may.near-misses")?.children?.map((child) => child.text),
    [
      "folder `/finance/eu` of role `clerk` for all controllers is not recursive",
      "folder `/finance/eu/no/*` of role `clerk` for all controllers only begins with the same letters",
      "folder `/finance/eu/north/jobs/old/*` of role `clerk` for all controllers lies below it",
    ],
  );
  assert.equal(
    part(tree, "may.smallest-change")?.text,
    "add the folder `/finance/eu/north` to role `clerk` for all controllers; an account with `manager:administration:accounts:manage` can do this",
  );
});

test("D98: entries that do not count are near misses only where they would hold the path", () => {
  const scope = (controller: string, permissions: readonly string[], folders: readonly FolderGrant[]): Role["scopes"][number] => ({
    controller,
    permissions: grants(permissions),
    folders,
  });
  const role: Role = {
    id: "rol_clerk",
    service: "LOCAL",
    name: "clerk",
    scopes: [
      scope(
        "default",
        ["controller:runs"],
        [
          { path: "/finance", recursive: true },
          { path: "/sales", recursive: true },
        ],
      ),
      scope(
        "main",
        ["controller:view"],
        [
          { path: "/finance", recursive: false },
          { path: "/sales", recursive: false },
        ],
      ),
      scope(
        "north",
        ["controller:view"],
        [
          { path: "/finance/eu", recursive: true },
          { path: "/finance", recursive: false },
        ],
      ),
    ],
  };
  const tree = explain({ permission: "controller:runs:view", path: "/finance/eu/north", controller: "main" }, ann(role));
  assert.deepEqual(
    part(tree, "may.near-misses")?.children?.map((child) => child.text),
    [
      "folder `/finance` of role `clerk` for controller `main` is not recursive",
      "folder `/finance/*` of role `clerk` for all controllers is replaced by the controller's own entry for that folder",
      "folder `/finance/eu/*` of role `clerk` for controller `north` counts for that controller only",
    ],
  );
});

test("E12: an explanation follows the roles that the actor has now, also in the same list", () => {
  const roles = [roleOf("clerk", ["controller:runs"])];
  const actor = ann(...roles);
  const own = actor.roles as Role[];
  const ruleNow = (): string => explain(create, actor).rule;
  assert.equal(ruleNow(), "may.granted");
  own[0] = roleOf("clerk", ["-controller:runs"]);
  assert.equal(ruleNow(), "may.denied");
  own.push(roleOf("other", ["controller:view"]));
  own.shift();
  assert.equal(ruleNow(), "may.not-granted");
  own[0] = { id: "rol_r", service: "LOCAL", name: "r" } as Role;
  assert.equal(ruleNow(), "may.policy-unreadable");
  (actor as { roles: unknown }).roles = null;
  assert.equal(ruleNow(), "may.policy-unreadable");
});

test("3.4: without a role the change is to assign one", () => {
  const tree = explain(create, ann());
  assert.equal(tree.facts?.["effect"], "deny");
  assert.equal(
    part(tree, "may.smallest-change")?.text,
    "assign a role that grants `controller:runs:create`; an account with `manager:administration:accounts:manage` can do this",
  );
});

test("3.4: long lists are cut visibly", () => {
  const roles = Array.from({ length: 9 }, (_, index) => roleOf(`r${index}`, ["controller"]));
  const shown = part(explain({ permission: "controller:view" }, ann(...roles)), "may.permission")?.children ?? [];
  assert.equal(shown.length, 6);
  assert.equal(shown.at(-1)?.text, "and 4 more grants");
});

test("E12: explaining never throws, whatever is asked", () => {
  const actors = [
    ann(),
    { ...ann(), roles: null as unknown as Role[] },
    ann(roleOf("r", ["", ":", "-", "controller"], [{ path: "", recursive: true }])),
  ];
  for (const actor of actors) {
    for (const permission of ["", ":", "controller", "controller:runs:view", "__proto__"]) {
      for (const path of [undefined, "", "x", "/", "/a//", "/a/b/"])
        assert.notEqual(explain({ permission, ...(path === undefined ? {} : { path }) }, actor).text, "");
    }
  }
});
