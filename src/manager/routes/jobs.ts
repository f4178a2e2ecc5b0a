/** Definitions of jobs: lists, one with its revisions, deletion. Applying: `definitions.ts`. */
import { z } from "zod";
import type { FastifyRequest } from "fastify";
import { decide } from "#access/decide.ts";
import { problem, type Problem } from "#kernel/problem.ts";
import { fail } from "#kernel/problem.ts";
import { readFolderPath, readJobPath } from "#jobs/rules/path.ts";
import { renderJobDocument, renderJobYaml } from "#jobs/read-job.ts";
import type { StoredJob } from "#jobs/store.ts";
import { count, cursor, instant, isoOf, line, pageOf, searched } from "#manager/routes/fields.ts";
import { route, type Route, type Target } from "#manager/route.ts";
import type { Services } from "#manager/services.ts";
import { mayHints, mayQuery, maySchema, readMay } from "#manager/may-hints.ts";
import { foldersOf, visiblePage, type Place } from "#manager/visible.ts";

/** Until there are several controllers. */
export const mainController = "main";
const viewJobs = "controller:jobs:view";
const placeOf = (path: string): Place => ({ path, controller: mainController });

const jobSummary = z
  .object({
    path: z.string(),
    title: z.string().nullable(),
    revision: z.int(),
    author: z.string(),
    authorName: z.string(),
    updatedAt: instant,
    may: maySchema,
  })
  .meta({ id: "JobSummary" });

const jobAnswer = jobSummary
  .extend({
    definition: z.record(z.string(), z.unknown()).describe("normalised, as `behalf apply` takes it"),
    yaml: z.string(),
    source: z.string().nullable().describe("YAML as it was given; null without `manager:inventory:view`"),
    revisions: z.array(z.object({ revision: z.int(), author: z.string(), authorName: z.string(), createdAt: instant })),
  })
  .meta({ id: "Job" });

const summaryJson = (stored: StoredJob): z.input<typeof jobSummary> => ({
  path: stored.path,
  title: stored.job.title,
  revision: stored.revision,
  author: stored.author,
  authorName: stored.authorName,
  updatedAt: isoOf(stored.updatedAtMs),
});

const pathOf = (request: FastifyRequest): string => `/${(request.params as { "*": string })["*"]}`;

/** What is no job's path is no job; the same answer as for one that may not be known. */
const aboutJob = (request: FastifyRequest): Target | null => {
  const path = pathOf(request);
  return readJobPath(path).ok ? placeOf(path) : null;
};

const shown = (path: string): string => path.slice(0, 200).replaceAll(/[`\p{Cc}\p{Cf}]/gu, "'");
const missing = (request: FastifyRequest): Problem => problem("jobs.not-found", `there is no job \`${shown(pathOf(request))}\``);
const wildcard = z.object({ "*": z.string().max(1024).describe("the job's path without its first `/`") });

const folder = line(512)
  .refine((text) => readFolderPath(text).ok)
  .optional()
  .describe("only in this folder or below");

export const jobRoutes = ({ jobs }: Services): Route[] => [
  route({
    method: "GET",
    url: "/api/v1/jobs",
    summary: "List jobs",
    question: { may: viewJobs, refined: "each job is asked about by itself" },
    query: z.object({
      folder,
      q: searched.describe("only jobs whose path or title contains this text"),
      may: mayQuery,
      count: z.enum(["true", "false"]).default("false").describe("also how many there are in all"),
      limit: count(1, 200, 50),
      cursor,
    }),
    answer: pageOf(jobSummary).extend({ total: z.int().optional().describe("with `count`: how many of these jobs the reader may see") }),
    handle: async ({ caller, query }) => {
      const { access } = caller.principal;
      const may = readMay(query.may);
      const filter = {
        folders: foldersOf(access, viewJobs, mainController),
        ...(query.folder === undefined ? {} : { folder: query.folder }),
        ...(query.q === undefined ? {} : { q: query.q }),
      };
      const page = await visiblePage(
        access,
        viewJobs,
        query,
        (limit, from) => jobs.listJobs({ ...filter, limit, ...(from === undefined ? {} : { cursor: from }) }),
        (stored) => placeOf(stored.path),
      );
      const isVisible = (path: string): boolean => decide({ permission: viewJobs, ...placeOf(path) }, access).effect === "permit";
      return {
        items: page.items.map((stored) => ({ ...summaryJson(stored), ...mayHints(access, may, placeOf(stored.path)) })),
        nextCursor: page.nextCursor,
        ...(query.count === "true" ? { total: (await jobs.listJobPaths(filter)).filter(isVisible).length } : {}),
      };
    },
  }),
  route({
    method: "GET",
    url: "/api/v1/jobs/*",
    summary: "Show a job",
    question: { may: viewJobs, about: aboutJob, missing },
    params: wildcard,
    query: z.object({ revision: z.coerce.number().int().min(1).optional().describe("an earlier revision"), may: mayQuery }),
    answer: jobAnswer,
    handle: async ({ caller, query, request }) => {
      const path = pathOf(request);
      const may = readMay(query.may);
      const present = await jobs.getJob(path);
      const wanted = present === null ? null : query.revision === undefined ? present : await jobs.getRevision(path, query.revision);
      if (present === null || wanted === null)
        return fail(
          "jobs.not-found",
          query.revision === undefined ? missing(request).message : `there is no revision ${query.revision} of \`${shown(path)}\``,
        );
      const readsSource = decide({ permission: "manager:inventory:view", path }, caller.principal.access).effect === "permit";
      return {
        ...summaryJson({ ...present, ...wanted }),
        ...mayHints(caller.principal.access, may, placeOf(path)),
        definition: renderJobDocument(wanted.job),
        yaml: renderJobYaml(wanted.job),
        source: readsSource ? wanted.source : null,
        revisions: (await jobs.listRevisions(path)).map(({ createdAtMs, ...one }) => ({ ...one, createdAt: isoOf(createdAtMs) })),
      };
    },
  }),
  route({
    method: "DELETE",
    url: "/api/v1/jobs/*",
    summary: "Delete a job; its revisions and runs stay",
    question: { may: "manager:inventory:manage", about: aboutJob, missing },
    params: wildcard,
    query: z.object({ expectedRevision: z.coerce.number().int().min(1).optional() }),
    handle: async ({ caller, query, request }) => {
      await jobs.deleteJob(
        caller.principal,
        pathOf(request),
        query.expectedRevision === undefined ? {} : { expectedRevision: query.expectedRevision },
      );
      return undefined;
    },
  }),
];
