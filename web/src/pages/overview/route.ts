import { createRoute } from "@tanstack/react-router";
import { oneOf, type Search } from "#web/components/search.ts";
import { accessQuery } from "#web/api/access.ts";
import { askAhead, holds } from "#web/api/ahead.ts";
import { queryClient } from "#web/api/query-client.ts";
import { statusQuery } from "#web/api/status.ts";
import {
  dayCountsQuery,
  failuresQuery,
  mineQuery,
  nodesQuery,
  nowCountsQuery,
  seriesQuery,
  underWayQuery,
} from "#web/pages/overview/overview-queries.ts";
import { parentRoute } from "#web/pages/parent.ts";

export const spans = ["1h", "24h", "7d", "30d"] as const;

export interface OverviewSearch {
  /** What the charts span; absent: 24 hours. */
  readonly span?: (typeof spans)[number];
}

const overviewSearch = (search: Search): OverviewSearch => oneOf(search, "span", spans);

export const overviewRoute = createRoute({
  getParentRoute: () => parentRoute,
  path: "/",
  validateSearch: overviewSearch,
  loader: ({ cause, location }) => {
    askAhead(cause, statusQuery);
    if (holds("manager:nodes:view")) askAhead(cause, nodesQuery);
    if (!holds("controller:runs:view")) return;
    askAhead(cause, seriesQuery(overviewSearch(location.search).span ?? "24h"));
    askAhead(cause, nowCountsQuery);
    askAhead(cause, dayCountsQuery);
    askAhead(cause, underWayQuery);
    askAhead(cause, failuresQuery);
    const me = queryClient.getQueryData(accessQuery.queryKey)?.actor.accessId;
    if (me !== undefined) askAhead(cause, mineQuery(me));
  },
}).lazy(() => import("#web/pages/overview/overview-page.tsx").then((page) => page.lazyRoute));
