/**
 * Submitting jobs: many requests, one transaction, one run per target node. The caller has asked the engine for each request and hands
 * in the verdicts, which are kept. Nothing is stored unless everything is, or `partial` says otherwise.
 *
 * INVARIANT: submissions, runs, idempotency row, audit records and the offers of those runs that leave at once are one transaction.
 */
import { fail, problem, ProblemError, type Problem } from "#kernel/problem.ts";
import { newId } from "#kernel/ids.ts";
import type { VerdictRecord } from "#proof/launch-order.ts";
import type { Principal } from "#identity/principal.ts";
import { claimIdempotencyKey, recallAnswer, type IdempotencyScope } from "#jobs/idempotency.ts";
import type { RunToOffer } from "#jobs/dispatch-store.ts";
import type { JobsContext } from "#jobs/jobs-context.ts";
import { resolveArguments } from "#jobs/rules/arguments.ts";
import { folderOf } from "#jobs/rules/path.ts";
import { readPresentRevisions, type JobRevision } from "#jobs/store.ts";
import type { Writer } from "#store/store.ts";

/** Most requests, and most runs, of one submission. */
export const mostAtOnce = 500;
/** Rows per statement: wide enough to save statements, small enough to stay in the statement cache of no store. */
const rowsPerInsert = 500;

/** Runs that are repeated, one for each node. */
export type RepeatedRuns = readonly { readonly run: string; readonly node: string }[];

export interface SubmissionRequest {
  readonly job: string;
  readonly arguments?: Readonly<Record<string, string>>;
  /** Node names; absent: the job's own. */
  readonly on?: readonly string[];
  readonly comment?: string;
  /** The runs that it repeats, where it repeats any: in the answer and in the record. */
  readonly again?: RepeatedRuns;
  /** Who and may, as decided for this request. */
  readonly verdicts: readonly VerdictRecord[];
}

export interface SubmitOptions {
  /** The route, for the scope of the idempotency key (W8). */
  readonly route: string;
  /** SHA-256 of the request's body. */
  readonly bodyHash: string;
  readonly idempotencyKey?: string;
  /** Accept what can be accepted; the others get their problem in the answer. */
  readonly partial?: boolean;
  /** The controller that dispatches; `main` by default. */
  readonly controller?: string;
  /** Who pressed the button, where that is not the principal himself. */
  readonly actor?: Principal;
}

export interface AcceptedSubmission {
  readonly accepted: true;
  readonly id: string;
  readonly job: string;
  readonly jobRevision: number;
  readonly runs: readonly { readonly id: string; readonly node: string }[];
  readonly again?: RepeatedRuns;
}

export interface RefusedSubmission {
  readonly accepted: false;
  readonly job: string;
  readonly problem: Problem;
  readonly again?: RepeatedRuns;
}

export interface SubmitAnswer {
  /** One entry per request, in order. */
  readonly items: readonly (AcceptedSubmission | RefusedSubmission)[];
  /** An earlier request with the same idempotency key was answered again; nothing new was stored. */
  readonly replayed: boolean;
}

interface Planned {
  readonly accepted: AcceptedSubmission;
  readonly revision: JobRevision;
  readonly request: SubmissionRequest;
  readonly values: Readonly<Record<string, string>>;
}

const unknownNode = (name: string): Problem =>
  problem("jobs.unknown-node", `there is no node \`${name.slice(0, 64).replaceAll("`", "'")}\``);

/** The nodes a request means, each once. */
const targetsOf = (request: Pick<SubmissionRequest, "on">, revision: JobRevision): readonly string[] => [
  ...new Set(request.on === undefined || request.on.length === 0 ? revision.job.on : request.on),
];

/** What a request would become, or why it is refused. */
const plan = (
  request: SubmissionRequest,
  revision: JobRevision | undefined,
  missingNodes: ReadonlySet<string>,
):
  | { readonly problem: Problem }
  | { readonly revision: JobRevision; readonly nodes: readonly string[]; readonly values: Readonly<Record<string, string>> } => {
  if (revision === undefined)
    return { problem: problem("jobs.not-found", `there is no job \`${request.job.slice(0, 200).replaceAll("`", "'")}\``) };
  const nodes = targetsOf(request, revision);
  if (nodes.length === 0)
    return {
      problem: problem("jobs.not-runnable", `the job \`${revision.path}\` names no node`, {
        hint: `say where: \`behalf run ${revision.path} --on NODE\``,
      }),
    };
  const missing = nodes.filter((node) => missingNodes.has(node)).map(unknownNode);
  if (missing[0] !== undefined) return { problem: missing.length === 1 ? missing[0] : { ...missing[0], also: missing.slice(1, 21) } };
  if (request.comment !== undefined && (request.comment.length > 2000 || request.comment.includes("\u0000")))
    return {
      problem: problem("input.invalid-value", "the comment is longer than 2000 characters or has a NUL character", {
        at: { path: "comment" },
      }),
    };
  const values = resolveArguments(revision.job.parameters, request.arguments ?? {});
  return values.ok ? { revision, nodes, values: values.value } : { problem: values.problem };
};

/** Those of the names under which no node has joined. */
export const findMissingNodes = async (context: JobsContext, names: Iterable<string>): Promise<ReadonlySet<string>> => {
  const missing = new Set<string>();
  for (const name of new Set(names)) if (!(await context.nodes.exists(name))) missing.add(name);
  return missing;
};

/** Ids of one kind in rising order, so that runs of one batch are queued, listed and dispatched in the order of their requests. */
const risingIds = (kind: "run" | "sub", count: number, nowMs: number): string[] =>
  Array.from({ length: count }, () => newId(kind, nowMs)).toSorted();

/** The rows of what is accepted. */
const rowsOf = (planned: readonly Planned[], principal: Principal, options: SubmitOptions, controller: string, nowMs: number) => {
  const actor = options.actor ?? principal;
  const claim = JSON.stringify({ groups: principal.groups, amr: principal.amr, authTime: principal.authTime });
  const submissions = planned.map(({ accepted, request, values }) => ({
    id: accepted.id,
    job_path: accepted.job,
    job_revision: accepted.jobRevision,
    controller,
    arguments: JSON.stringify(values),
    submitter: principal.accessId,
    submitter_name: principal.name,
    submitter_claim: claim,
    actor: actor.accessId,
    actor_name: actor.name,
    verdicts: JSON.stringify(request.verdicts),
    comment: request.comment ?? null,
    created_at: nowMs,
  }));
  const runs = planned.flatMap(({ accepted }) => {
    const folder = folderOf(accepted.job);
    return accepted.runs.map(({ id, node }) => ({
      id,
      submission_id: accepted.id,
      job_path: accepted.job,
      folder,
      job_revision: accepted.jobRevision,
      controller,
      node,
      submitter: principal.accessId,
      submitter_name: principal.name,
      state: "queued",
      attempt: 0,
      queued_at: nowMs,
      log_bytes: 0,
    }));
  });
  return { submissions, runs };
};

const store = async (tx: Writer, { submissions, runs }: ReturnType<typeof rowsOf>): Promise<void> => {
  for (let at = 0; at < submissions.length; at += rowsPerInsert)
    await tx
      .insertInto("submissions")
      .values(submissions.slice(at, at + rowsPerInsert))
      .execute();
  for (let at = 0; at < runs.length; at += rowsPerInsert)
    await tx
      .insertInto("runs")
      .values(runs.slice(at, at + rowsPerInsert))
      .execute();
};

/** The runs as whoever dispatches needs them. */
const runsToOffer = ({ submissions, runs }: ReturnType<typeof rowsOf>): (RunToOffer & { readonly node: string })[] => {
  const byId = new Map(submissions.map((submission) => [submission.id, submission]));
  return runs.flatMap((run) => {
    const submission = byId.get(run.submission_id);
    return submission === undefined
      ? []
      : [
          {
            id: run.id,
            node: run.node,
            submissionId: submission.id,
            jobPath: run.job_path,
            folder: run.folder,
            jobRevision: run.job_revision,
            attempt: run.attempt,
            arguments: submission.arguments,
            submitter: submission.submitter,
            submitterName: submission.submitter_name,
            submitterClaim: submission.submitter_claim,
            actor: submission.actor,
            actorName: submission.actor_name,
          },
        ];
  });
};

/** Plans every request; throws the first problem unless `partial`. */
const planAll = async (
  context: JobsContext,
  requests: readonly SubmissionRequest[],
  partial: boolean,
  nowMs: number,
): Promise<{ readonly items: readonly (AcceptedSubmission | RefusedSubmission)[]; readonly planned: readonly Planned[] }> => {
  const revisions = await readPresentRevisions(
    context.store.read,
    [...new Set(requests.map(({ job }) => job))].filter((path) => !path.includes("\u0000")),
    context.revisions,
  );
  const targets = requests.flatMap((request) => {
    const revision = revisions.get(request.job);
    return revision === undefined ? [] : targetsOf(request, revision);
  });
  if (targets.length > mostAtOnce)
    fail("jobs.too-many", `these are ${targets.length} runs, and at most ${mostAtOnce} can be submitted at once`);
  const missingNodes = await findMissingNodes(context, targets);
  const plans = requests.map((request) => ({ request, plan: plan(request, revisions.get(request.job), missingNodes) }));
  const problems = plans.flatMap(({ plan: made }, index) =>
    "problem" in made
      ? [
          {
            ...made.problem,
            at: {
              ...made.problem.at,
              ...(requests.length === 1
                ? {}
                : { path: `submissions[${index}]${made.problem.at?.path === undefined ? "" : `.${made.problem.at.path}`}` }),
            },
          },
        ]
      : [],
  );
  const [first, ...also] = problems;
  if (first !== undefined && !partial)
    throw new ProblemError(also.length === 0 ? first : { ...first, also: [...(first.also ?? []), ...also].slice(0, 20) });
  const submissionIds = risingIds("sub", requests.length, nowMs);
  const runIds = risingIds("run", targets.length, nowMs);
  const items: (AcceptedSubmission | RefusedSubmission)[] = [];
  const planned: Planned[] = [];
  let usedRuns = 0;
  for (const [index, { request, plan: made }] of plans.entries()) {
    const again = request.again === undefined ? {} : { again: request.again };
    if ("problem" in made) {
      items.push({ accepted: false, job: request.job.slice(0, 200), problem: made.problem, ...again });
      continue;
    }
    const runs = made.nodes.map((node) => ({ id: runIds[usedRuns++] ?? newId("run", nowMs), node }));
    const accepted: AcceptedSubmission = {
      accepted: true,
      id: submissionIds[index] ?? newId("sub", nowMs),
      job: made.revision.path,
      jobRevision: made.revision.revision,
      runs,
      ...again,
    };
    items.push(accepted);
    planned.push({ accepted, revision: made.revision, request, values: made.values });
  }
  return { items, planned };
};

/** What a request would become, without storing anything. */
export interface PreviewedSubmission {
  readonly revision: JobRevision;
  /** Every node that is meant, and whether one of that name has joined. */
  readonly nodes: readonly { readonly name: string; readonly exists: boolean }[];
  /** The final values, or what is wrong with them. */
  readonly values: ReturnType<typeof resolveArguments>;
}

/** Looks at a request as `submit` would; null: there is no such job. */
export const previewSubmission = async (
  context: JobsContext,
  request: Pick<SubmissionRequest, "job" | "arguments" | "on">,
): Promise<PreviewedSubmission | null> => {
  if (request.job.includes("\u0000")) return null;
  const revision = (await readPresentRevisions(context.store.read, [request.job], context.revisions)).get(request.job);
  if (revision === undefined) return null;
  const targets = targetsOf(request, revision);
  if (targets.length > mostAtOnce)
    fail("jobs.too-many", `these are ${targets.length} runs, and at most ${mostAtOnce} can be submitted at once`);
  const missing = await findMissingNodes(context, targets);
  return {
    revision,
    nodes: targets.map((name) => ({ name, exists: !missing.has(name) })),
    values: resolveArguments(revision.job.parameters, request.arguments ?? {}),
  };
};

/** Submits requests in the name of `principal`. Throws `jobs.*` or `input.*`; then nothing is stored. */
export const submit = async (
  context: JobsContext,
  principal: Principal,
  requests: readonly SubmissionRequest[],
  options: SubmitOptions,
): Promise<SubmitAnswer> => {
  if (requests.length === 0) fail("input.missing-field", "there is nothing to submit");
  if (requests.length > mostAtOnce)
    fail("jobs.too-many", `these are ${requests.length} requests, and at most ${mostAtOnce} can be submitted at once`);
  const scope: IdempotencyScope | null =
    options.idempotencyKey === undefined
      ? null
      : { principal: principal.accessId, route: options.route, key: options.idempotencyKey, bodyHash: options.bodyHash };
  if (scope !== null) {
    const earlier = await recallAnswer(context.store.read, scope);
    if (earlier !== null) return { items: earlier as SubmitAnswer["items"], replayed: true };
  }
  const nowMs = context.clock.nowMs();
  const { items, planned } = await planAll(context, requests, options.partial ?? false, nowMs);
  const actor = options.actor ?? principal;
  const [only] = planned;
  const entry = {
    actor: actor.accessId,
    action: "runs.create",
    object: planned.length === 1 && only !== undefined ? only.accepted.job : "jobs",
    detail: { submitter: principal.accessId, requests: requests.length },
  };
  const controller = options.controller ?? "main";
  const rows = rowsOf(planned, principal, options, controller, nowMs);
  const departure = (await context.dispatch?.prepare(controller, runsToOffer(rows))) ?? null;
  let answer: SubmitAnswer;
  try {
    // An act that is nothing but its transaction: with the offers that go with it, a submission is one commit.
    answer = await context.audit.actAtOnce<SubmitAnswer>(entry, async (tx, stage) => {
      if (scope !== null) {
        const earlier = await claimIdempotencyKey(tx, scope, items, nowMs);
        if (earlier !== null) return { result: { items: earlier as SubmitAnswer["items"], replayed: true }, detail: { replayed: true } };
      }
      if (planned.length > 0) await store(tx, rows);
      // Of many, each has a record of its own, so that it can be found by its job.
      if (planned.length > 1)
        for (const { accepted } of planned)
          context.audit.stageNote(stage, {
            actor: actor.accessId,
            action: "runs.create",
            object: accepted.job,
            detail: recordOf(accepted),
          });
      await departure?.write(tx, stage);
      return {
        result: { items, replayed: false },
        detail: planned.length === 1 && only !== undefined ? recordOf(only.accepted) : { submissions: planned.length },
      };
    });
  } catch (error) {
    departure?.stay();
    throw error;
  }
  if (answer.replayed) departure?.stay();
  else {
    departure?.go();
    if (rows.runs.length > (departure?.runs ?? 0)) context.dispatch?.queued();
  }
  return answer;
};

const recordOf = ({ id, jobRevision, runs, again }: AcceptedSubmission): Record<string, unknown> => ({
  submission: id,
  revision: jobRevision,
  runs: runs.map(({ id: run, node }) => `${run} on ${node}`),
  ...(again === undefined ? {} : { again: again.map(({ run }) => run) }),
});
