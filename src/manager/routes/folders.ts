/** Folders of jobs, one level at a time, with how many jobs the reader may see in each; and the schema of a job for editors. */
import { z } from "zod";
import { decide } from "#access/decide.ts";
import { jobJsonSchema } from "#jobs/schema.ts";
import { readFolderPath } from "#jobs/rules/path.ts";
import { mainController } from "#manager/routes/jobs.ts";
import { line } from "#manager/routes/fields.ts";
import { route, type Route } from "#manager/route.ts";
import type { Services } from "#manager/services.ts";
import { foldersOf } from "#manager/visible.ts";

const viewJobs = "controller:jobs:view";
/** Most folders of one level; a page shows no more. */
const mostFolders = 2000;

export const folderRoutes = ({ jobs }: Services): Route[] => [
  route({
    method: "GET",
    url: "/api/v1/folders",
    summary: "The folders in a folder of jobs, with the number of jobs that the reader may see in each",
    question: { may: viewJobs, refined: "each job is asked about by itself" },
    query: z.object({
      folder: line(512)
        .refine((text) => readFolderPath(text).ok)
        .default("/"),
    }),
    answer: z.object({
      folder: z.string(),
      jobs: z.int().describe("in this folder itself"),
      total: z.int().describe("in this folder and below"),
      items: z.array(z.object({ path: z.string(), jobs: z.int().describe("in it and below"), hasFolders: z.boolean() })),
      more: z.boolean().describe("there are more folders than these"),
    }),
    handle: async ({ caller, query: { folder } }) => {
      const { access } = caller.principal;
      const visible = (
        await jobs.listJobPaths({ folders: foldersOf(access, viewJobs, mainController), ...(folder === "/" ? {} : { folder }) })
      ).filter((path) => decide({ permission: viewJobs, path, controller: mainController }, access).effect === "permit");
      const prefix = folder === "/" ? "/" : `${folder}/`;
      const items = new Map<string, { path: string; jobs: number; hasFolders: boolean }>();
      let own = 0;
      for (const path of visible) {
        const rest = path.slice(prefix.length).split("/");
        const [name = ""] = rest;
        if (rest.length === 1) {
          own += 1;
          continue;
        }
        const item = items.get(name) ?? { path: `${prefix}${name}`, jobs: 0, hasFolders: false };
        item.jobs += 1;
        item.hasFolders ||= rest.length > 2;
        items.set(name, item);
      }
      const all = [...items.values()];
      return { folder, jobs: own, total: visible.length, items: all.slice(0, mostFolders), more: all.length > mostFolders };
    },
  }),
  route({
    method: "GET",
    url: "/api/v1/schemas/job",
    summary: "JSON Schema of `kind: Job`, for editors",
    question: { public: "it describes the product, not this instance" },
    answer: z.record(z.string(), z.unknown()),
    handle: async () => jobJsonSchema(),
  }),
];
