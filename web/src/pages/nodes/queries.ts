/** What the list of nodes and the page of a node ask for. */
import { queryOptions } from "@tanstack/react-query";
import { call } from "#web/api/call.ts";
import { listQuery } from "#web/api/list.ts";

export const nodeQuery = (name: string) =>
  queryOptions({
    queryKey: ["nodes", "one", name],
    queryFn: ({ signal }) => call("GET /api/v1/nodes/{node}", { path: { node: name } }, { signal }),
  });

export const nodesQuery = (revoked: boolean) =>
  listQuery("nodes", { revoked }, (cursor, signal) =>
    call("GET /api/v1/nodes", { query: { limit: 200, revoked: revoked ? "true" : "false", ...cursor } }, { signal }),
  );

export const viewRunsPermission = "controller:runs:view";

export const runsOfNodeQuery = (name: string) =>
  queryOptions({
    queryKey: ["runs", "node", name],
    queryFn: ({ signal }) => call("GET /api/v1/runs", { query: { node: name, limit: 10 } }, { signal }),
  });
