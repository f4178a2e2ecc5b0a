/** How the cockpit asks again: what the manager refused stays refused, what did not reach it is tried twice more. */
import { QueryClient } from "@tanstack/react-query";
import { ApiProblem } from "#web/api/api-problem.ts";
import { isOvertaken } from "#web/api/live.ts";

/** An answer that is younger is shown without asking again. */
export const freshMs = 5000;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // The browser's own idea of being online says nothing about a manager on this machine.
      networkMode: "always",
      staleTime: freshMs,
      gcTime: 5 * 60_000,
      // What was asked ahead is shown at once; where a run has changed since, it is asked for again.
      refetchOnMount: ({ queryKey, state }) => (isOvertaken(queryKey, state.dataUpdatedAt) ? "always" : true),
      refetchOnWindowFocus: true,
      retry: (failures, error) => failures < 2 && (!(error instanceof ApiProblem) || error.status === 0 || error.status >= 502),
      retryDelay: (failures) => 400 * 2 ** failures,
    },
    mutations: { networkMode: "always", retry: false },
  },
});
