/**
/**
 * Definitions of `kind: Role`, `kind: Account` and `kind: PolicyTest`: their schemas, reading them from plain values, and rendering accounts and
 * tests back. No passwords in definitions. What does not belong here: applying them (`roles.ts`, `accounts.ts`, `policy-tests.ts`), and a
 * role as text (`rules/role-text.ts`).
 */
import { z } from "zod";
import { readCase, readCaseLine, renderCase, type PolicyTest, type PolicyTestCase } from "#access/policy-test.ts";
import type { RoleScope } from "#access/question.ts";
import { problem, type Problem } from "#kernel/problem.ts";
import { canonicalJson } from "#proof/canonical-json.ts";
import type { ProblemCode } from "#kernel/problem-codes.ts";
import { ok, refuse, type Result } from "#kernel/result.ts";
import { longestName, readAccountName, readGroupName, readRoleName, readTestName } from "#identity/rules/account-name.ts";
import { initialServiceName } from "#identity/rules/identity-settings.ts";
import { mostControllers, readScopes, type ScopeTexts } from "#identity/rules/role-scopes.ts";

const name = z.string().max(4 * longestName);
const service = z.string().max(longestName);
const permission = z.string().max(200).describe("A permission such as `controller:runs:view`, or a denial with a leading `-`");
const folder = z
  .union([z.string().max(1024), z.strictObject({ path: z.string().max(1024), recursive: z.boolean() })])
  .describe("`/finance` for the folder alone, `/finance/*` with everything below");
const permissions = z.array(permission).max(1000).default([]);
const folders = z.array(folder).max(1000).default([]);

export const roleSchema = z.strictObject({
  kind: z.literal("Role"),
  name,
  service: service.default(initialServiceName),
  permissions,
  folders,
  controllers: z
    .record(z.string().max(64), z.strictObject({ permissions, folders }))
    .default({})
    .describe("Permissions and folders for one controller only"),
});

export const accountSchema = z.strictObject({
  kind: z.literal("Account"),
  name,
  service: service.default(initialServiceName),
  roles: z.array(name).max(200).default([]),
  groups: z.array(z.string().max(1024)).max(200).default([]),
  disabled: z.boolean().default(false),
});

/** Every change of the policy runs every case. */
export const mostCases = 500;

const caseText = z.string().min(1).max(2048);
const because = z.union([
  z
    .string()
    .min(1)
    .max(4 * longestName),
  z.strictObject({ rule: z.string().max(64).optional(), role: name.optional() }),
]);

export const policyTestSchema = z.strictObject({
  kind: z.literal("PolicyTest"),
  name,
  description: z.string().max(2000).optional(),
  cases: z
    .array(
      z.union([
        caseText.describe("`close-clerk may controller:runs:create on /finance/close-books`"),
        z.strictObject({
          actor: name.optional().describe("Account name, access ID or `os:<uid>`"),
          roles: z.array(name).max(200).optional().describe("Instead of `actor`: somebody with these roles"),
          may: z.string().max(200).optional(),
          mayNot: z.string().max(200).optional(),
          on: z.string().max(1024).optional().describe("Path of an object, or of a folder with a slash at its end"),
          controller: z.string().max(64).optional().describe("Absent: it must hold on every controller"),
          because: because.optional().describe("The rule or the role that must decide"),
        }),
      ]),
    )
    .min(1)
    .max(mostCases),
});

export interface RoleDefinition {
  readonly service: string;
  readonly name: string;
  readonly scopes: readonly RoleScope[];
}

export interface AccountDefinition {
  readonly service: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  readonly disabled: boolean;
}

const codeOfIssue = (issue: z.core.$ZodIssue): ProblemCode => {
  if (issue.code === "unrecognized_keys") return "input.unknown-field";
  if (issue.code === "invalid_type") return issue.input === undefined ? "input.missing-field" : "input.wrong-type";
  if (issue.code === "too_big") return "input.too-large";
  return issue.code === "invalid_union" ? "input.wrong-type" : "input.invalid-value";
};

/** Printable ASCII only: a key is the author's text, and this stands in a message. */
const shownKey = (key: string): string => key.slice(0, 64).replaceAll(/[^\x20-\x7e]|`/g, "?");

/** SECURITY: names fields and expectations, never the values around them (W7). */
const problemOfIssue = (kind: string, issue: z.core.$ZodIssue): Problem => {
  const path = issue.path.map((step) => shownKey(String(step))).join(".");
  const code = codeOfIssue(issue);
  if (issue.code === "unrecognized_keys") {
    const secret = issue.keys.find((key) => /pass|secret|token/i.test(key));
    const inner = shownKey(issue.keys[0] ?? "");
    const at = { path: path === "" ? inner : `${path}.${inner}` };
    return problem(
      code,
      `\`${at.path}\` is not a field of ${kind}`,
      secret === undefined ? { at } : { at, hint: "definitions hold no secrets: passwords are set with `behalf account reset-password`" },
    );
  }
  const where = path === "" ? kind : `\`${path}\` of ${kind}`;
  if (code === "input.missing-field") return problem(code, `${where} is missing`, { at: { path } });
  const expected =
    issue.code === "invalid_type"
      ? `must be of type ${issue.expected}`
      : issue.code === "too_big"
        ? `is larger than ${String(issue.maximum)}`
        : issue.code === "invalid_value"
          ? `must be ${issue.values.map((value) => `\`${String(value)}\``).join(" or ")}`
          : "has not the expected form";
  return problem(code, `${where} ${expected}`, { at: { path } });
};

const parse = <T>(schema: z.ZodType<T>, kind: string, value: unknown): Result<T> => {
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return ok(parsed.data);
  const [first, ...rest] = parsed.error.issues.slice(0, 20).map((issue) => problemOfIssue(kind, issue));
  if (first === undefined) return refuse(problem("input.invalid-value", `the ${kind} is not valid`));
  return refuse({ ...first, ...(rest.length === 0 ? {} : { also: rest }) });
};

const at = (path: string, found: Problem): { readonly ok: false; readonly problem: Problem } => refuse({ ...found, at: { path } });

const scopeTexts = (controller: string, part: { permissions: string[]; folders: z.infer<typeof folder>[] }): ScopeTexts => ({
  controller,
  permissions: part.permissions,
  folders: part.folders.map((one) => (typeof one === "string" ? { path: one, recursive: false } : one)),
});

/** Reads one `kind: Role` document. Unknown permissions are problems that name the nearest one. */
export const readRole = (value: unknown): Result<RoleDefinition> => {
  const parsed = parse(roleSchema, "Role", value);
  if (!parsed.ok) return parsed;
  const role = parsed.value;
  const named = readRoleName(role.name);
  if (!named.ok) return at("name", named.problem);
  const controllers = Object.entries(role.controllers);
  if (controllers.length > mostControllers)
    return at("controllers", problem("input.too-large", `\`controllers\` of Role names more than ${mostControllers}`));
  if (Object.hasOwn(role.controllers, "default"))
    return at(
      "controllers.default",
      problem("input.forbidden-name", "`default` stands for all controllers", {
        hint: "put these permissions beside `name`, not below `controllers`",
      }),
    );
  const scopes = readScopes([scopeTexts("default", role), ...controllers.map(([controller, part]) => scopeTexts(controller, part))]);
  return scopes.ok ? ok({ service: role.service, name: named.value.name, scopes: scopes.value }) : scopes;
};

/** Reads one `kind: Account` document. */
export const readAccount = (value: unknown): Result<AccountDefinition> => {
  const parsed = parse(accountSchema, "Account", value);
  if (!parsed.ok) return parsed;
  const account = parsed.value;
  const named = readAccountName(account.name, "local");
  if (!named.ok) return at("name", named.problem);
  for (const [index, group] of account.groups.entries()) {
    const read = readGroupName(group);
    if (!read.ok) return at(`groups.${index}`, read.problem);
  }
  return ok({ service: account.service, name: named.value.name, roles: account.roles, groups: account.groups, disabled: account.disabled });
};

/** Reads one `kind: PolicyTest` document. */
export const readPolicyTest = (value: unknown): Result<PolicyTest> => {
  const parsed = parse(policyTestSchema, "PolicyTest", value);
  if (!parsed.ok) return parsed;
  const named = readTestName(parsed.value.name);
  if (!named.ok) return at("name", named.problem);
  const cases: PolicyTestCase[] = [];
  const problems: Problem[] = [];
  for (const [index, given] of parsed.value.cases.entries()) {
    const fields = typeof given === "string" ? readCaseLine(given) : ok(given);
    const read = fields.ok ? readCase(fields.value) : fields;
    if (read.ok) cases.push(read.value);
    else {
      // In a case of one line a field has no place of its own.
      const field = typeof given === "string" ? undefined : read.problem.at?.path;
      problems.push({ ...read.problem, at: { path: `cases.${index}${field === undefined ? "" : `.${field}`}` } });
    }
  }
  const [first, ...also] = problems;
  if (first !== undefined) return refuse(also.length === 0 ? first : { ...first, also: also.slice(0, 20) });
  return ok({ name: named.value.name, description: parsed.value.description ?? null, cases });
};

const serviceField = (text: string): { service?: string } => (text === initialServiceName ? {} : { service: text });

/** A case in one line where that says all of it, else in fields. */
const renderCaseField = (one: PolicyTestCase): string | Record<string, unknown> => {
  const line = renderCase(one);
  const again = readCaseLine(line);
  const read = again.ok ? readCase(again.value) : again;
  if (read.ok && canonicalJson(read.value) === canonicalJson(one)) return line;
  return {
    ...("actor" in one.who ? { actor: one.who.actor } : { roles: [...one.who.roles] }),
    [one.expects === "may" ? "may" : "mayNot"]: one.permission,
    ...(one.path === null ? {} : { on: one.path }),
    ...(one.controller === null ? {} : { controller: one.controller }),
    ...(one.rule === null && one.role === null
      ? {}
      : { because: { ...(one.rule === null ? {} : { rule: one.rule }), ...(one.role === null ? {} : { role: one.role }) } }),
  };
};

/** The definition of a policy test. */
export const renderPolicyTest = (test: PolicyTest): Record<string, unknown> => ({
  kind: "PolicyTest",
  name: test.name,
  ...(test.description === null ? {} : { description: test.description }),
  cases: test.cases.map(renderCaseField),
});

/** The definition of an account. Neither passwords nor anything about them. */
export const renderAccount = (account: {
  readonly service: string;
  readonly name: string;
  readonly roles: readonly { readonly name: string }[];
  readonly groups: readonly string[];
  readonly disabled: boolean;
}): Record<string, unknown> => ({
  kind: "Account",
  name: account.name,
  ...serviceField(account.service),
  roles: account.roles.map((role) => role.name),
  ...(account.groups.length === 0 ? {} : { groups: [...account.groups] }),
  ...(account.disabled ? { disabled: true } : {}),
});
