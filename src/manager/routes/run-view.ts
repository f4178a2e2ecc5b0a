/** A run as the API shows it, with what the reader may do about it. */
import { z } from "zod";
import { decide } from "#access/decide.ts";
import type { Principal } from "#identity/principal.ts";
import type { RunDetails, RunSummary } from "#jobs/run-queries.ts";
import { maySchema } from "#manager/may-hints.ts";
import { instant, isoOf, isoOrNull } from "#manager/routes/fields.ts";

export const verdictSchema = z
  .object({
    part: z.enum(["who", "may", "where", "as-whom"]),
    question: z.string(),
    effect: z.enum(["permit", "deny"]),
    rule: z.string(),
    text: z.string(),
    facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
    decidedAt: z.string(),
    unsigned: z.literal(true).optional().describe("the node says so; its signed receipt, which comes with the outcome, is not here"),
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
    runAs: z
      .object({ user: z.string(), uid: z.int(), gid: z.int(), groups: z.array(z.int()), credentialKey: z.string().nullable() })
      .nullable(),
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
    actor: person.describe("who pressed the button"),
    runAs: z.string().nullable().describe("OS account it ran as; until it has ended, by what its node says"),
    attempt: z.int(),
    exitCode: z.int().nullable(),
    queuedAt: instant,
    startedAt: instant.nullable(),
    endedAt: instant.nullable(),
    logBytes: z.int(),
    cancelRequested: z.object({ by: z.string(), reason: z.string() }).nullable(),
    may: maySchema,
  })
  .meta({ id: "RunSummary" });

/** Whether the reader may do it, and the deciding rule where not. */
const allowedSchema = z.object({ allowed: z.boolean(), reason: z.string().nullable() });

export const runSchema = runSummarySchema
  .extend({
    comment: z.string().nullable(),
    offeredAt: instant.nullable().describe("last offered to its node"),
    acceptedAt: instant.nullable().describe("the node has it; null also where the manager was not there to hear it"),
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
export const allowedTo = (
  principal: Principal,
  permission: string,
  target: { readonly path: string; readonly controller: string },
): { allowed: boolean; reason: string | null } => {
  const verdict = decide({ permission, ...target }, principal.access);
  return verdict.effect === "permit" ? { allowed: true, reason: null } : { allowed: false, reason: verdict.problem.message };
};

/** A summary as lists and streams show it. */
export const runSummaryJson = (run: RunSummary): z.input<typeof runSummarySchema> => ({
  id: run.id,
  submission: run.submissionId,
  job: run.job,
  jobRevision: run.jobRevision,
  controller: run.controller,
  node: run.node,
  state: run.state,
  result: run.result,
  submitter: { ...run.submitter },
  actor: { ...run.actor },
  runAs: run.runAs,
  attempt: run.attempt,
  exitCode: run.exitCode,
  queuedAt: isoOf(run.queuedAtMs),
  startedAt: isoOrNull(run.startedAtMs),
  endedAt: isoOrNull(run.endedAtMs),
  logBytes: run.logBytes,
  cancelRequested: run.cancel === null ? null : { by: run.cancel.by, reason: run.cancel.reason },
});

/** The chain in the order in which it was decided. */
export const chainOf = (run: RunDetails): z.input<typeof verdictSchema>[] =>
  [
    ...[...run.verdicts.submission, ...run.verdicts.dispatch].map((verdict) => ({ ...verdict })),
    ...run.verdicts.node.map((verdict) => (run.verdicts.signed ? { ...verdict } : { ...verdict, unsigned: true as const })),
  ].map(({ facts, ...verdict }) => ({ ...verdict, ...(facts === undefined ? {} : { facts: { ...facts } }) }));

const targetOf = (run: RunSummary): { path: string; controller: string } => ({ path: run.job, controller: run.controller });

export const runJson = (run: RunDetails, reader: Principal): z.input<typeof runSchema> => ({
  ...runSummaryJson(run),
  comment: run.comment,
  offeredAt: isoOrNull(run.offeredAtMs),
  acceptedAt: isoOrNull(run.acceptedAtMs),
  arguments: { ...run.arguments },
  outcome: run.outcome === null ? null : (run.outcome as unknown as z.input<typeof outcomeSchema>),
  verdicts: chainOf(run),
  allowed: {
    cancel: allowedTo(reader, "controller:runs:cancel", targetOf(run)),
    log: allowedTo(reader, "controller:runs:log", targetOf(run)),
  },
});

const whyNot = (run: RunDetails): string => {
  const refusal = chainOf(run).findLast((verdict) => verdict.effect === "deny");
  return run.outcome?.launchProblem?.message ?? refusal?.text ?? "";
};

/** The whole run in one sentence. */
export const sentenceOf = (run: RunDetails): string => {
  const behalf = `on behalf of ${run.submitter.name}`;
  const as = run.runAs === null ? "" : ` as ${run.runAs}`;
  const why = whyNot(run);
  const because = why === "" ? "" : `: ${why}`;
  switch (run.result) {
    case null:
      return run.state === "running"
        ? `${run.job} runs on ${run.node}${as} ${behalf}`
        : `${run.job} is ${run.state} for ${run.node} ${behalf}`;
    case "refused":
      return `${run.job} was refused on ${run.node} ${behalf}${because}`;
    case "cancelled":
      return `${run.job} was cancelled on ${run.node}${as} ${behalf}`;
    case "timed-out":
      return `${run.job} ran on ${run.node}${as} ${behalf} and exceeded its time`;
    case "unknown":
      return `${run.job} was started on ${run.node} ${behalf}, and its exit could not be known`;
    case "failed":
      return `${run.job} ran on ${run.node}${as} ${behalf} and failed${run.exitCode === null ? because : ` with exit code ${run.exitCode}`}`;
    case "succeeded":
      return `${run.job} ran on ${run.node}${as} ${behalf} and succeeded`;
  }
};
