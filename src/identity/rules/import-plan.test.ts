/** What an import gives, asked through the engine: never more than the source gave, and the same where it says so. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import { stringify } from "yaml";
import { compileAccess } from "#access/compile.ts";
import { decide } from "#access/decide.ts";
import { loginPermission } from "#access/decide-login.ts";
import { toSos } from "#access/permission-spelling.ts";
import { permissionLeaves } from "#access/permissions.ts";
import type { Role } from "#access/question.ts";
import { exportJs7 } from "#identity/rules/export-js7.ts";
import { readJs7Roles } from "#identity/rules/import-js7.ts";
import type { ImportOptions, ImportPlan } from "#identity/rules/import-plan.ts";
import { readShiro } from "#identity/rules/import-shiro.ts";
import { renderRole } from "#identity/rules/role-text.ts";
import type { Result } from "#kernel/result.ts";
import { readYamlDocuments } from "#kernel/yaml-documents.ts";
import { compareGolden } from "#test/fixtures/golden.ts";
import { arbitraryDraft } from "#test/worlds/arbitrary-drafts.ts";
import { loadWorlds } from "#test/worlds/load-worlds.ts";

const fixture = (name: string): string => readFileSync(join("test", "fixtures", "imports", name), "utf8");
const none: ImportOptions = { controllers: {} };

const js7 = (text: string, options = none): Result<ImportPlan> => {
  const documents = readYamlDocuments(text);
  assert.ok(documents.ok, documents.ok ? "" : documents.problem.message);
  const [document] = documents.value;
  assert.ok(document !== undefined);
  return readJs7Roles(document.value, (path) => document.locate(path), options);
};
const planOf = (read: Result<ImportPlan>): ImportPlan => (read.ok ? read.value : assert.fail(read.problem.message));

/** A plan as a person reviews it. */
const reviewed = ({ roles, accounts, notes, errors }: ImportPlan): string => {
  const at = (place: { line?: number | undefined; column?: number | undefined } | undefined): string =>
    `${place?.line ?? "?"}${place?.column === undefined ? "" : `:${place.column}`}`;
  return [
    ...roles.map((role) => `# line ${role.line}\n${stringify(renderRole(role))}`),
    ...accounts.map((one) => `account ${one.name} (line ${one.line}${one.disabled ? ", disabled" : ""}): ${one.roles.join(", ")}`),
    "",
    ...notes.map((one) => `${at(one)} ${one.outcome} ${one.item}: ${one.text}${one.hint === null ? "" : ` -> ${one.hint}`}`),
    ...errors.map((one) => `${at(one.at)} PROBLEM ${one.code}: ${one.message} -> ${one.hint}`),
    "",
  ].join("\n");
};

for (const [name, read] of [
  ["shiro.ini", () => readShiro(fixture("shiro.ini"), none)],
  ["js7-roles.json", () => js7(fixture("js7-roles.json"), { controllers: { Night_Controller: "night" } })],
  ["js7-configuration.json", () => js7(fixture("js7-configuration.json"))],
] as const)
  test(`3.8: what ${name} becomes, and everything of it that is not carried over, with line and reason`, () => {
    const text = reviewed(planOf(read()));
    compareGolden(`test/golden/imports/${name}.txt`, text);
    assert.ok(!text.includes("planted"), "passwords and secrets of settings are never repeated");
  });

const answers = (roles: readonly Role[], asked: { permission: string; path?: string; controller?: string }): string =>
  decide(asked, compileAccess({ accessId: "a", name: "a", roles })).effect;

test("D75-D99: the worlds whose permissions JS7 knows decide the same after an export to its form and an import from it", () => {
  let worlds = 0;
  for (const { file, questions } of loadWorlds()) {
    let asked = 0;
    for (const { actor, question } of questions) {
      const roles = actor.roles.map((role, index) => ({ ...role, name: `r${index}` }));
      if (roles.some((role) => role.scopes.some((scope) => scope.permissions.some((grant) => toSos(grant.permission) === null)))) continue;
      if (question.permission === loginPermission) continue;
      const exported = exportJs7(roles);
      assert.deepEqual(exported.left, []);
      const read = roles.length === 0 ? null : js7(exported.text);
      if (read !== null && !read.ok) assert.fail(`${file}: ${read.problem.message}`);
      assert.deepEqual(read?.value.errors ?? [], [], file);
      const back = (read?.value.roles ?? []).map((role) => ({ id: role.name, ...role }));
      assert.equal(answers(back, question), answers(roles, question), `${file}: ${JSON.stringify(question)}`);
      asked += 1;
    }
    if (asked > 0) worlds += 1;
  }
  assert.ok(worlds >= 20, `only ${worlds} worlds could be asked`);
});

const known = permissionLeaves.filter((leaf) => toSos(leaf.permission) !== null);
const places = ["/a", "/a/x", "/a/b/x", "/c/x"];
const questionsFor = (controller: string | undefined): { permission: string; path?: string; controller?: string }[] =>
  known.flatMap(({ permission, object }) =>
    (object === null ? [undefined] : places).map((path) => ({
      permission,
      ...(path === undefined ? {} : { path }),
      ...(controller === undefined ? {} : { controller }),
    })),
  );

test("3.2: whatever roles are exported in the form of JS7 and imported again decide the same, or the import refuses", () => {
  let met = 0;
  fc.assert(
    fc.property(fc.array(arbitraryDraft, { minLength: 1, maxLength: 2 }), (drafts) => {
      const roles = drafts.map((draft, index): Role => ({
        id: `${index}`,
        service: draft.service,
        name: `r${index}`,
        // What only this product has, an export leaves out and says so.
        scopes: draft.scopes.map((scope) => ({ ...scope, permissions: scope.permissions.filter((one) => toSos(one.permission) !== null) })),
      }));
      const plan = planOf(js7(exportJs7(roles).text));
      if (plan.errors.length > 0) return;
      met += 1;
      const back = plan.roles.map((role) => ({ id: role.name, ...role }));
      for (const controller of [undefined, "main", "other", "third"])
        for (const question of questionsFor(controller))
          assert.equal(answers(back, question), answers(roles, question), JSON.stringify(question));
    }),
    { numRuns: 60 },
  );
  assert.ok(met > 20);
});

// --- a naive Shiro, from its documentation alone

/** Whether a wildcard permission implies another: `a:b,c:*`. */
const implies = (held: string, asked: string): boolean => {
  const heldParts = held.split(":").map((part) => part.split(","));
  const askedParts = asked.split(":");
  return (
    askedParts.every(
      (part, index) => heldParts[index] === undefined || heldParts[index].includes("*") || heldParts[index].includes(part),
    ) && heldParts.slice(askedParts.length).every((part) => part.includes("*"))
  );
};
const older = (text: string): string => text.replace("joc:adminstration", "joc:administration");
/** A denial is compared as text, whole segments. */
const excludes = (denied: string, asked: string): boolean => asked === denied || asked.startsWith(`${denied}:`);

const naiveShiro = (texts: readonly string[], controller: string | undefined, leaf: string): boolean => {
  const asked = toSos(leaf) ?? assert.fail(leaf);
  const forms = [asked, ...(controller === undefined || asked.startsWith("sos:products:joc") ? [] : [`${controller}:${asked}`])];
  const plain = texts.map(older);
  if (plain.some((text) => text.startsWith("-") && forms.some((form) => excludes(text.slice(1), form)))) return false;
  return plain.some((text) => !text.startsWith("-") && forms.some((form) => implies(text, form)));
};

const sosText = fc
  .record({
    minus: fc.constantFrom("", "", "", "-"),
    controller: fc.constantFrom("", "", "", "main:", "other:"),
    text: fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...known.map((leaf) => toSos(leaf.permission) ?? "")) },
      {
        weight: 4,
        arbitrary: fc.constantFrom(
          "sos:products",
          "sos:products:controller",
          "sos:products:controller:orders",
          "sos:products:joc",
          "sos:products:joc:adminstration",
          "sos:products:joc:administration:accounts",
        ),
      },
      {
        weight: 3,
        arbitrary: fc.constantFrom(
          "sos:products:controller:orders:*",
          "sos:products:*",
          "sos:products:controller:*:view",
          "sos:products:controller:orders:view,cancel",
          "sos:products:controller,joc",
          "sos:products:controller:ordrs",
          "sos:products:controller:orders:all",
          "sos:products:joc_cockpit:order:view",
          "sos:products:joc_cockpit",
          "printer:print",
        ),
      },
    ),
  })
  .map(({ minus, controller, text }) => `${minus}${controller}${text}`);

test("3.8: a shiro.ini gives nobody more than Shiro did, and exactly the same where nothing is reported", () => {
  const met = { blocked: 0, exact: 0, permits: 0 };
  fc.assert(
    fc.property(fc.array(sosText, { minLength: 1, maxLength: 5 }), (texts) => {
      const plan = planOf(readShiro(`[roles]\nr = ${texts.map((text) => `"${text}"`).join(", ")}\n`, none));
      if (plan.errors.length > 0) {
        met.blocked += 1;
        return;
      }
      const isExact = plan.notes.length === 0;
      if (isExact) met.exact += 1;
      const roles = plan.roles.map((role) => ({ id: role.name, ...role }));
      for (const controller of [undefined, "main", "other"])
        for (const { permission, object } of known) {
          const isPermitted =
            answers(roles, {
              permission,
              ...(object === null ? {} : { path: "/a/x" }),
              ...(controller === undefined ? {} : { controller }),
            }) === "permit";
          const isShiro = naiveShiro(texts, controller, permission);
          if (isPermitted) met.permits += 1;
          assert.ok(!isPermitted || isShiro, `${permission} on ${controller ?? "all"} is more than the source gave`);
          if (isExact) assert.equal(isPermitted, isShiro, `${permission} on ${controller ?? "all"}`);
        }
    }),
    { numRuns: 250 },
  );
  assert.ok(met.blocked > 5 && met.exact > 30 && met.permits > 500, JSON.stringify(met));
});

// --- single rules

const shiro = (text: string, options = none): ImportPlan => planOf(readShiro(text, options));
const rolesOf = (plan: ImportPlan): unknown[] => plan.roles.map(renderRole);
const refusals = (plan: ImportPlan): string[] => plan.errors.map(({ at, message }) => `${at?.line}: ${message}`);

test("3.8: a denial or a limit that has no exact counterpart blocks the import, since leaving it out would widen", () => {
  assert.deepEqual(
    refusals(shiro("[roles]\nr = sos:products, \\\n  -sos:products:joc_cockpit:order:delete\ns = -sos:products:controller:*:view\n")),
    [
      "2: role `r` denies `sos:products:joc_cockpit:order:delete`, which has no counterpart; leaving it out would allow more than the source did",
      "4: role `s` denies `sos:products:controller:*:view`, whose wildcard cannot be carried over exactly",
    ],
  );
  assert.deepEqual(
    refusals(shiro("[roles]\nr = sos:products, -sos:products:joc:nonsense\n")),
    ["2: role `r` denies `sos:products:joc:nonsense`, which has no counterpart; leaving it out would allow more than the source did"],
    "denying everything of the manager instead would shut people out",
  );
  assert.deepEqual(refusals(shiro("[roles]\nr = sos:products\n[folders]\nr = /a/../b\n")), [
    "4: role `r`: `/a/../b` is not a folder: `.` and `..` are not segments",
  ]);
  assert.deepEqual(refusals(shiro("[roles]\nr = sos:products:joc\n[folders]\nmain|r = /a/*\n")), [
    "2: role `r` limits folders for controller `main` without any permission of controllers; the limit could not be kept",
  ]);
  assert.deepEqual(refusals(shiro("[roles]\na b = sos:products\n[folders]\na\\ b = /a\n")), [
    "4: the role name holds a character that is not allowed, or starts with one of `. _ - @`: `a b`",
  ]);
});

test("3.8: controllers are named as they are called here, and one without a name that can stand here blocks", () => {
  const text = "[roles]\nr = Prod.One:sos:products:controller:orders, sos:products:controller:view\n";
  assert.deepEqual(refusals(shiro(text)), ["2: controller `Prod.One` cannot have that name here"]);
  assert.deepEqual(rolesOf(shiro(text, { controllers: { "Prod.One": "main" } })), [
    {
      kind: "Role",
      name: "r",
      permissions: ["controller:view", "manager:view"],
      controllers: { main: { permissions: ["controller:runs"] } },
    },
  ]);
  assert.deepEqual(refusals(shiro(text, { controllers: { "Prod.One": "default" } })), [
    "2: controller `Prod.One` cannot have that name here",
  ]);
});

test("D78: the login permission is added where the source's own stood, for all controllers, and only there", () => {
  const permissions = (text: string): unknown => (rolesOf(shiro(`[roles]\nr = ${text}\n`))[0] as { permissions?: unknown }).permissions;
  assert.deepEqual(permissions("sos:products:controller:view"), ["controller:view", "manager:view"]);
  assert.deepEqual(permissions("main:sos:products"), ["manager:view"]);
  assert.deepEqual(permissions("sos:products:joc:adminstration:controller:view"), [
    "manager:administration:controllers:view",
    "manager:view",
  ]);
  assert.deepEqual(permissions("sos:products:controller:orders:view"), ["controller:runs:view"]);
  assert.deepEqual(permissions("sos:products:joc"), ["manager"]);
  assert.deepEqual(permissions("sos:products:controller:restart, -sos:products:controller:view"), [
    "controller:restart",
    "-controller:view",
  ]);
});

test("3.8: wildcards are mapped only where they mean exactly that", () => {
  const permissions = (text: string): unknown =>
    (rolesOf(shiro(`[roles]\nr = ${text}\n`))[0] as { permissions?: unknown } | undefined)?.permissions;
  assert.deepEqual(permissions("*"), ["manager", "controller"]);
  assert.deepEqual(permissions("sos:products:*"), ["manager", "controller"]);
  assert.deepEqual(permissions('"sos:products:controller:orders:view,cancel"'), ["controller:runs:view", "controller:runs:cancel"]);
  assert.equal(permissions("sos:products:controller:*:view"), undefined);
  assert.equal(permissions("sos:*:controller"), undefined);
  // JS7 itself compares names: there a `*` matches nothing.
  const json = planOf(js7('{"r":{"controllers":[{"controllerId":"","permissions":[{"permissionPath":"sos:products:*"}]}]}}'));
  assert.deepEqual([json.roles, json.notes[0]?.outcome], [[], "left"]);
});

test("3.8: hostile and broken files are refused with their place", () => {
  const refusal = (text: string): string => {
    const read = readShiro(text, none);
    return read.ok ? "read" : `${read.problem.at?.line ?? "-"} ${read.problem.code}`;
  };
  assert.equal(refusal("[roles]\nr = a\u0000b\n"), "2 input.invalid-value");
  assert.equal(refusal("[roles]\n= sos:products\n"), "2 input.invalid-value");
  assert.equal(refusal("[roles\nr = sos:products\n"), "1 input.invalid-value");
  assert.equal(refusal("[roles]\nr = sos:products, \\"), "2 input.invalid-value");
  assert.equal(refusal("a".repeat(1024 * 1024 + 1)), "- input.too-large");
  assert.equal(refusal("\n".repeat(50_001)), "- input.too-large");
  assert.deepEqual(refusals(shiro("[roles]\nr = sos:products\nr = sos:products:joc\n")), [
    "3: `r` stands twice in `[roles]`, first in line 2",
  ]);
  assert.deepEqual(refusals(shiro("[roles]\nr = sos:products\nR = sos:products\n")), ["3: the roles `r` and `R` have the same name here"]);
  assert.deepEqual(refusals(shiro('[roles]\nr = "sos:products\n')), ["2: the quotes in the permissions of role `r` are not closed"]);
  const many = shiro(`[roles]\n${Array.from({ length: 501 }, (_, index) => `r${index} = sos:products`).join("\n")}\n`);
  assert.deepEqual(refusals(many), ["502: there are more than 500 roles"]);
  const strange = shiro(`[roles]\nr = ${Array.from({ length: 600 }, (_, index) => `sos:products:joc:x${index}`).join(", ")}\n`);
  assert.deepEqual(refusals(strange), ["2: there are more than 500 permissions that are unknown here"]);
  const wide = shiro(`[roles]\nr = ${"sos:products:joc:x, ".repeat(20_001)}\n`);
  assert.deepEqual(refusals(wide), ["2: there are more than 20000 permissions and folders"]);
  const faults = planOf(
    js7('{"r":{"controllers":[{"controllerId":1},{"controllerId":"","permissions":{},"folders":[{"folder":"/a","recursive":"yes"}]}]}}'),
  );
  assert.equal(faults.errors.length, 3);
  for (const text of ["[]", "1", "{}", '{"a":1}', '{"roles":7}']) assert.equal(js7(text).ok, false, text);
});

test("3.8: no text makes an importer throw", () => {
  const piece = fc.oneof(
    fc.constantFrom("[users]", "[roles]", "[folders]", "\n", "=", ",", "|", "\\", '"', "sos:products", "-", "*", ":"),
    fc.string(),
  );
  fc.assert(
    fc.property(
      fc.array(piece).map((pieces) => pieces.join("")),
      (text) => void readShiro(text, none),
    ),
    { numRuns: 2000 },
  );
  const locate = (): { line: number } => ({ line: 1 });
  fc.assert(
    fc.property(fc.jsonValue(), (value) => void readJs7Roles(value, locate, none)),
    { numRuns: 1000 },
  );
  const nearly = fc.dictionary(
    fc.constantFrom("roles", "accounts", "r", "controllers", "permissions"),
    fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 6 },
        fc.constantFrom("", "sos:products", "/a", null, true),
        fc.array(tie("value"), { maxLength: 3 }),
        tie("object"),
      ),
      object: fc.dictionary(
        fc.constantFrom(
          "controllers",
          "controllerId",
          "permissions",
          "folders",
          "permissionPath",
          "folder",
          "recursive",
          "joc",
          "accountName",
          "roles",
        ),
        tie("value"),
        { maxKeys: 4 },
      ),
    })).value,
  );
  fc.assert(
    fc.property(nearly, (value) => void readJs7Roles(value, locate, none)),
    { numRuns: 3000 },
  );
});

test("3.8: accounts come with the roles of the file only, and a blocked one is disabled", () => {
  const plan = planOf(
    js7(
      JSON.stringify({
        roles: { clerk: { permissions: { joc: [], controllerDefaults: ["sos:products:controller:view"] } } },
        accounts: [
          { accountName: "anna", roles: ["clerk", "administrator"] },
          { account: "bert", roles: ["clerk"], disabled: "perhaps" },
          { accountName: "cleo", roles: ["administrator"] },
        ],
      }),
    ),
  );
  assert.deepEqual(
    plan.accounts.map(({ name, roles, disabled }) => [name, roles, disabled]),
    [
      ["anna", ["clerk"], false],
      ["bert", ["clerk"], true],
    ],
  );
  assert.deepEqual(
    plan.notes.map(({ item, outcome }) => [item, outcome]),
    [
      ["administrator", "left"],
      ["administrator", "left"],
      ["cleo", "left"],
    ],
  );
});
