/** How the instance is, for the pages that show it. */
import { queryOptions } from "@tanstack/react-query";
import { call } from "#web/api/call.ts";

export const statusQuery = queryOptions({
  queryKey: ["status"],
  queryFn: ({ signal }) => call("GET /api/v1/status", {}, { signal }),
});
