/** Policy tests: seen, run, deleted. They are written with `POST /definitions`, and run by whatever changes the policy. */
import { stringify as renderYaml } from "yaml";
import { z } from "zod";
import type { TestResult } from "#access/policy-test.ts";
import type { StoredPolicyTest } from "#identity/policy-test-store.ts";
import { renderPolicyTest } from "#identity/schema.ts";
import { fail } from "#kernel/problem.ts";
import { tryDraft } from "#manager/apply-definitions.ts";
import { readDefinitions } from "#manager/read-definitions.ts";
import { documentsField, filesField } from "#manager/routes/definitions.ts";
import { becauseJson, becauseSchema } from "#manager/routes/explain.ts";
import { count, cursor, instant, isoOf, line, pageAfter, pageOf } from "#manager/routes/fields.ts";
import { route, type Route } from "#manager/route.ts";
import type { Services } from "#manager/services.ts";
import { authorise } from "#manager/web/guard.ts";

const view = { may: "manager:administration:accounts:view" } as const;
const manage = { may: "manager:administration:accounts:manage" } as const;

const testAnswer = z
  .object({
    name: z.string(),
    description: z.string().nullable(),
    cases: z.int().describe("how many"),
    revision: z.int(),
    updatedAt: instant,
    updatedBy: z.string(),
    definition: z.record(z.string(), z.unknown()),
    yaml: z.string().describe("the definition as `behalf apply` takes it"),
  })
  .meta({ id: "PolicyTest" });

const testJson = (test: StoredPolicyTest): z.input<typeof testAnswer> => ({
  name: test.name,
  description: test.description,
  cases: test.cases.length,
  revision: test.revision,
  updatedAt: isoOf(test.updatedAtMs),
  updatedBy: test.updatedBy,
  definition: renderPolicyTest(test),
  yaml: renderYaml(renderPolicyTest(test)),
});

export const testResultSchema = z
  .object({
    name: z.string(),
    description: z.string().nullable(),
    passed: z.boolean(),
    cases: z.array(
      z.object({
        case: z.string(),
        source: z.string().nullable().describe("file and line where it was written; null: not known"),
        passed: z.boolean(),
        outcome: z.enum(["as-expected", "decided-otherwise", "other-reason", "unknown-account", "unknown-role"]),
        message: z.string().describe("what was decided, or what is wrong"),
        because: becauseSchema.nullable().describe("of a failure: the whole reason; null: there was nobody to ask about"),
        change: z.string().nullable().describe("of a failure: the smallest change that would mend it"),
      }),
    ),
  })
  .meta({ id: "PolicyTestResult" });

export const testResultsJson = (results: readonly TestResult[]): z.input<typeof testResultSchema>[] =>
  results.map(({ name, description, passed, cases }) => ({
    name,
    description,
    passed,
    cases: cases.map((one) => ({
      case: one.text,
      source: one.source,
      passed: one.passed,
      outcome: one.outcome,
      message: one.message,
      because: one.passed || one.because === null ? null : becauseJson(one.because),
      change: one.change,
    })),
  }));

const byName = z.object({ test: line(1024).min(1).describe("name of the policy test") });

export const policyTestRoutes = (services: Services): Route[] => {
  const { identity } = services;
  return [
    route({
      method: "GET",
      url: "/api/v1/policy-tests",
      summary: "List policy tests",
      question: view,
      query: z.object({ limit: count(1, 200, 100), cursor }),
      answer: pageOf(testAnswer),
      handle: async ({ query }) => pageAfter(await identity.listPolicyTests(), query, (test) => test.name, testJson),
    }),
    route({
      method: "GET",
      url: "/api/v1/policy-tests/:test",
      summary: "Show a policy test",
      question: view,
      params: byName,
      answer: testAnswer,
      handle: async ({ params }) =>
        testJson(
          (await identity.findPolicyTest(params.test)) ?? fail("policy.test-not-found", `there is no policy test \`${params.test}\``),
        ),
    }),
    route({
      method: "DELETE",
      url: "/api/v1/policy-tests/:test",
      summary: "Delete a policy test",
      question: manage,
      params: byName,
      handle: async ({ caller, params }) => {
        await identity.deletePolicyTest(caller.principal, params.test);
        return undefined;
      },
    }),
    route({
      method: "POST",
      url: "/api/v1/policy-tests/run",
      summary: "Run policy tests, on the policy as it is or as a draft would make it; nothing is changed",
      question: { ...view, refined: "`manager:explain:others` as well, and what each document of a job needs" },
      body: z.strictObject({
        documents: documentsField.optional().describe("a draft: YAML as `POST /definitions` takes it, with tests of its own"),
        files: filesField,
        tests: z.array(line(1024).min(1)).min(1).max(500).optional().describe("only these; absent: all"),
      }),
      answer: z.object({ passed: z.boolean(), failed: z.int().describe("cases that fail"), tests: z.array(testResultSchema) }),
      handle: async ({ caller, body }) => {
        const { principal } = caller;
        authorise(principal, "manager:explain:others", {});
        const { documents, files, tests } = body;
        let results: readonly TestResult[];
        if (documents === undefined) results = await identity.runPolicyTests(tests);
        else {
          const definitions = readDefinitions(principal, { documents, files }, { isOnlyTried: true });
          const { assessment } = await tryDraft(services, principal, { definitions, edits: async () => [] });
          const all = assessment?.tests ?? [];
          results =
            tests?.map(
              (name) => all.find((test) => test.name === name) ?? fail("policy.test-not-found", `there is no policy test \`${name}\``),
            ) ?? all;
        }
        const failed = results.flatMap((test) => test.cases).filter((one) => !one.passed).length;
        return { passed: failed === 0, failed, tests: testResultsJson(results) };
      },
    }),
  ];
};
