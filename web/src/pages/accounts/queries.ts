/** What the pages about accounts ask for. */
import { queryOptions } from "@tanstack/react-query";
import { call } from "#web/api/call.ts";
import { listQuery } from "#web/api/list.ts";
import type { AccountsSearch } from "#web/pages/accounts/route.ts";

export const accountQuery = (account: string) =>
  queryOptions({
    queryKey: ["accounts", account],
    queryFn: ({ signal }) => call("GET /api/v1/accounts/{account}", { path: { account } }, { signal }),
  });

export const accountsQuery = (search: AccountsSearch) =>
  listQuery("accounts", search, (cursor, signal) =>
    call("GET /api/v1/accounts", { query: { limit: 200, ...search, ...cursor } }, { signal }),
  );

export const sessionsOfAccountQuery = (account: string) =>
  queryOptions({
    queryKey: ["accounts", account, "sessions"],
    queryFn: ({ signal }) => call("GET /api/v1/accounts/{account}/sessions", { path: { account } }, { signal }),
  });

/** Of one account by its name; undefined: of all. */
export const failedLoginsQuery = (account: string | undefined) =>
  listQuery("failed-logins", { account }, (cursor, signal) =>
    call("GET /api/v1/failed-logins", { query: { limit: 100, ...(account === undefined ? {} : { account }), ...cursor } }, { signal }),
  );
