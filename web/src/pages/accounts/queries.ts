/** What the page of an account asks for. */
import { queryOptions } from "@tanstack/react-query";
import { call } from "#web/api/call.ts";

export const accountQuery = (account: string) =>
  queryOptions({
    queryKey: ["accounts", account],
    queryFn: ({ signal }) => call("GET /api/v1/accounts/{account}", { path: { account } }, { signal }),
  });
