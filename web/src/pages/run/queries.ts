/** What the page of a run asks for. */
import { queryOptions } from "@tanstack/react-query";
import { call } from "#web/api/call.ts";

export const cancelPermission = "controller:runs:cancel";
export const createPermission = "controller:runs:create";

export const runQuery = (id: string) =>
  queryOptions({
    queryKey: ["run", id],
    queryFn: ({ signal }) =>
      call("GET /api/v1/runs/{id}", { path: { id }, query: { may: `${cancelPermission},${createPermission}` } }, { signal }),
  });
