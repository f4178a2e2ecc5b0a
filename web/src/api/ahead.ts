/** Asking ahead: what a page will show is asked for when somebody is about to open it, so that it is there with the page. */
import type { FetchQueryOptions, QueryKey } from "@tanstack/react-query";
import { accessQuery, mayAnywhere } from "#web/api/access.ts";
import { isLong, type ListQuery } from "#web/api/list.ts";
import { queryClient } from "#web/api/query-client.ts";

type Cause = "preload" | "enter" | "stay";

/**
 * For a route's `loader`: asks only while its link is pointed at or focused; the page itself asks, and shows what goes wrong, when it is there. Give only what
 * whoever sees the link may see (`holds`). `then` asks for what depends on the answer.
 */
export const askAhead = <T, K extends QueryKey>(
  cause: Cause,
  query: FetchQueryOptions<T, Error, T, K>,
  then?: (answer: T) => void,
): void => {
  if (cause !== "preload") return;
  queryClient.fetchQuery({ ...query, retry: false }).then(then, () => undefined);
};

/** The same for the first page of a list. */
export const askListAhead = <T>(cause: Cause, list: ListQuery<T>, then?: (items: readonly T[]) => void): void => {
  if (cause !== "preload" || isLong(queryClient.getQueryData(list.queryKey)?.pages.length ?? 0)) return;
  queryClient.fetchInfiniteQuery({ ...list, retry: false }).then(
    ({ pages }) => then?.(pages[0]?.items ?? []),
    () => undefined,
  );
};

/** Whether the account has the permission anywhere, as this page knows: what it may not see is not asked for ahead. */
export const holds = (permission: string): boolean => {
  const access = queryClient.getQueryData(accessQuery.queryKey);
  return access !== undefined && mayAnywhere(permission, access).effect === "permit";
};
