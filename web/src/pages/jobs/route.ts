import { createRoute } from "@tanstack/react-router";
import { flag, text, whole, type Search } from "#web/components/search.ts";
import { askAhead, askListAhead } from "#web/api/ahead.ts";
import { foldersQuery, jobQuery, jobsQuery, runsOfJobQuery, viewRunsPermission } from "#web/pages/jobs/queries.ts";
import { parentRoute } from "#web/pages/parent.ts";

export interface JobsSearch {
  readonly folder?: string;
  readonly q?: string;
  /** The dialog to run this job is open. */
  readonly run?: string;
}

export interface JobSearch {
  /** The dialog to run it is open. */
  readonly run?: true;
  /** An earlier revision, compared with the current one. */
  readonly compare?: number;
}

/** What the list and a job hang below: otherwise a job without a path would be found before the list. */
const aboveRoute = createRoute({ getParentRoute: () => parentRoute, path: "/jobs" });

const jobsSearch = (search: Search): JobsSearch => ({
  ...text(search, "folder", 512),
  ...text(search, "q", 200),
  ...text(search, "run", 1024),
});

const listRoute = createRoute({
  getParentRoute: () => aboveRoute,
  path: "/",
  validateSearch: jobsSearch,
  loader: ({ cause, location }) => {
    askListAhead(cause, jobsQuery(jobsSearch(location.search)));
    askAhead(cause, foldersQuery("/"));
  },
}).lazy(() => import("#web/pages/jobs/jobs-page.tsx").then((page) => page.lazyRoute));

const jobRoute = createRoute({
  getParentRoute: () => aboveRoute,
  path: "$",
  validateSearch: (search: Search): JobSearch => ({
    ...flag(search, "run"),
    ...whole(search, "compare", 1, Number.MAX_SAFE_INTEGER),
  }),
  loader: ({ cause, params }) => {
    const path = `/${params._splat ?? ""}`;
    askAhead(cause, jobQuery(path), (job) => {
      if (job.may?.[viewRunsPermission]?.effect === "permit") askAhead(cause, runsOfJobQuery(path));
    });
    // The page shows the job's text in the editor.
    if (cause === "preload") void import("#web/components/code-editor.tsx");
  },
}).lazy(() => import("#web/pages/jobs/job-page.tsx").then((page) => page.lazyRoute));

export const jobsRoute = aboveRoute.addChildren([listRoute, jobRoute]);
