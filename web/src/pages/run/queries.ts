/** What the page of a run asks for. */
import { queryOptions } from "@tanstack/react-query";
import { call } from "#web/api/call.ts";
import type { Schemas } from "#web/api/generated.ts";
import { cancelPermission, createPermission } from "#web/components/run-queries.ts";

export const runQuery = (id: string) =>
  queryOptions({
    queryKey: ["run", id],
    queryFn: ({ signal }) =>
      call("GET /api/v1/runs/{id}", { path: { id }, query: { may: `${cancelPermission},${createPermission}` } }, { signal }),
  });

export const viewAuditPermission = "manager:auditlog:view";

type Run = Schemas["Run"];

export const recordsOfRunQuery = ({ id, state }: Run) =>
  queryOptions({
    queryKey: ["audit", "object", id, state],
    queryFn: ({ signal }) => call("GET /api/v1/audit", { query: { object: id, limit: 50 } }, { signal }),
  });

/** Lines of output are asked for in runs of so many. */
export const linesPerPage = 200;

/** The end of the output, where its page begins (`log-store.ts`). Lines may be long: kept only for as long as somebody needs to go there. */
export const logEndQuery = (id: string) =>
  queryOptions({
    queryKey: ["run", id, "log-end"],
    queryFn: ({ signal }) => call("GET /api/v1/runs/{id}/log/lines", { path: { id }, query: { limit: linesPerPage } }, { signal }),
    gcTime: 30_000,
  });
