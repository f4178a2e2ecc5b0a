/** What the page of a role asks for. */
import { queryOptions } from "@tanstack/react-query";
import { call } from "#web/api/call.ts";

/** In place of a role's id: one that is being made. */
export const newRole = "new";

export const roleQuery = (role: string) =>
  queryOptions({
    queryKey: ["roles", role],
    queryFn: ({ signal }) => call("GET /api/v1/roles/{role}", { path: { role } }, { signal }),
  });
