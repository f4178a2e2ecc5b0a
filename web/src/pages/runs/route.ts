import { createRoute } from "@tanstack/react-router";
import { oneOf, text, type Search } from "#web/components/search.ts";
import { askAhead, askListAhead } from "#web/api/ahead.ts";
import { parentRoute } from "#web/pages/parent.ts";
import { runCountsQuery, runsFilter, runsQuery } from "#web/pages/runs/queries.ts";

export const runStates = ["queued", "offered", "accepted", "running", "ended"] as const;
export const runResults = ["succeeded", "failed", "timed-out", "cancelled", "refused", "unknown"] as const;
export const spans = ["1h", "24h", "7d"] as const;

/** The filters of the list. */
export interface RunsSearch {
  readonly q?: string;
  readonly state?: (typeof runStates)[number];
  readonly result?: (typeof runResults)[number];
  readonly since?: (typeof spans)[number];
  readonly folder?: string;
  readonly node?: string;
  readonly job?: string;
  readonly submission?: string;
  /** Access ID. */
  readonly submitter?: string;
}

const runsSearch = (search: Search): RunsSearch => ({
  ...text(search, "q", 200),
  ...oneOf(search, "state", runStates),
  ...oneOf(search, "result", runResults),
  ...oneOf(search, "since", spans),
  ...text(search, "folder", 512),
  ...text(search, "node", 100),
  ...text(search, "job", 1024),
  ...text(search, "submission", 40),
  ...text(search, "submitter", 300),
});

export const runsRoute = createRoute({
  getParentRoute: () => parentRoute,
  path: "/runs",
  validateSearch: runsSearch,
  loader: ({ cause, location }) => {
    const filter = runsFilter(runsSearch(location.search), Date.now());
    askListAhead(cause, runsQuery(filter));
    askAhead(cause, runCountsQuery(filter));
  },
}).lazy(() => import("#web/pages/runs/runs-page.tsx").then((page) => page.lazyRoute));
