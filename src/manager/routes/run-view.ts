/** A run as the API shows it, with what the reader may do about it. */
import { z } from "zod";
import { decide } from "#access/decide.ts";
import type { Principal } from "#identity/principal.ts";
import { instant } from "#manager/routes/fields.ts";

const verdictSchema = z
  .object({
    part: z.enum(["who", "may", "where", "as-whom"]),
    question: z.string(),
    effect: z.enum(["permit", "deny"]),
    rule: z.string(),
    text: z.string(),
    facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
    decidedAt: z.string(),
  })
  .meta({ id: "Verdict" });

const outcomeSchema = z
  .object({
    started: z.boolean(),
    startedAt: z.string().nullable(),
    endedAt: z.string(),
    durationMs: z.number().nullable(),
    exitCode: z.int().nullable(),
    signal: z.string().nullable(),
    timedOut: z.boolean(),
    cancelled: z.object({ by: z.string(), reason: z.string() }).nullable(),
    forced: z.boolean(),
    leftovers: z.int(),
    exitUnknown: z.boolean(),
    launchProblem: z.object({ code: z.string(), message: z.string(), hint: z.string() }).nullable(),
    output: z.object({ logBytes: z.int(), writtenBytes: z.int(), truncated: z.boolean(), sha256: z.string() }),
    runAs: z.object({ user: z.string(), uid: z.int(), gid: z.int(), groups: z.array(z.int()), credentialKey: z.string().nullable() }).nullable(),
    tree: z.enum(["cgroup", "group", "sudo"]).nullable(),
    verdicts: z.array(verdictSchema),
  })
  .meta({ id: "Outcome" });

const person = z.object({ accessId: z.string(), name: z.string() });

export const runStates = ["queued", "offered", "accepted", "running", "ended"] as const;
export const runResults = ["succeeded", "failed", "timed-out", "cancelled", "refused", "unknown"] as const;

/** What lists and event streams carry. */
export const runSummarySchema = z
  .object({
    id: z.string(),
    submission: z.string(),
    job: z.string(),
    jobRevision: z.int(),
    controller: z.string(),
    node: z.string(),
    state: z.enum(runStates),
    result: z.enum(runResults).nullable().describe("null until it has ended"),
    submitter: person,
    runAs: z.string().nullable().describe("OS account it ran as"),
    attempt: z.int(),
    exitCode: z.int().nullable(),
    queuedAt: instant,
    startedAt: instant.nullable(),
    endedAt: instant.nullable(),
    logBytes: z.int(),
    cancelRequested: z.object({ by: z.string(), reason: z.string() }).nullable(),
  })
  .meta({ id: "RunSummary" });

/** Whether the reader may do it, and the deciding rule where not. */
const allowedSchema = z.object({ allowed: z.boolean(), reason: z.string().nullable() });

export const runSchema = runSummarySchema
  .extend({
    actor: person,
    comment: z.string().nullable(),
    arguments: z.record(z.string(), z.string()),
    outcome: outcomeSchema.nullable().describe("independent facts, signed by the node"),
    verdicts: z.array(verdictSchema).describe("the chain: who, may, where, as whom"),
    allowed: z.object({ cancel: allowedSchema, log: allowedSchema }),
  })
  .meta({ id: "Run" });

export const explanationSchema = z.object({
  run: z.string(),
  job: z.string(),
  node: z.string(),
  result: z.string().nullable(),
  sentence: z.string(),
  verdicts: z.array(verdictSchema),
});

/** Asks about the reader without refusing: for a button that is shown disabled with its reason. */
export const allowedTo = (principal: Principal, permission: string, target: { readonly path: string; readonly controller: string }): { allowed: boolean; reason: string | null } => {
  const verdict = decide({ permission, ...target }, principal.access);
  return verdict.effect === "permit" ? { allowed: true, reason: null } : { allowed: false, reason: verdict.problem.message };
};
