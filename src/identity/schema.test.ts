import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { stringify } from "yaml";
import { draftOf } from "#access/role-draft.ts";
import type { Problem } from "#kernel/problem.ts";
import type { Result } from "#kernel/result.ts";
import { readYamlDocuments } from "#kernel/yaml-documents.ts";
import { readAccount, readRole, renderAccount } from "#identity/schema.ts";
import { readRoleText, renderRole, renderRoleText } from "#identity/rules/role-text.ts";
import { arbitraryDraft } from "#test/worlds/arbitrary-drafts.ts";

const problemOf = (read: Result<unknown>): Problem => (read.ok ? assert.fail("nothing was refused") : read.problem);

const roleText = `
kind: Role
name: finance-operator
permissions:
  - manager:view
  - controller:runs
  - -controller:runs:cancel
folders:
  - /finance/*
  - { path: /shared, recursive: false }
controllers:
  main:
    permissions: [controller:restart]
    folders: [/ops]
`;

test("2.5: a role is read from YAML with permissions, denials, folders and controllers, in their order", () => {
  const documents = readYamlDocuments(roleText);
  assert.ok(documents.ok);
  const read = readRole(documents.value[0]?.value);
  assert.ok(read.ok, JSON.stringify(read));
  assert.deepEqual(read.value, {
    service: "LOCAL-INITIAL",
    name: "finance-operator",
    scopes: [
      {
        controller: "default",
        permissions: [
          { permission: "manager:view", denied: false },
          { permission: "controller:runs", denied: false },
          { permission: "controller:runs:cancel", denied: true },
        ],
        folders: [
          { path: "/finance", recursive: true },
          { path: "/shared", recursive: false },
        ],
      },
      {
        controller: "main",
        permissions: [{ permission: "controller:restart", denied: false }],
        folders: [{ path: "/ops", recursive: false }],
      },
    ],
  });
});

test("2.10: what is rendered is read back as the same role and the same account", () => {
  const documents = readYamlDocuments(roleText);
  assert.ok(documents.ok);
  const role = readRole(documents.value[0]?.value);
  assert.ok(role.ok);
  assert.deepEqual(readRole(renderRole(role.value)), role);
  const account = { service: "LOCAL-INITIAL", name: "alice", roles: [{ name: "b" }, { name: "a" }], groups: ["finance"], disabled: true };
  assert.deepEqual(renderAccount(account), { kind: "Account", name: "alice", roles: ["b", "a"], groups: ["finance"], disabled: true });
  assert.deepEqual(readAccount(renderAccount(account)), {
    ok: true,
    value: { service: "LOCAL-INITIAL", name: "alice", roles: ["b", "a"], groups: ["finance"], disabled: true },
  });
});

test("D77: an unknown permission is a problem with its place and the nearest one", () => {
  const found = problemOf(readRole({ kind: "Role", name: "x", permissions: ["manager:view", "-controller:runs:cancle"] }));
  assert.equal(found.at?.path, "permissions.1");
  assert.match(`${found.message} ${found.hint}`, /controller:runs:cancel/);
});

test("every wrong entry of a role is named with its place", () => {
  const found = problemOf(
    readRole({
      kind: "Role",
      name: "x",
      permissions: ["nope"],
      folders: ["no-slash\u0000"],
      controllers: { main: { permissions: ["nope"] } },
    }),
  );
  assert.deepEqual(
    [found.at?.path, ...(found.also ?? []).map((one) => one.at?.path)],
    ["permissions.0", "folders.0", "controllers.main.permissions.0"],
  );
});

test("bad input: unknown, missing and wrong fields each have their code and place", () => {
  const cases: readonly (readonly [unknown, string, string])[] = [
    [{ kind: "Role", name: "x", permission: [] }, "input.unknown-field", "permission"],
    [{ kind: "Role" }, "input.missing-field", "name"],
    [{ kind: "Role", name: 5 }, "input.wrong-type", "name"],
    [{ kind: "Role", name: "x", permissions: "manager" }, "input.wrong-type", "permissions"],
    [{ kind: "Role", name: "x", folders: [{ path: "/a" }] }, "input.wrong-type", "folders.0"],
    [{ kind: "Role", name: "x", controllers: { main: { roles: [] } } }, "input.unknown-field", "controllers.main.roles"],
    [{ kind: "Role", name: "x", controllers: { default: { permissions: ["manager"] } } }, "input.forbidden-name", "controllers.default"],
    [{ kind: "Role", name: "x", permissions: Array.from({ length: 1001 }, () => "manager") }, "input.too-large", "permissions"],
    [{ kind: "Role", name: "two words" }, "identity.invalid-name", "name"],
    [{ kind: "Job", name: "x" }, "input.invalid-value", "kind"],
    [null, "input.wrong-type", ""],
    ["text", "input.wrong-type", ""],
  ];
  for (const [value, code, path] of cases) {
    const found = problemOf(readRole(value));
    assert.deepEqual([found.code, found.at?.path], [code, path], JSON.stringify(value)?.slice(0, 80));
  }
  assert.equal(problemOf(readAccount({ kind: "Account", name: "rооt" })).code, "identity.invalid-name");
  assert.equal(problemOf(readAccount({ kind: "Account", name: "a", groups: ["ok", "a\nb"] })).at?.path, "groups.1");
  assert.equal(problemOf(readAccount({ kind: "Account", name: "a", disabled: "yes" })).code, "input.wrong-type");
});

test("W7: definitions hold no passwords, and the refusal does not repeat one", () => {
  const found = problemOf(readAccount({ kind: "Account", name: "alice", password: "planted-secret" }));
  assert.equal(found.code, "input.unknown-field");
  assert.match(found.hint, /no secrets/);
  assert.ok(!JSON.stringify(found).includes("planted-secret"));
  for (const value of [
    { kind: "Account", name: "a", roles: "planted-secret" },
    { kind: "Account", name: "a", disabled: "planted-secret" },
    { kind: "planted-secret", name: "a" },
  ])
    assert.ok(!JSON.stringify(problemOf(readAccount(value))).includes("planted-secret"));
});

/** Documents that are nearly roles: mostly right, sometimes with a part that is not. */
const oddly = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 40, arbitrary }, { weight: 1, arbitrary: fc.constantFrom(null, 7, "x", "", ["x"], { a: 1 }, true, "a".repeat(1025)) });
const permissionText = fc.constantFrom("controller:runs", "-controller:runs:cancel", "manager:view", "manager:vieww", "-", "controller");
const folderText = fc.constantFrom("/a", "/a/*", "b/", "/", "/*", "//", "/a/../b");
const partOf = {
  permissions: oddly(fc.array(oddly(permissionText), { maxLength: 3 })),
  folders: oddly(fc.array(oddly(fc.oneof(folderText, fc.record({ path: folderText, recursive: oddly(fc.boolean()) }))), { maxLength: 3 })),
};
const nearlyRole = fc.record(
  {
    kind: oddly(fc.constant("Role")),
    name: oddly(fc.constantFrom("clerk", "a b", "clerk-2")),
    service: oddly(fc.constantFrom("LOCAL-INITIAL", "CORP")),
    ...partOf,
    controllers: oddly(
      fc.dictionary(fc.constantFrom("main", "eu.west", "Main", "default", "7"), oddly(fc.record(partOf, { requiredKeys: [] }))),
    ),
    more: fc.constant(1),
  },
  { requiredKeys: ["kind", "name"] },
);

test("3.7: the editor's text is read as the definition is: the same texts are roles, and the same roles", () => {
  let roles = 0;
  fc.assert(
    fc.property(nearlyRole, fc.boolean(), (value, isWhole) => {
      const { more: _more, ...plain } = value;
      const text = stringify(isWhole ? plain : value);
      const documents = readYamlDocuments(text);
      assert.ok(documents.ok);
      const definition = readRole(documents.value[0]?.value);
      const edited = readRoleText(text);
      assert.equal(edited.ok, definition.ok, text);
      if (!definition.ok || !edited.ok) return;
      roles += 1;
      assert.deepEqual(edited.value, definition.value);
    }),
    { numRuns: 1000 },
  );
  // About one in twenty is.
  assert.ok(roles > 10, `only ${roles} were roles`);
});

test("3.7: a draft as text is read back as the same draft, order included", () => {
  fc.assert(
    fc.property(arbitraryDraft, (draft) => {
      const read = readRoleText(renderRoleText(draft));
      assert.ok(read.ok, read.ok ? "" : read.problem.message);
      assert.deepEqual(draftOf(read.value), draft);
    }),
    { numRuns: 1000 },
  );
});

test("3.7: every problem of the editor's text has its line", () => {
  const lines = (text: string): string[] => {
    const read = readRoleText(text);
    const first = problemOf(read);
    return [first, ...(first.also ?? [])].map(({ code, at }) => `${at?.line}:${at?.column} ${at?.path ?? ""} ${code}`);
  };
  assert.deepEqual(
    lines(`kind: Role
name: clerk
permissions:
  - controller:run
folders: [/a, /a//b]
controllers:
  eu.west:
    permissions:
      - controller:view
      - controller:viw
`),
    [
      "4:5 permissions.0 access.unknown-permission",
      "5:15 folders.1 access.malformed-folder",
      "10:9 controllers.eu.west.permissions.1 access.unknown-permission",
    ],
  );
  assert.deepEqual(lines("kind: Role\nname: clerk\npermisions: []\n"), ["1:1  input.unknown-field"]);
  assert.deepEqual(lines("kind: Role\nname: a b\n"), ["2:1 name identity.invalid-name"]);
  assert.deepEqual(lines("kind: Role\nname: a\n---\nkind: Role\nname: b\n"), ["4:1  input.invalid-value"]);
  assert.deepEqual(lines("kind: Role\nname: [\n"), ["3:1  input.malformed-yaml"]);
  assert.deepEqual(lines("# nothing\n"), ["1:1  input.missing-field"]);
  assert.deepEqual(lines("kind: Role\nname: a\ncontrollers:\n  default: {}\n"), ["4:3 controllers.default input.forbidden-name"]);
});
