/** Every role's name, in their order: for choosing. */
import { queryOptions } from "@tanstack/react-query";
import { call } from "#web/api/call.ts";
import type { Schemas } from "#web/api/generated.ts";

export const allRolesQuery = queryOptions({
  queryKey: ["roles", "all"],
  staleTime: 30_000,
  queryFn: async ({ signal }): Promise<readonly Schemas["Role"][]> => {
    const roles: Schemas["Role"][] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const query = { limit: 200, ...(cursor === undefined ? {} : { cursor }) };
      const page = await call("GET /api/v1/roles", { query }, { signal });
      roles.push(...page.items);
      cursor = page.nextCursor;
    }
    return roles;
  },
});
