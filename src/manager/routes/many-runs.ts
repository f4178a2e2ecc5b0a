/**
 * Acts on many runs: those that are named, or those that a list's filter finds, a page at a time. Each is decided by itself, with the facts of now;
 * what may not or cannot be done is told with its problem, and the others go on.
 */
import { z } from "zod";
import type { Principal } from "#identity/principal.ts";
import { fail, problem, ProblemError, type Problem } from "#kernel/problem.ts";
import type { Page } from "#jobs/cursor.ts";
import type { RunSummary } from "#jobs/run-queries.ts";
import { mostAtOnce } from "#jobs/submit.ts";
import { cursor, idOf, isoOf, line } from "#manager/routes/fields.ts";
import { filterOf, filterQuery, placeOf, viewRuns } from "#manager/routes/runs.ts";
import { comment, decideAndRecord, idempotencyKeyOf, idempotencyHeader } from "#manager/routes/submissions.ts";
import { route, type Route } from "#manager/route.ts";
import type { Services } from "#manager/services.ts";
import { visiblePage } from "#manager/visible.ts";
import { authorise } from "#manager/web/guard.ts";
import type { VerdictRecord } from "#proof/launch-order.ts";

const which = z.strictObject({
  runs: z.array(idOf("run")).min(1).max(mostAtOnce).optional().describe("these"),
  filter: z
    .strictObject(filterQuery.shape)
    .optional()
    .describe("those that `GET /api/v1/runs` lists with it; `{}`: all that the caller may see"),
  limit: z.int().min(1).max(mostAtOnce).default(mostAtOnce).describe("with `filter`: so many at once"),
  cursor,
});
type Which = z.output<typeof which>;
const isEither = (given: Which): boolean => (given.runs === undefined) !== (given.filter === undefined);
const either = { path: ["runs"], message: "give `runs` or `filter`, and not both" };

const problemSchema = z.object({ code: z.string(), message: z.string(), hint: z.string() });
const problemJson = ({ code, message, hint }: Problem): z.input<typeof problemSchema> => ({ code, message, hint });
const acted = { run: z.string(), job: z.string().nullable().describe("null: there is no such run"), node: z.string().nullable() };
const nextCursor = z.string().nullable().describe("where to go on; null: that were all");

const noRun = (run: string): Problem => problem("runs.not-found", `there is no run \`${run}\``);
const factsOf = (run: RunSummary | undefined): { job: string | null; node: string | null } => ({
  job: run?.job ?? null,
  node: run?.node ?? null,
});

/** What keeps somebody from an act, or null. */
const refusalOf = (act: () => unknown): Problem | null => {
  try {
    act();
    return null;
  } catch (error) {
    if (error instanceof ProblemError) return error.problem;
    throw error;
  }
};

export const manyRunsRoutes = ({ jobs, controller, clock, feed, refusedSubmissions }: Services): Route[] => {
  /** A page of the runs that are meant and that the caller may see. */
  const visibleRuns = ({ access }: Principal, { runs, filter, ...page }: Which, state?: "active"): Promise<Page<RunSummary>> => {
    const wanted = { ...filterOf(access, filter ?? {}), ...(state === undefined || filter?.state !== undefined ? {} : { state }) };
    const query = runs === undefined ? page : { limit: mostAtOnce };
    return visiblePage(
      access,
      viewRuns,
      query,
      (limit, from) =>
        jobs.listRuns({ ...wanted, limit, ...(runs === undefined ? {} : { ids: runs }), ...(from === undefined ? {} : { cursor: from }) }),
      placeOf,
    );
  };
  return [
    route({
      method: "POST",
      url: "/api/v1/runs/cancel",
      summary: "Cancel many runs: those named, or those under way that a filter finds",
      question: { may: "controller:runs:cancel", refined: "about each run by its job; those of a filter must be visible as well" },
      body: which.extend({ reason: line(500).default("") }).refine(isEither, either),
      answer: z.object({
        items: z.array(
          z.object({
            ...acted,
            state: z.enum(["ended", "cancelling"]).nullable().describe("`ended`: at once; `cancelling`: its node is told"),
            problem: problemSchema.nullable().describe("why not"),
          }),
        ),
        nextCursor,
      }),
      handle: async ({ caller, body }) => {
        const { principal } = caller;
        // Acting without viewing is allowed (E11): what is named is asked about by the act alone, as when it is cancelled by itself.
        const page =
          body.runs === undefined
            ? await visibleRuns(principal, body, "active")
            : await jobs.listRuns({ folders: "all", ids: body.runs, limit: mostAtOnce });
        const known = new Map(page.items.map((run) => [run.id, run]));
        const problems = new Map<string, Problem>();
        const asked = body.runs ?? page.items.filter(({ state }) => state !== "ended").map(({ id }) => id);
        const permitted: string[] = [];
        for (const id of new Set(asked)) {
          const run = known.get(id);
          const refusal =
            run === undefined ? noRun(id) : refusalOf(() => authorise(principal, "controller:runs:cancel", placeOf(run), () => noRun(id)));
          if (refusal === null) permitted.push(id);
          else {
            problems.set(id, refusal);
            if (refusal.code === "runs.not-found") known.delete(id);
          }
        }
        const { filter, reason } = body;
        const answers = await jobs.requestCancels(principal, permitted, reason, filter === undefined ? {} : { filter });
        const states = new Map<string, "ended" | "cancelling">();
        for (const [at, id] of permitted.entries()) {
          const answer = answers[at] ?? noRun(id);
          if ("code" in answer) problems.set(id, answer);
          else {
            states.set(id, answer.state);
            controller.cancel(id);
            feed.runChanged(id);
          }
        }
        return {
          items: [...new Set(asked)].map((id) => {
            const refusal = problems.get(id);
            return {
              run: id,
              ...factsOf(known.get(id)),
              state: states.get(id) ?? null,
              problem: refusal === undefined ? null : problemJson(refusal),
            };
          }),
          nextCursor: page.nextCursor,
        };
      },
    }),
    route({
      method: "POST",
      url: "/api/v1/runs/again",
      summary: "Submit runs again, with their arguments and for their nodes, as one act: those named, or those that a filter finds",
      question: {
        may: "controller:runs:create",
        refined: "about the job of each run, which must be visible as well; a refusal is recorded",
      },
      headers: idempotencyHeader,
      body: which.extend({ comment }).refine(isEither, either),
      answer: z.object({
        items: z.array(
          z.object({
            ...acted,
            again: z
              .object({ submission: z.string(), run: z.string() })
              .nullable()
              .describe("runs of the same job and arguments share a submission"),
            problem: problemSchema.nullable().describe("why not"),
          }),
        ),
        nextCursor,
        replayed: z.boolean().describe("the idempotency key was used before: this is the answer of then"),
      }),
      status: 201,
      handle: async ({ caller, body, request }) => {
        const { principal } = caller;
        const key = idempotencyKeyOf(request);
        const decidedAt = isoOf(clock.nowMs());
        const page = await visibleRuns(principal, body);
        const problems = new Map<string, Problem>();
        const verdicts = new Map<string, readonly VerdictRecord[]>();
        for (const job of new Set(page.items.map((run) => run.job)))
          try {
            verdicts.set(job, await decideAndRecord(refusedSubmissions, principal, job, decidedAt));
          } catch (error) {
            if (!(error instanceof ProblemError)) throw error;
            problems.set(job, error.problem);
          }
        const full = controller.admission();
        if (full !== null) throw new ProblemError(full);
        // In the order in which they ran.
        const permitted = page.items.filter(({ job }) => verdicts.has(job)).toReversed();
        const submitted =
          permitted.length === 0
            ? { items: [], replayed: false }
            : await jobs.runAgain(principal, permitted, {
                verdicts,
                route: "POST /api/v1/runs/again",
                bodyHash: request.bodyHash,
                ...(body.comment === undefined ? {} : { comment: body.comment }),
                ...(key === undefined ? {} : { idempotencyKey: key }),
              });
        const accepted = submitted.items.flatMap((item) =>
          (item.again ?? []).map(({ run, node }, at) => ({
            run,
            job: item.job,
            node,
            again: item.accepted ? { submission: item.id, run: item.runs[at]?.id ?? fail("general.internal", "a run is missing") } : null,
            problem: item.accepted ? null : problemJson(item.problem),
          })),
        );
        if (!submitted.replayed) for (const { again } of accepted) if (again !== null) feed.runChanged(again.run);
        const refused = page.items.flatMap((run) => {
          const refusal = problems.get(run.job);
          return refusal === undefined ? [] : [{ run: run.id, ...factsOf(run), again: null, problem: problemJson(refusal) }];
        });
        const seen = new Set(page.items.map(({ id }) => id));
        const missing = [...new Set(body.runs)]
          .filter((id) => !seen.has(id))
          .map((id) => ({ run: id, ...factsOf(undefined), again: null, problem: problemJson(noRun(id)) }));
        return { items: [...accepted, ...refused, ...missing], nextCursor: page.nextCursor, replayed: submitted.replayed };
      },
    }),
  ];
};
