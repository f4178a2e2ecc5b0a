/** Submitting jobs, singly or many at once, and what became of a submission. */
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Principal } from "#identity/principal.ts";
import { fail, problem, ProblemError, type Problem } from "#kernel/problem.ts";
import type { Submission } from "#jobs/run-queries.ts";
import type { AcceptedSubmission, RefusedSubmission, SubmissionRequest } from "#jobs/submit.ts";
import type { VerdictRecord } from "#proof/launch-order.ts";
import { mainController } from "#manager/routes/jobs.ts";
import { count, cursor, idOf, instant, isoOf, line, pageOf } from "#manager/routes/fields.ts";
import { runSummaryJson, runSummarySchema, verdictSchema } from "#manager/routes/run-view.ts";
import type { RefusedSubmissions } from "#manager/refused-submissions.ts";
import { route, type Route, type Target } from "#manager/route.ts";
import type { Services } from "#manager/services.ts";
import { placesOf, visiblePage } from "#manager/visible.ts";
import { authorise } from "#manager/web/guard.ts";

const nodeName = line(100).min(1);
/** Why, kept with the submission. */
export const comment = z.string().max(2000).optional();
/** One request, as a body gives it. */
export const oneRequest = {
  job: z.string().min(1).max(1024).describe("path of the job"),
  arguments: z
    .record(z.string().max(200), z.union([z.string().max(64 * 1024), z.number(), z.boolean()]))
    .optional()
    .describe("values of declared parameters"),
  on: z
    .union([nodeName, z.array(nodeName).max(500)])
    .optional()
    .describe("nodes; absent: the job's own"),
  comment,
};
const request = z.strictObject(oneRequest);
type Request = z.output<typeof request>;

const body = z
  .strictObject({
    ...oneRequest,
    job: oneRequest.job.optional(),
    items: z.array(request).min(1).max(500).optional().describe("several requests at once instead of one"),
    partial: z.boolean().default(false).describe("accept what can be accepted; the others get their problem in the answer"),
  })
  .refine((given) => (given.items === undefined) !== (given.job === undefined), { path: ["job"] })
  .describe("one request, or `items`; not both");

const accepted = z.object({
  accepted: z.literal(true),
  id: z.string(),
  job: z.string(),
  jobRevision: z.int(),
  runs: z.array(z.object({ id: z.string(), node: z.string() })),
});
const refused = z.object({
  accepted: z.literal(false),
  job: z.string(),
  problem: z.object({ code: z.string(), message: z.string(), hint: z.string() }),
});

const answer = z.object({
  id: z.string().optional().describe("of a single request"),
  job: z.string().optional(),
  jobRevision: z.int().optional(),
  runs: z.array(z.object({ id: z.string(), node: z.string() })).describe("all runs, in the order of the requests"),
  items: z.array(z.union([accepted, refused])),
  replayed: z.boolean().describe("the idempotency key was used before: this is the answer of then"),
});

const itemJson = (item: AcceptedSubmission | RefusedSubmission): z.input<typeof accepted> | z.input<typeof refused> =>
  item.accepted
    ? { accepted: true, id: item.id, job: item.job, jobRevision: item.jobRevision, runs: item.runs.map((run) => ({ ...run })) }
    : { accepted: false, job: item.job, problem: { code: item.problem.code, message: item.problem.message, hint: item.problem.hint } };

export const noJob = (path: string): Problem =>
  problem("jobs.not-found", `there is no job \`${path.slice(0, 200).replaceAll(/[`\p{Cc}\p{Cf}]/gu, "'")}\``);

/** What a person proved himself with, in words; what the glossary of methods (`amr`) has no word for stands as it is. */
const proofWords = (amr: readonly string[]): string =>
  amr.map((method) => (method === "pwd" ? "a password" : `\`${method}\``)).join(" and ");

/** Who it is, and whether he may: asked for every request, kept with the submission. */
export const decideRequest = (principal: Principal, job: string, decidedAt: string): VerdictRecord[] => {
  const verdict = authorise(principal, "controller:runs:create", { path: job, controller: mainController }, () => noJob(job));
  const proof = principal.amr.includes("os") ? "by the operating system on the local socket" : `with ${proofWords(principal.amr)}`;
  return [
    {
      part: "who",
      question: `who asks for \`${job}\``,
      effect: "permit",
      rule: principal.amr.includes("os") ? "who.os" : "who.session",
      text: `\`${principal.name}\` of service \`${principal.service}\`, proved ${proof}`,
      facts: {
        accessId: principal.accessId,
        name: principal.name,
        service: principal.service,
        proof: principal.amr.join(" "),
        authTime: principal.authTime,
      },
      decidedAt,
    },
    {
      part: "may",
      question: `may \`${principal.name}\` \`controller:runs:create\` on \`${job}\` at controller \`${mainController}\``,
      effect: "permit",
      rule: verdict.because.rule,
      text: verdict.because.text,
      ...(verdict.because.facts === undefined ? {} : { facts: verdict.because.facts }),
      decidedAt,
    },
  ];
};

/** Values travel as text. */
export const textArguments = (given: Request["arguments"]): Pick<SubmissionRequest, "arguments"> =>
  given === undefined ? {} : { arguments: Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)])) };

const submissionSchema = z
  .object({
    id: z.string(),
    job: z.string(),
    jobRevision: z.int(),
    controller: z.string(),
    arguments: z.record(z.string(), z.string()),
    submitter: z.object({ accessId: z.string(), name: z.string(), groups: z.array(z.string()) }),
    actor: z.object({ accessId: z.string(), name: z.string() }),
    comment: z.string().nullable(),
    createdAt: instant,
  })
  .meta({ id: "Submission" });

const submissionJson = ({ createdAtMs, verdicts: _verdicts, ...submission }: Submission): z.input<typeof submissionSchema> => ({
  ...submission,
  arguments: { ...submission.arguments },
  submitter: { ...submission.submitter, groups: [...submission.submitter.groups] },
  createdAt: isoOf(createdAtMs),
});

/** Decides a request; a refusal is recorded with its job. */
export const decideAndRecord = async (
  refused: RefusedSubmissions,
  principal: Principal,
  job: string,
  decidedAt: string,
): Promise<VerdictRecord[]> => {
  try {
    return decideRequest(principal, job, decidedAt);
  } catch (error) {
    if (error instanceof ProblemError) await refused.record(principal, { job, controller: mainController }, error.problem);
    throw error;
  }
};

export const idempotencyHeader = {
  "idempotency-key": "the same key with the same body gives the same answer and no second submission",
} as const;

/** The key that a request came with. */
export const idempotencyKeyOf = ({ headers }: FastifyRequest): string | undefined => {
  const key = headers["idempotency-key"];
  return Array.isArray(key) ? fail("input.invalid-value", "the idempotency key is given twice") : key;
};

const submissionRoute = "POST /api/v1/submissions";
const asked = new WeakMap<FastifyRequest, Submission>();

export const submissionRoutes = ({ jobs, controller, clock, feed, refusedSubmissions }: Services): Route[] => {
  const toRequest = async (principal: Principal, given: Request, decidedAt: string): Promise<SubmissionRequest> => ({
    job: given.job,
    verdicts: await decideAndRecord(refusedSubmissions, principal, given.job, decidedAt),
    ...textArguments(given.arguments),
    ...(given.on === undefined ? {} : { on: typeof given.on === "string" ? [given.on] : given.on }),
    ...(given.comment === undefined ? {} : { comment: given.comment }),
  });
  const aboutSubmission = async (incoming: FastifyRequest): Promise<Target | null> => {
    const submission = await jobs.getSubmission((incoming.params as { id: string }).id);
    if (submission === null) return null;
    asked.set(incoming, submission);
    return { path: submission.job, controller: submission.controller };
  };
  return [
    route({
      method: "POST",
      url: "/api/v1/submissions",
      summary: "Submit a job, or several at once",
      // Whoever sees jobs gets an answer about the job; of all others what they ask for is recorded alike, and told nothing about (`refused`).
      question: {
        may: "controller:runs:create",
        or: ["controller:jobs:view"],
        refined: "`controller:runs:create` about each job of the body, before anything is stored; a refusal is recorded",
      },
      headers: idempotencyHeader,
      body,
      answer,
      status: 201,
      refused: async ({ caller, body: given, refusal }) => {
        // As of a request that is heard: the first job that is refused.
        const job = given.items?.[0]?.job ?? given.job ?? "";
        await refusedSubmissions.record(caller.principal, { job, controller: mainController }, refusal);
      },
      handle: async ({ caller, body: given, request: incoming }) => {
        const { principal } = caller;
        const key = idempotencyKeyOf(incoming);
        const decidedAt = isoOf(clock.nowMs());
        const { items, partial, job, ...rest } = given;
        // SECURITY: decided before a stored answer is shown again: an idempotency key opens nothing (W8).
        const requests: SubmissionRequest[] = [];
        for (const item of items ?? [{ ...rest, job: job ?? "" }]) requests.push(await toRequest(principal, item, decidedAt));
        const full = controller.admission();
        if (full !== null) throw new ProblemError(full);
        const submitted = await jobs.submit(principal, requests, {
          route: submissionRoute,
          bodyHash: incoming.bodyHash,
          partial,
          ...(key === undefined ? {} : { idempotencyKey: key }),
        });
        const runs = submitted.items.flatMap((item) => (item.accepted ? item.runs : []));
        if (!submitted.replayed) for (const run of runs) feed.runChanged(run.id);
        const [only] = submitted.items;
        return {
          ...(items === undefined && only?.accepted === true ? { id: only.id, job: only.job, jobRevision: only.jobRevision } : {}),
          runs: runs.map((run) => ({ ...run })),
          items: submitted.items.map(itemJson),
          replayed: submitted.replayed,
        };
      },
    }),
    route({
      method: "GET",
      url: "/api/v1/submissions",
      summary: "List submissions, newest first",
      question: { may: "controller:runs:view", refined: "each submission is asked about by its job" },
      query: z.object({ job: z.string().max(1024).optional(), submitter: line(300).optional(), limit: count(1, 200, 50), cursor }),
      answer: pageOf(submissionSchema),
      handle: async ({ caller, query }) => {
        const { access } = caller.principal;
        const page = await visiblePage(
          access,
          "controller:runs:view",
          query,
          (limit, from) =>
            jobs.listSubmissions({
              folders: placesOf(access, "controller:runs:view"),
              limit,
              ...(query.job === undefined ? {} : { job: query.job }),
              ...(query.submitter === undefined ? {} : { submitter: query.submitter }),
              ...(from === undefined ? {} : { cursor: from }),
            }),
          (submission) => ({ path: submission.job, controller: submission.controller }),
        );
        return { items: page.items.map(submissionJson), nextCursor: page.nextCursor };
      },
    }),
    route({
      method: "GET",
      url: "/api/v1/submissions/:id",
      summary: "Show a submission and its runs",
      question: {
        may: "controller:runs:view",
        about: aboutSubmission,
        missing: () => problem("runs.submission-not-found", "there is no such submission"),
      },
      params: z.object({ id: idOf("sub") }),
      answer: submissionSchema.extend({ verdicts: z.array(verdictSchema), runs: z.array(runSummarySchema) }),
      handle: async ({ request: incoming }) => {
        const submission = asked.get(incoming) ?? fail("runs.submission-not-found", "there is no such submission");
        const runs = await jobs.listRuns({ folders: "all", submission: submission.id, limit: 500 });
        return {
          ...submissionJson(submission),
          verdicts: submission.verdicts.map(({ facts, ...verdict }) => ({
            ...verdict,
            ...(facts === undefined ? {} : { facts: { ...facts } }),
          })),
          runs: runs.items.map(runSummaryJson),
        };
      },
    }),
  ];
};
