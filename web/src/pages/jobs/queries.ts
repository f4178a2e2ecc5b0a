/** What the page of a job asks for. */
import { queryOptions } from "@tanstack/react-query";
import { asProblem } from "#web/api/api-problem.ts";
import { call } from "#web/api/call.ts";

export const createPermission = "controller:runs:create";
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
