/** Roles and accounts that come from elsewhere, and roles that go there. The rules: `manager/import-text.ts`, `identity/rules/import-*.ts`. */
import { z } from "zod";
import { exportJs7 } from "#identity/rules/export-js7.ts";
import { renderRoleText } from "#identity/rules/role-text.ts";
import type { StoredRole } from "#identity/role-store.ts";
import { fail } from "#kernel/problem.ts";
import { existingChoices, importFormats, importText, type ImportOutcome } from "#manager/import-text.ts";
import { noticeSchema, noticesJson } from "#manager/routes/accounts.ts";
import { appliedSchema } from "#manager/routes/definitions.ts";
import { line } from "#manager/routes/fields.ts";
import { route, type Route } from "#manager/route.ts";
import type { Services } from "#manager/services.ts";

const view = { may: "manager:administration:accounts:view" } as const;
const manage = { may: "manager:administration:accounts:manage" } as const;

const place = { line: z.int().min(1), column: z.int().min(1).optional() };
const outcomeSchema = z.object({
  dryRun: z.boolean(),
  results: z.array(appliedSchema.extend({ line: z.int().describe("where it stands in the text") })),
  report: z
    .array(
      z.object({
        ...place,
        outcome: z.enum(["changed", "left"]).describe("`changed`: carried over as something else; `left`: not carried over"),
        item: z.string(),
        text: z.string(),
        hint: z.string().nullable(),
      }),
    )
    .describe("everything that is not carried over as it stands"),
  problems: z
    .array(
      z.object({
        code: z.string(),
        message: z.string(),
        hint: z.string(),
        at: z.object({ line: z.int().optional(), column: z.int().optional() }),
      }),
    )
    .describe("a dry run only: while there are any, nothing is applied"),
  notices: z.array(noticeSchema).describe("what all of it together brings with it"),
});

const outcomeJson = (outcome: ImportOutcome, dryRun: boolean): z.input<typeof outcomeSchema> => ({
  dryRun,
  results: outcome.results.map((one) => ({ ...one, notices: [...one.notices] })),
  report: outcome.report.map((one) => ({ ...one })),
  problems: outcome.problems.map(({ code, message, hint, at }) => ({
    code,
    message,
    hint,
    at: {
      ...(at?.line === undefined ? {} : { line: at.line }),
      ...(at?.column === undefined ? {} : { column: at.column }),
    },
  })),
  notices: noticesJson(outcome.notices),
});

const body = {
  text: z
    .string()
    .min(1)
    .max(1024 * 1024),
  dryRun: z.boolean().default(true).describe("say what would be done and change nothing; true unless it is said otherwise"),
  confirm: z.boolean().default(false).describe("the caller has seen what the changes bring with them"),
  existing: z
    .enum(existingChoices)
    .default("refuse")
    .describe("what becomes of roles and accounts that are here under the same name and differ"),
  file: line(1024).min(1).nullable().default(null).describe("the file's name, for explanations"),
  controllers: z
    .record(z.string().max(255), z.string().max(64))
    .default({})
    .describe("names of the source's controllers as they are called here"),
};

/** The roles named, in the order of all roles; all of them where none is named. */
const chosenRoles = (all: readonly StoredRole[], names: string | undefined): readonly StoredRole[] => {
  if (names === undefined) return all;
  const wanted = names.split(",").map((name) => name.trim());
  const missing = wanted.find((name) => !all.some((role) => role.name === name || role.id === name));
  if (missing !== undefined) fail("identity.role-not-found", `there is no role \`${missing}\``);
  return all.filter((role) => wanted.includes(role.name) || wanted.includes(role.id));
};

export const importRoutes = (services: Services): Route[] => [
  route({
    method: "POST",
    url: "/api/v1/import",
    summary: "Import roles and accounts of another product, all or none",
    question: manage,
    body: z.strictObject({ format: z.enum(importFormats), ...body }),
    answer: outcomeSchema,
    handle: async ({ caller, body: request }) => outcomeJson(await importText(services, caller.principal, request), request.dryRun),
  }),
  route({
    method: "GET",
    url: "/api/v1/roles/export",
    summary: "Export roles, as YAML or in the form of JS7",
    question: view,
    query: z.object({
      format: z.enum(["yaml", "js7"]).default("yaml"),
      names: line(16_384).min(1).optional().describe("role names or ids with commas between; all roles without it"),
    }),
    answer: z.object({
      format: z.enum(["yaml", "js7"]),
      text: z.string(),
      left: z.array(z.string()).describe("what the form cannot say, one sentence each"),
    }),
    handle: async ({ query }) => {
      const roles = chosenRoles(await services.identity.listRoles(), query.names);
      if (query.format === "yaml") return { format: query.format, text: roles.map(renderRoleText).join("---\n"), left: [] };
      const { text, left } = exportJs7(roles);
      return { format: query.format, text, left: [...left] };
    },
  }),
  route({
    method: "POST",
    url: "/api/v1/roles/import",
    summary: "Import exported roles, as YAML or in the form of JS7, all or none",
    question: manage,
    body: z.strictObject({ format: z.enum(["yaml", "js7"]).default("yaml"), ...body }),
    answer: outcomeSchema,
    handle: async ({ caller, body: request }) =>
      outcomeJson(
        await importText(services, caller.principal, { ...request, format: request.format === "yaml" ? "roles" : "js7-roles" }),
        request.dryRun,
      ),
  }),
];
