import { createRoute } from "@tanstack/react-router";
import { oneOf, type Search } from "#web/components/search.ts";
import { parentRoute } from "#web/pages/parent.ts";

export const spans = ["1h", "24h", "7d", "30d"] as const;

export interface OverviewSearch {
  /** What the charts span; absent: 24 hours. */
  readonly span?: (typeof spans)[number];
}

export const overviewRoute = createRoute({
  getParentRoute: () => parentRoute,
  path: "/",
  validateSearch: (search: Search): OverviewSearch => oneOf(search, "span", spans),
}).lazy(() => import("#web/pages/overview/overview-page.tsx").then((page) => page.lazyRoute));
