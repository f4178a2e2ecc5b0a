/** Random worlds for fast-check: few names, so that grants, denials, folders and controllers meet often. */
import * as fc from "fast-check";
import { permissionLeaves, permissionNodes } from "#access/permissions.ts";
import type { Actor, FolderGrant, Grant, Question, Role, RoleScope } from "#access/question.ts";

const branches = [
  "controller:runs",
  "controller:noticeboards",
  "manager:inventory",
  "manager:administration:settings",
  "controller:restart",
  "manager:view",
];
const near = permissionNodes
  .map((node) => node.permission)
  .filter((name) => branches.some((branch) => name === branch || name.startsWith(`${branch}:`) || branch.startsWith(`${name}:`)));
const leafNames = permissionLeaves.map((leaf) => leaf.permission);
const nearLeaves = near.filter((name) => leafNames.includes(name));
const unknown = [
  "controller:runs:creat",
  "controller:run",
  "manager:inventory:view:all",
  "nothing:here",
  "controller:",
  "",
  "manager:administration:setting",
];

const permission = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...near) },
  { weight: 2, arbitrary: fc.constantFrom(...permissionNodes.map((node) => node.permission)) },
  { weight: 1, arbitrary: fc.constantFrom(...unknown) },
);
export const arbitraryGrant: fc.Arbitrary<Grant> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ permission, denied: fc.constant(false) }) },
  { weight: 2, arbitrary: fc.record({ permission: fc.constantFrom(...branches, "manager", "controller"), denied: fc.constant(false) }) },
  { weight: 1, arbitrary: fc.record({ permission, denied: fc.constant(true) }) },
);

const segment = fc.constantFrom("a", "b", "ab", "c", "z\u00fc");
const folderPath = fc.array(segment, { maxLength: 3 }).map((segments) => `/${segments.join("/")}`);
const folder: fc.Arbitrary<FolderGrant> = fc.record({ path: folderPath, recursive: fc.boolean() });

const controller = fc.constantFrom("main", "other", "__proto__");
const contents = {
  permissions: fc.array(arbitraryGrant, { maxLength: 4 }),
  folders: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.array(folder, { maxLength: 3 }) }),
};
const scope: fc.Arbitrary<RoleScope> = fc.record({
  controller: fc.oneof({ weight: 2, arbitrary: fc.constant("default") }, { weight: 1, arbitrary: controller }),
  ...contents,
});

const role = fc.record({
  service: fc.constantFrom("LOCAL", "LDAP"),
  name: fc.constantFrom("r", "s", "t"),
  scopes: fc.array(scope, { minLength: 1, maxLength: 3 }),
});

export const arbitraryRoles = (mostRoles: number): fc.Arbitrary<readonly Role[]> =>
  fc.array(role, { maxLength: mostRoles }).map((roles) => roles.map((given, index): Role => ({ id: `rol_${index}`, ...given })));

export const arbitraryActor: fc.Arbitrary<Actor> = arbitraryRoles(4).map((roles) => ({ accessId: "user:test/ann", name: "ann", roles }));

const askedPath = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.constantFrom("", "/"))
      .map(([segments, mark]) => `/${segments.join("/")}${mark}`),
  },
  { weight: 1, arbitrary: fc.constantFrom("/", "", "//", "/a//b", "/a/../b", "a", "/zu\u0308/x", "/.") },
);

export const arbitraryQuestion: fc.Arbitrary<Question> = fc
  .record({
    permission: fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...nearLeaves) }, { weight: 1, arbitrary: fc.constantFrom(...leafNames) }),
    path: fc.option(askedPath, { nil: undefined, freq: 6 }),
    controller: fc.option(fc.oneof({ weight: 5, arbitrary: controller }, { weight: 1, arbitrary: fc.constantFrom("third", "default") }), {
      nil: undefined,
    }),
  })
  .map((asked) => ({
    permission: asked.permission,
    ...(asked.path === undefined ? {} : { path: asked.path }),
    ...(asked.controller === undefined ? {} : { controller: asked.controller }),
  }));

/** How many random worlds laws are tried on: 3,000, and the engine against the naive implementation 5,000; `BEHALF_TEST_LONG=1` makes it 100,000, `BEHALF_WORLDS` any number. */
export const isLong = process.env["BEHALF_TEST_LONG"] === "1";
export const worldCount = Number(process.env["BEHALF_WORLDS"] ?? (isLong ? 100_000 : 3000));
export const naiveWorldCount = Math.max(worldCount, 5000);
