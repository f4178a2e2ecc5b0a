/** What the settings ask for. */
import { queryOptions } from "@tanstack/react-query";
import { call } from "#web/api/call.ts";

export const settingsQuery = queryOptions({
  queryKey: ["settings"],
  queryFn: ({ signal }) => call("GET /api/v1/settings", {}, { signal }),
});

export const realmQuery = queryOptions({
  queryKey: ["realm"],
  queryFn: ({ signal }) => call("GET /api/v1/realm", {}, { signal }),
});
