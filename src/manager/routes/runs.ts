/** Runs: lists, one with its chain, cancellation, output as text and as frames, and why it was allowed. Live streams: `streams.ts`. */
import { Readable } from "node:stream";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { fail, problem, type Problem } from "#kernel/problem.ts";
import type { CompiledAccess } from "#access/compile.ts";
import { decide } from "#access/decide.ts";
import type { RunDetails, RunFilter, RunSummary } from "#jobs/run-queries.ts";
import { readFolderPath } from "#jobs/rules/path.ts";
import { checkedPiece, chunkJson } from "#manager/log-file.ts";
import { lineJson } from "#manager/log-lines.ts";
import { count, cursor, idOf, instant, isoOf, line, pageOf, searched } from "#manager/routes/fields.ts";
import {
  chainOf,
  explanationSchema,
  runJson,
  runResults,
  runSchema,
  runStates,
  runSummaryJson,
  runSummarySchema,
  sentenceOf,
} from "#manager/routes/run-view.ts";
import { route, type Route, type Target } from "#manager/route.ts";
import type { Services } from "#manager/services.ts";
import { mayHints, mayQuery, readMay } from "#manager/may-hints.ts";
import { placesOf, visiblePage, type Place } from "#manager/visible.ts";

const asked = new WeakMap<FastifyRequest, RunDetails>();

export const byRunId = z.object({ id: idOf("run") });
export const missingRun = (request: FastifyRequest): Problem =>
  problem("runs.not-found", `there is no run \`${(request.params as { id: string }).id.slice(0, 40).replaceAll(/[^\w]/g, "?")}\``);

/** The run of the request's address, for its question; remembered for its handler. */
export const aboutRun =
  ({ jobs }: Services) =>
  async (request: FastifyRequest): Promise<Target | null> => {
    const run = await jobs.getRun((request.params as { id: string }).id);
    if (run === null) return null;
    asked.set(request, run);
    return { path: run.job, controller: run.controller };
  };

/** The run that the question was about. */
export const runOf = (request: FastifyRequest): RunDetails => asked.get(request) ?? fail("runs.not-found", "there is no such run");

export const offsetParameter = z.coerce
  .number()
  .int()
  .min(0)
  .max(Number.MAX_SAFE_INTEGER)
  .default(0)
  .describe("where to begin: 0, or a `nextOffset` that an answer gave");

const chunkSchema = z
  .object({
    offset: z.int(),
    nextOffset: z.int(),
    stream: z.enum(["stdout", "stderr", "notice"]),
    at: instant,
    text: z.string().optional().describe("where the bytes are UTF-8"),
    base64: z.string().optional().describe("where they are not"),
  })
  .meta({ id: "LogChunk" });

const lineSchema = z
  .object({
    line: z.int().describe("from 1"),
    stream: z.enum(["stdout", "stderr", "notice"]),
    at: instant,
    text: z.string().describe("what is not UTF-8 is replaced; the log itself has the bytes"),
    cut: z.boolean().describe("it has no line break of its own: not finished, too long, or the other stream wrote in between"),
  })
  .meta({ id: "LogLine" });
const lineNumber = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER);

export const viewRuns = "controller:runs:view";

const oneOrMoreResults = new RegExp(`^(?:${runResults.join("|")})(?:,(?:${runResults.join("|")})){0,${runResults.length - 1}}$`);

export const filterQuery = z.object({
  q: searched.describe("only runs whose job, node, people, account, comment or id contains this text"),
  job: z.string().max(1024).optional(),
  folder: line(512)
    .refine((text) => readFolderPath(text).ok)
    .optional()
    .describe("only jobs in this folder or below"),
  submission: idOf("sub").optional(),
  state: z
    .enum([...runStates, "active"])
    .optional()
    .describe("`active`: any but `ended`"),
  result: z
    .string()
    .regex(oneOrMoreResults)
    .optional()
    .describe(`${runResults.join(", ")}; several are separated by commas: any of them`),
  node: line(100).optional(),
  controller: line(100).optional(),
  submitter: line(300).optional(),
  from: instant.optional().describe("queued at this instant or later"),
  before: instant.optional(),
});
const listQuery = filterQuery.extend({ may: mayQuery, limit: count(1, 200, 50), cursor });

/** The filter of a query, within what the reader may see. */
export const filterOf = (access: CompiledAccess, query: z.output<typeof filterQuery>): Omit<RunFilter, "limit" | "cursor"> => {
  const { q, job, folder, submission, state, result, node, controller, submitter, from, before } = query;
  const results = result?.split(",");
  const given = Object.entries({ q, job, folder, submission, state, results, node, controller, submitter });
  return {
    ...Object.fromEntries(given.filter(([, value]) => value !== undefined)),
    folders: placesOf(access, viewRuns),
    ...(from === undefined ? {} : { fromMs: Date.parse(from) }),
    ...(before === undefined ? {} : { beforeMs: Date.parse(before) }),
  };
};

type Results = Record<(typeof runResults)[number], number>;
const resultCounts = z.object(Object.fromEntries(runResults.map((result) => [result, z.int()])) as Record<keyof Results, z.ZodInt>);
const noResults = (): Results => Object.fromEntries(runResults.map((result) => [result, 0])) as Results;

/** Slices of a chart by what it spans. */
const seriesSpans = {
  "1h": { slices: 60, sliceMs: 60_000 },
  "24h": { slices: 48, sliceMs: 30 * 60_000 },
  "7d": { slices: 56, sliceMs: 3 * 3_600_000 },
  "30d": { slices: 60, sliceMs: 12 * 3_600_000 },
} as const;

/** Jobs that a count names. */
const mostNamedJobs = 10;

export const placeOf = (run: Pick<RunSummary, "job" | "controller">): Place => ({ path: run.job, controller: run.controller });

export const runRoutes = (services: Services): Route[] => {
  const { jobs, controller, logFiles, logLines, feed, clock } = services;
  const about = aboutRun(services);
  return [
    route({
      method: "GET",
      url: "/api/v1/runs",
      summary: "List runs, newest first",
      question: { may: "controller:runs:view", refined: "each run is asked about by its job" },
      query: listQuery,
      answer: pageOf(runSummarySchema),
      handle: async ({ caller, query }) => {
        const { access } = caller.principal;
        const may = readMay(query.may);
        const filter = filterOf(access, query);
        const page = await visiblePage(
          access,
          viewRuns,
          query,
          (limit, start) => jobs.listRuns({ ...filter, limit, ...(start === undefined ? {} : { cursor: start }) }),
          placeOf,
        );
        return {
          items: page.items.map((run) => ({ ...runSummaryJson(run), ...mayHints(access, may, placeOf(run)) })),
          nextCursor: page.nextCursor,
        };
      },
    }),
    route({
      method: "GET",
      url: "/api/v1/runs/counts",
      summary: "How many of the runs that the reader may see are in which state, and ended how",
      question: { may: viewRuns, refined: "each run is asked about by its job" },
      query: filterQuery,
      answer: z
        .object({
          total: z.int(),
          states: z.object(Object.fromEntries(runStates.map((state) => [state, z.int()])) as Record<(typeof runStates)[number], z.ZodInt>),
          results: resultCounts,
          jobs: z.int().describe("how many jobs they are of"),
          mostOf: z.array(z.object({ job: z.string(), runs: z.int() })).describe("the jobs that most of them are of"),
        })
        .meta({ id: "RunCounts" }),
      handle: async ({ caller, query }) => {
        const { access } = caller.principal;
        const jobRuns = new Map<string, number>();
        const states = Object.fromEntries(runStates.map((state) => [state, 0])) as Record<(typeof runStates)[number], number>;
        const results = noResults();
        let total = 0;
        for (const one of await jobs.countRuns(filterOf(access, query))) {
          if (decide({ permission: viewRuns, ...placeOf(one) }, access).effect === "deny") continue;
          total += one.runs;
          states[one.state] += one.runs;
          if (one.result !== null) results[one.result] += one.runs;
          jobRuns.set(one.job, (jobRuns.get(one.job) ?? 0) + one.runs);
        }
        const mostOf = [...jobRuns]
          .map(([job, runs]) => ({ job, runs }))
          .toSorted((one, other) => other.runs - one.runs || (one.job < other.job ? -1 : 1))
          .slice(0, mostNamedJobs);
        return { total, states, results, jobs: jobRuns.size, mostOf };
      },
    }),
    route({
      method: "GET",
      url: "/api/v1/runs/series",
      summary: "Runs that the reader may see, by the time they were queued: how they ended and how long they waited",
      question: { may: viewRuns, refined: "each run is asked about by its job" },
      query: z.object({ span: z.enum(["1h", "24h", "7d", "30d"]).default("24h").describe("up to now") }),
      answer: z.object({
        from: instant,
        to: instant,
        sliceMs: z.int(),
        slices: z.array(
          z.object({
            at: instant,
            runs: z.int(),
            results: resultCounts,
            meanWaitMs: z.number().nullable().describe("from queued to started; null: none has started"),
            longestWaitMs: z.number().nullable(),
          }),
        ),
      }),
      handle: async ({ caller, query }) => {
        const { access } = caller.principal;
        const spec = seriesSpans[query.span];
        // Slices begin at whole multiples, so that a chart that is loaded again does not shift.
        const toMs = (Math.floor(clock.nowMs() / spec.sliceMs) + 1) * spec.sliceMs;
        const fromMs = toMs - spec.slices * spec.sliceMs;
        const slices = Array.from({ length: spec.slices }, () => ({
          runs: 0,
          results: noResults(),
          started: 0,
          waitedMs: 0,
          longestWaitMs: 0,
        }));
        for (const one of await jobs.countSeries({ folders: placesOf(access, viewRuns), fromMs, toMs, sliceMs: spec.sliceMs })) {
          const slice = slices[(one.atMs - fromMs) / spec.sliceMs];
          if (slice === undefined || decide({ permission: viewRuns, ...placeOf(one) }, access).effect === "deny") continue;
          slice.runs += one.runs;
          if (one.result !== null) slice.results[one.result] += one.runs;
          slice.started += one.started;
          slice.waitedMs += one.waitedMs;
          slice.longestWaitMs = Math.max(slice.longestWaitMs, one.longestWaitMs);
        }
        return {
          from: isoOf(fromMs),
          to: isoOf(toMs),
          sliceMs: spec.sliceMs,
          slices: slices.map(({ started, waitedMs, longestWaitMs, ...slice }, index) => ({
            at: isoOf(fromMs + index * spec.sliceMs),
            ...slice,
            meanWaitMs: started === 0 ? null : waitedMs / started,
            longestWaitMs: started === 0 ? null : longestWaitMs,
          })),
        };
      },
    }),
    route({
      method: "GET",
      url: "/api/v1/runs/:id",
      summary: "Show a run: its outcome, its chain, and what the reader may do",
      question: { may: "controller:runs:view", about, missing: missingRun },
      params: byRunId,
      query: z.object({ may: mayQuery }),
      answer: runSchema,
      handle: async ({ caller, query, request }) => {
        const run = runOf(request);
        return { ...runJson(run, caller.principal), ...mayHints(caller.principal.access, readMay(query.may), placeOf(run)) };
      },
    }),
    route({
      method: "POST",
      url: "/api/v1/runs/:id/cancel",
      summary: "Cancel a run: a queued one at once, a running one by SIGTERM, its grace time, then SIGKILL",
      question: { may: "controller:runs:cancel", about, missing: missingRun },
      params: byRunId,
      body: z.strictObject({ reason: line(500).default("") }),
      answer: runSchema,
      handle: async ({ caller, params, body }) => {
        await jobs.requestCancel(caller.principal, params.id, body.reason);
        controller.cancel(params.id);
        feed.runChanged(params.id);
        return runJson((await jobs.getRun(params.id)) ?? fail("runs.not-found", "there is no such run"), caller.principal);
      },
    }),
    route({
      method: "GET",
      url: "/api/v1/runs/:id/explain",
      summary: "Why the run was allowed or refused: who, may, where, as whom",
      question: { may: "controller:runs:view", about, missing: missingRun },
      params: byRunId,
      answer: explanationSchema,
      handle: async ({ request }) => {
        const run = runOf(request);
        return { run: run.id, job: run.job, node: run.node, result: run.result, sentence: sentenceOf(run), verdicts: chainOf(run) };
      },
    }),
    route({
      method: "GET",
      url: "/api/v1/runs/:id/log",
      summary: "The run's output as text, to save",
      question: { may: "controller:runs:log", about, missing: missingRun },
      params: byRunId,
      query: z.object({ stream: z.enum(["stdout", "stderr"]).optional(), offset: offsetParameter }),
      produces: "text/plain",
      handle: async ({ params, query, reply }) => {
        checkedPiece(await logFiles.read(params.id, query.offset, 1), query.offset);
        const content = logFiles.content(params.id, {
          offset: query.offset,
          ...(query.stream === undefined ? {} : { stream: query.stream }),
        });
        return reply
          .header("content-disposition", `attachment; filename="${params.id}${query.stream === undefined ? "" : `.${query.stream}`}.log"`)
          .type("text/plain; charset=utf-8")
          .send(Readable.from(content, { objectMode: false, highWaterMark: 256 * 1024 }));
      },
    }),
    route({
      method: "GET",
      url: "/api/v1/runs/:id/log/frames",
      summary: "A piece of the run's output with streams, instants and offsets",
      question: { may: "controller:runs:log", about, missing: missingRun },
      params: byRunId,
      query: z.object({ offset: offsetParameter, limit: count(1, 1024 * 1024, 256 * 1024).describe("about so many bytes") }),
      answer: z.object({
        items: z.array(chunkSchema),
        nextOffset: z.int(),
        atEnd: z.boolean().describe("nothing more at the moment"),
        ended: z.boolean().describe("the run has ended: nothing more at all once `atEnd`"),
      }),
      handle: async ({ params, query, request }) => {
        const piece = checkedPiece(await logFiles.read(params.id, query.offset, query.limit), query.offset);
        return {
          items: piece.chunks.map(chunkJson),
          nextOffset: piece.nextOffset,
          atEnd: piece.atEnd,
          ended: runOf(request).state === "ended",
        };
      },
    }),
    route({
      method: "GET",
      url: "/api/v1/runs/:id/log/lines",
      summary: "Lines of the run's output, from anywhere in it",
      question: { may: "controller:runs:log", about, missing: missingRun },
      params: byRunId,
      query: z.object({
        from: lineNumber.optional().describe("number of the first line; absent: the last lines"),
        limit: count(1, 1000, 200),
      }),
      answer: z.object({
        items: z.array(lineSchema).describe("may be fewer than asked for, where they are long"),
        total: z.int().describe("lines known so far"),
        complete: z.boolean().describe("false: the log is longer than one request looks at; asking again goes on"),
        ended: z.boolean().describe("the run has ended: no line is added any more"),
      }),
      handle: async ({ params, query, request }) => {
        const { items, total, complete } = await logLines.read(params.id, query.from ?? null, query.limit);
        return { items: items.map(lineJson), total, complete, ended: runOf(request).state === "ended" };
      },
    }),
    route({
      method: "GET",
      url: "/api/v1/runs/:id/log/find",
      summary: "Lines of the run's output that contain a text, literally, A-Z in either case",
      question: { may: "controller:runs:log", about, missing: missingRun },
      params: byRunId,
      query: z.object({
        q: line(200).min(1),
        from: lineNumber.default(1).describe("number of the first line to look at"),
        limit: count(1, 10_000, 1000),
      }),
      answer: z.object({
        lines: z.array(z.int()).describe("their numbers"),
        next: z.int().nullable().describe("`from` to go on with: one request looks at a part of a long log; null: all was looked at"),
        total: z.int().describe("lines known so far"),
      }),
      handle: async ({ params, query }) => {
        const { lines, next, total } = await logLines.find(params.id, query.q, query.from, query.limit);
        return { lines: [...lines], next, total };
      },
    }),
  ];
};
