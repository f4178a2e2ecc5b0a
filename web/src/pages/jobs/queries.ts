/** What the list of jobs and the page of a job ask for. */
import { queryOptions } from "@tanstack/react-query";
import { asProblem } from "#web/api/api-problem.ts";
import { call } from "#web/api/call.ts";
import { listQuery } from "#web/api/list.ts";
import { createPermission } from "#web/components/run-queries.ts";
import type { JobsSearch } from "#web/pages/jobs/route.ts";

export const managePermission = "manager:inventory:manage";
export const viewRunsPermission = "controller:runs:view";

export const jobQuery = (path: string) =>
  queryOptions({
    queryKey: ["job", path],
    queryFn: ({ signal }) =>
      call(
        "GET /api/v1/jobs/{*}",
        { path: { "*": path.slice(1) }, query: { may: [createPermission, managePermission, viewRunsPermission].join(",") } },
        { signal },
      ),
    retry: (failures, error) => failures < 2 && asProblem(error).status === 0,
  });

export const runsOfJobQuery = (path: string) =>
  queryOptions({
    queryKey: ["runs", "of-job", path],
    queryFn: ({ signal }) => call("GET /api/v1/runs", { query: { job: path, limit: 10 } }, { signal }),
  });

const perPage = 200;

export const jobsQuery = ({ folder = "/", q }: JobsSearch) => {
  const filter = { ...(folder === "/" ? {} : { folder }), ...(q === undefined ? {} : { q }) };
  return listQuery("jobs", filter, (cursor, signal) =>
    call("GET /api/v1/jobs", { query: { ...filter, may: createPermission, count: "true", limit: perPage, ...cursor } }, { signal }),
  );
};

/** One level of the tree of folders. */
export const foldersQuery = (folder: string) =>
  queryOptions({
    queryKey: ["jobs", "folders", folder],
    queryFn: ({ signal }) => call("GET /api/v1/folders", { query: { folder } }, { signal }),
  });
