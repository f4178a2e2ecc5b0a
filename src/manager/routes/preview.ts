/**
 * What a submission would come to, before it is one: who asks, whether he may, where it would run and as whom, as far as the manager knows.
 * The same engine and the same checks as the submission; nothing is stored. The node's part is the node's: its table, its policy and its
 * credentials decide when the run is there, and the answer says so.
 */
import { z } from "zod";
import { decide } from "#access/decide.ts";
import { describeAs } from "#jobs/apply-job.ts";
import type { Job } from "#jobs/rules/job.ts";
import { problem, ProblemError, type Problem } from "#kernel/problem.ts";
import { decideByTable, whereQuestion } from "#nodes/rules/node-table.ts";
import type { Principal } from "#identity/principal.ts";
import type { ToldTable } from "#link/messages.ts";
import type { NodeRecord } from "#nodes/node-store.ts";
import type { Controller } from "#controller/open-controller.ts";
import { isoOf } from "#manager/routes/fields.ts";
import { verdictSchema } from "#manager/routes/run-view.ts";
import { decideRequest, noJob, oneRequest, textArguments } from "#manager/routes/submissions.ts";
import { route, type Route } from "#manager/route.ts";
import type { Services } from "#manager/services.ts";

const warnings = [
  "node-missing",
  "node-never-connected",
  "node-offline",
  "launcher-unreachable",
  "no-default-account",
  "key-not-reported",
  "key-unusable",
] as const;
type Warning = (typeof warnings)[number];

const problemSchema = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string(),
  path: z.string().nullable().describe("`arguments.NAME` and the like"),
});

const targetSchema = z.object({
  node: z.string(),
  health: z.enum(["online", "degraded", "offline"]).nullable().describe("null: not there, or the reader may not see nodes"),
  account: z.string().nullable().describe("that it would run as, as the node last reported; null: only the node knows"),
  where: verdictSchema
    .nullable()
    .describe(
      "what the node's own table, as it last told, says of the caller; the node decides. null: not told, or too long to be told whole",
    ),
  warnings: z.array(z.enum(warnings)),
});

const answer = z
  .object({
    job: z.string(),
    jobRevision: z.int(),
    verdicts: z.array(verdictSchema).describe("who and may, decided now and again when it is submitted and when it is offered"),
    requires: z.string().describe("role that the node's own table must give the submitter"),
    asWhom: z.string().describe("the run identity that the job asks for"),
    credentialKey: z.string().nullable(),
    arguments: z.record(z.string(), z.string()).nullable().describe("final values, defaults filled in; null: they are refused"),
    targets: z.array(targetSchema),
    nodesVisible: z.boolean().describe("false: the reader may not see nodes, so that nothing is said about them"),
    problems: z.array(problemSchema).describe("what would refuse the submission"),
    ready: z.boolean(),
  })
  .meta({ id: "SubmissionPreview" });

const problemsJson = ({ also = [], ...first }: Problem): z.input<typeof problemSchema>[] =>
  [first, ...also].map(({ code, message, hint, at }) => ({ code, message, hint, path: at?.path ?? null }));

/** Of an entry that was not told nothing is known: then only a permission holds. */
const forecast = (node: string, job: Job, submitter: Principal, table: ToldTable, at: string): z.input<typeof verdictSchema> | null => {
  const { effect, because } = decideByTable({ node, submitter, requires: job.requires }, { version: 1, entries: table.entries });
  if (effect === "deny" && table.isCut) return null;
  const { rule, text, facts } = because;
  const question = whereQuestion({ submitter: submitter.accessId, job: job.path, node, requires: job.requires });
  return { part: "where", question, effect, rule, text, ...(facts === undefined ? {} : { facts: { ...facts } }), decidedAt: at };
};

const targetJson = (
  name: string,
  job: Job,
  node: NodeRecord | null,
  session: ReturnType<Controller["nodes"]>[number] | undefined,
  submitter: Principal,
  at: string,
): z.input<typeof targetSchema> => {
  if (node === null) return { node: name, health: null, account: null, where: null, warnings: ["node-missing"] };
  const { as } = job;
  const facts = session?.facts ?? node.facts;
  const found: Warning[] = [];
  if (session === undefined) found.push(facts === null ? "node-never-connected" : "node-offline");
  else if (!session.launcherReachable) found.push("launcher-unreachable");
  if (facts !== null && as.kind === "agent" && facts.defaultJobAccount === null) found.push("no-default-account");
  if (facts !== null && as.kind === "credential") {
    if (!facts.credentialKeys.includes(as.key)) found.push("key-not-reported");
    else if (facts.unusableKeys?.some(({ key }) => key === as.key) === true) found.push("key-unusable");
  }
  return {
    node: name,
    health: session === undefined ? "offline" : session.launcherReachable ? "online" : "degraded",
    account: as.kind === "agent" ? (facts?.defaultJobAccount ?? null) : null,
    where: facts?.table === undefined || facts.table === null ? null : forecast(name, job, submitter, facts.table, at),
    warnings: found,
  };
};

export const previewRoutes = ({ jobs, nodes, controller, clock }: Services): Route[] => [
  route({
    method: "POST",
    url: "/api/v1/submissions/preview",
    summary: "Who, may, where and as whom a submission would come to; nothing is submitted",
    question: { may: "controller:runs:create", refined: "about the job of the body, as the submission itself" },
    body: z.strictObject({ job: oneRequest.job, arguments: oneRequest.arguments, on: oneRequest.on }),
    answer,
    handle: async ({ caller: { principal }, body }) => {
      const at = isoOf(clock.nowMs());
      const verdicts = decideRequest(principal, body.job, at);
      const preview = await jobs.previewSubmission({
        job: body.job,
        ...textArguments(body.arguments),
        ...(body.on === undefined ? {} : { on: typeof body.on === "string" ? [body.on] : body.on }),
      });
      if (preview === null) throw new ProblemError(noJob(body.job));
      const { job, revision } = preview.revision;
      const nodesVisible = decide({ permission: "manager:nodes:view" }, principal.access).effect === "permit";
      const sessions = controller.nodes();
      const targets: z.input<typeof targetSchema>[] = [];
      const problems = preview.values.ok ? [] : problemsJson(preview.values.problem);
      for (const { name, exists } of preview.nodes) {
        if (!exists) problems.push(...problemsJson(problem("jobs.unknown-node", `there is no node \`${name}\``)));
        if (!nodesVisible) {
          // Whether there is such a node at all, the submission tells as well.
          targets.push({ node: name, health: null, account: null, where: null, warnings: exists ? [] : ["node-missing"] });
          continue;
        }
        const node = exists ? await nodes.get(name) : null;
        targets.push(
          targetJson(
            name,
            job,
            node,
            sessions.find(({ nodeId }) => nodeId === node?.id),
            principal,
            at,
          ),
        );
      }
      if (targets.length === 0) problems.push(...problemsJson(problem("jobs.not-runnable", `the job \`${job.path}\` names no node`)));
      const full = controller.admission();
      if (full !== null) problems.push(...problemsJson(full));
      return {
        job: job.path,
        jobRevision: revision,
        verdicts: verdicts.map(({ facts, ...verdict }) => ({ ...verdict, ...(facts === undefined ? {} : { facts: { ...facts } }) })),
        requires: job.requires,
        asWhom: describeAs(job.as),
        credentialKey: job.as.kind === "credential" ? job.as.key : null,
        arguments: preview.values.ok ? { ...preview.values.value } : null,
        targets,
        nodesVisible,
        problems,
        ready: problems.length === 0,
      };
    },
  }),
];
