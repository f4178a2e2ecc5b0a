/**
 * `kind: Job` as people write it, as one Zod schema: fields, types and limits. `read-job.ts` turns what passes into the normalised `Job`
 * and checks what one field alone cannot say.
 */
import { z } from "zod";
import { nodeRoles } from "#proof/read-launch-order.ts";
import { parseDuration } from "#kernel/durations.ts";
import { longestValue } from "#jobs/rules/arguments.ts";
import { isName, reservedInEnvironment, reservedName } from "#jobs/rules/names.ts";
import { largestExitCode, mostExitCodeRanges, parseExitCodes, parseSize } from "#jobs/rules/quantities.ts";
import { readJobPath } from "#jobs/rules/path.ts";

// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u001F\u007F-\u009F\u2028\u2029]/;
const oneLine = (most: number) =>
  z
    .string()
    .min(1, "it is empty")
    .max(most, `it is longer than ${most} characters`)
    .refine((text) => !control.test(text), "it has control characters");
const withoutNul = (most: number) =>
  z
    .string()
    .max(most, `it is longer than ${most} characters`)
    .refine((text) => !text.includes("\u0000"), "it has a NUL character");

/** Text, or what YAML reads as an integer or a truth value and the job gets as text. */
const plainValue = z.union([withoutNul(longestValue), z.int(), z.boolean()]);

const duration = (leastMs: number, mostMs: number) =>
  z
    .string()
    .refine((text) => parseDuration(text) !== null, "it is not a duration such as `90s` or `1h30m`")
    .refine((text) => (parseDuration(text) ?? leastMs) >= leastMs, "it is too short")
    .refine((text) => (parseDuration(text) ?? mostMs) <= mostMs, "it is too long");

const parameterFields = {
  type: z.enum(["string", "integer", "number", "boolean"]).optional(),
  description: withoutNul(2000).optional(),
  required: z.boolean().optional(),
  default: z.union([withoutNul(longestValue), z.number(), z.boolean()]).optional(),
  allowed: z
    .array(z.union([withoutNul(1000), z.number(), z.boolean()]))
    .min(1, "it is empty: leave it out to allow any value")
    .max(500, "it has more than 500 values")
    .optional(),
};

const parameterName = z
  .string()
  .refine(isName, "a name has letters, digits and `_` and does not begin with a digit")
  .refine((name) => !reservedName(name), "the name is reserved");
const variableName = z
  .string()
  .refine(isName, "a name has letters, digits and `_` and does not begin with a digit")
  .refine((name) => !reservedInEnvironment(name), "the name is reserved");

/** A credential's key: what an administrator of the node gave it. */
const credentialKey = oneLine(255).refine((key) => key.trim() === key, "it begins or ends with a space");
export const nodeName = z
  .string()
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/, "a node's name has letters, digits, `.`, `_` and `-`, at most 63 characters");

const exitCode = z.int().min(0).max(largestExitCode);
const exitCodes = z
  .string()
  .max(500, "it is longer than 500 characters")
  .refine((text) => parseExitCodes(text) !== null, "it is no list of exit codes from 0 to 255 such as `0,2,4..8`");

export const jobSchema = z
  .strictObject({
    kind: z.literal("Job").describe("what this document is"),
    path: z
      .string()
      .superRefine((path, context) => {
        const read = readJobPath(path);
        if (!read.ok) context.addIssue({ code: "custom", message: read.problem.message, params: { problem: "jobs.invalid-path" } });
      })
      .describe("folders and name, such as `/finance/close`; what may be done is decided by it"),
    title: oneLine(200).optional().describe("one line for people"),
    requires: z.enum(nodeRoles).optional().describe("role that the submitter must hold on the node; default operator"),
    run: z
      .union([
        z.strictObject({
          shell: withoutNul(512 * 1024)
            .min(1, "it is empty")
            .describe("a script for /bin/sh; arguments are variables of its environment"),
        }),
        z.strictObject({
          program: oneLine(4096).refine(
            (file) => file.startsWith("/") || !file.includes("/"),
            "it is neither an absolute path nor a plain name",
          ),
          args: z
            .array(withoutNul(longestValue))
            .max(1000, "it has more than 1000 arguments")
            .optional()
            .describe("arguments of the program, each as it stands"),
        }),
      ])
      .describe("what runs: a shell script, or a program with its arguments"),
    as: z
      .union([
        z.enum(["agent", "submitter"]),
        z.strictObject({ credential: credentialKey, loadProfile: z.boolean().optional() }),
        z.strictObject({ group: oneLine(255) }),
      ])
      .optional()
      .describe("the run identity asked for: the node's default job account (`agent`, the default) or a credential of the node"),
    on: z
      .union([nodeName, z.array(nodeName).max(200, "it has more than 200 nodes")])
      .optional()
      .describe("nodes that it runs on, one run each; absent: chosen at each run"),
    parameters: z
      .union([
        z.array(z.strictObject({ name: parameterName, ...parameterFields })).max(100, "it has more than 100 parameters"),
        z
          .record(parameterName, z.strictObject(parameterFields).nullable())
          .refine((all) => Object.keys(all).length <= 100, "it has more than 100 parameters"),
      ])
      .optional()
      .describe("arguments that may be given at each run; the job gets them as variables of its environment"),
    environment: z
      .record(variableName, plainValue)
      .refine((all) => Object.keys(all).length <= 200, "it has more than 200 variables")
      .optional()
      .describe("variables of its environment"),
    workingDirectory: oneLine(4096)
      .refine((path) => path.startsWith("/"), "it is not an absolute path")
      .optional()
      .describe("where it runs; absent: the home of its account"),
    umask: z
      .string()
      .regex(/^0?[0-7]{3}$/, 'it is not octal such as "027"')
      .optional()
      .describe("file mode mask in octal"),
    timeout: duration(1, 10 * 365 * 86_400_000)
      .optional()
      .describe("longest time it may run, such as `90s` or `1h30m`; then it is ended"),
    grace: duration(0, 86_400_000).optional().describe("time between SIGTERM and SIGKILL, 10 s by default"),
    outputLimit: z
      .string()
      .refine((text) => parseSize(text) !== null, "it is not a size such as `512KiB`, `100MiB` or `2GiB`")
      .refine((text) => (parseSize(text) ?? 1024) >= 1024, "it is less than 1KiB")
      .refine((text) => (parseSize(text) ?? 0) <= 100 * 1024 ** 3, "it is more than 100GiB")
      .optional()
      .describe("most output that is kept, 100MiB by default"),
    successExitCodes: z
      .union([
        exitCode,
        exitCodes,
        z
          .array(z.union([exitCode, exitCodes]))
          .min(1, "it is empty")
          .max(100, "it has more than 100 entries")
          .refine((list) => list.join(",").split(",").length <= mostExitCodeRanges, "it has more than 100 codes and ranges"),
      ])
      .optional()
      .describe("exit codes from 0 to 255 that count as success, such as `0,2,4..8`"),
    restartable: z.boolean().optional().describe("whether a run whose end is unknown may be started again"),
  })
  .describe("a job: what runs, as whom, where, and with which arguments");

export type JobInput = z.infer<typeof jobSchema>;

/** JSON Schema of a job document, for OpenAPI and editors. */
export const jobJsonSchema = (): Record<string, unknown> => z.toJSONSchema(jobSchema, { io: "input", target: "draft-2020-12" });
