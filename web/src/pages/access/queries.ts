/** What the pages about access ask for. */
import { queryOptions } from "@tanstack/react-query";
import { call } from "#web/api/call.ts";
import { listQuery } from "#web/api/list.ts";
import type { RolesSearch } from "#web/pages/access/route.ts";

/** In place of a role's id: one that is being made. */
export const newRole = "new";

export const roleQuery = (role: string) =>
  queryOptions({
    queryKey: ["roles", role],
    queryFn: ({ signal }) => call("GET /api/v1/roles/{role}", { path: { role } }, { signal }),
  });

export const rolesQuery = ({ q = "" }: RolesSearch) =>
  listQuery("roles", { q }, (cursor, signal) =>
    call("GET /api/v1/roles", { query: { limit: 200, ...(q === "" ? {} : { q }), ...cursor } }, { signal }),
  );

export const policyTestsQuery = listQuery("policy-tests", {}, (cursor, signal) =>
  call("GET /api/v1/policy-tests", { query: { limit: 200, ...cursor } }, { signal }),
);
