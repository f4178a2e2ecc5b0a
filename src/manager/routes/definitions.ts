/** `POST /definitions`: YAML documents of several kinds, applied together or not at all. */
import { z } from "zod";
import { applyDefinitions } from "#manager/apply-definitions.ts";
import { definitionKinds, readDefinitions } from "#manager/read-definitions.ts";
import { route, type Route } from "#manager/route.ts";
import { noticeSchema, noticesJson } from "#manager/routes/accounts.ts";
import { line } from "#manager/routes/fields.ts";
import type { Services } from "#manager/services.ts";

/** What became of one definition. */
export const appliedSchema = z.object({
  kind: z.enum(definitionKinds),
  name: z.string(),
  change: z.enum(["created", "changed", "unchanged", "removed", "deleted"]),
  revision: z.int().nullable(),
  notices: z.array(z.string()),
  oneTimePassword: z.string().nullable().describe("of a new account, shown this once"),
});

/** YAML documents, and the files they were put together from. */
export const documentsField = z
  .string()
  .min(1)
  .max(1024 * 1024);
export const filesField = z
  .array(z.strictObject({ name: line(500).min(1), line: z.int().min(1) }))
  .max(500)
  .default([])
  .describe(
    "the files that `documents` was put together from: name, and the line where each begins; problems and explanations then name them",
  );

export const definitionRoutes = (services: Services): Route[] => [
  route({
    method: "POST",
    url: "/api/v1/definitions",
    summary: "Apply YAML definitions, all or none",
    question: {
      may: "manager:inventory:manage",
      or: ["manager:administration:accounts:manage"],
      refined: "about each document, and `manager:credentials:use` where a job names a key, before anything is changed",
    },
    body: z.strictObject({
      documents: documentsField,
      files: filesField,
      dryRun: z.boolean().default(false),
      confirm: z.boolean().default(false).describe("the caller has seen what the changes bring with them"),
      expectedRevisions: z
        .record(z.string().max(1024), z.int().min(0))
        .default({})
        .describe("by job path: the revision that the author started from; 0: a new job"),
    }),
    answer: z.object({
      results: z.array(appliedSchema),
      notices: z.array(noticeSchema).describe("what all of it together brings with it"),
      dryRun: z.boolean(),
    }),
    handle: async ({ caller, body }) => {
      const { principal } = caller;
      const definitions = readDefinitions(principal, body, { isOnlyTried: false });
      const { results, notices } = await applyDefinitions(services, principal, definitions, body);
      return {
        results: results.map((result) => ({ ...result, notices: [...result.notices] })),
        notices: noticesJson(notices),
        dryRun: body.dryRun,
      };
    },
  }),
];
