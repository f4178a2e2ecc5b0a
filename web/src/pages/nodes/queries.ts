/** What the page of a node asks for. */
import { queryOptions } from "@tanstack/react-query";
import { call } from "#web/api/call.ts";

export const nodeQuery = (name: string) =>
  queryOptions({
    queryKey: ["nodes", "one", name],
    queryFn: ({ signal }) => call("GET /api/v1/nodes/{node}", { path: { node: name } }, { signal }),
  });
