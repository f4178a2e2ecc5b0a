/** What the pages of a run and of the list of runs both ask. */
import { queryOptions } from "@tanstack/react-query";
import { call } from "#web/api/call.ts";
import type { Schemas } from "#web/api/generated.ts";

export const cancelPermission = "controller:runs:cancel";
export const createPermission = "controller:runs:create";

/** Why a run was allowed or refused. Asked again when something was decided: then state, result or account have changed. */
export const explanationQuery = ({ id, state, result, runAs }: Pick<Schemas["Run"], "id" | "state" | "result" | "runAs">) =>
  queryOptions({
    queryKey: ["run", id, "explain", state, result, runAs],
    queryFn: ({ signal }) => call("GET /api/v1/runs/{id}/explain", { path: { id } }, { signal }),
  });
