/** What the page about oneself asks for. */
import { queryOptions } from "@tanstack/react-query";
import { call } from "#web/api/call.ts";

export const ownSessionQuery = queryOptions({
  queryKey: ["own", "session"],
  queryFn: ({ signal }) => call("GET /api/v1/sessions/current", {}, { signal }),
});

export const ownSessionsQuery = queryOptions({
  queryKey: ["own", "sessions"],
  queryFn: ({ signal }) => call("GET /api/v1/sessions", {}, { signal }),
});

export const ownLoginsQuery = queryOptions({
  queryKey: ["own", "logins"],
  queryFn: ({ signal }) => call("GET /api/v1/sessions/logins", {}, { signal }),
});
