/** Asking ahead: what a page will show is asked for when somebody is about to open it, so that it is there with the page. */
import type { FetchQueryOptions, QueryKey } from "@tanstack/react-query";
import { queryClient } from "#web/api/query-client.ts";

/**
 * For a route's `loader`: asks only while its link is pointed at or focused; the page itself asks, and shows what goes wrong, when it is there. Give only what
 * whoever sees the link may see. `then` asks for what depends on the answer.
 */
export const askAhead = <T, K extends QueryKey>(
  cause: "preload" | "enter" | "stay",
  query: FetchQueryOptions<T, Error, T, K>,
  then?: (answer: T) => void,
): void => {
  if (cause !== "preload") return;
  queryClient.fetchQuery({ ...query, retry: false }).then(then, () => undefined);
};
