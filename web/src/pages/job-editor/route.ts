import { createRoute } from "@tanstack/react-router";
import { text, type Search } from "#web/components/search.ts";
import { parentRoute } from "#web/pages/parent.ts";

/** The job that is edited is the address itself; a new one says where it begins. */
export const editJobRoute = createRoute({ getParentRoute: () => parentRoute, path: "/edit-job/$" }).lazy(() =>
  import("#web/pages/job-editor/job-editor-page.tsx").then((page) => page.lazyEditRoute),
);

export interface NewJobSearch {
  readonly folder?: string;
  /** Path of the job that it begins as a copy of. */
  readonly from?: string;
}

export const newJobRoute = createRoute({
  getParentRoute: () => parentRoute,
  path: "/new-job",
  validateSearch: (search: Search): NewJobSearch => ({ ...text(search, "folder", 512), ...text(search, "from", 1024) }),
}).lazy(() => import("#web/pages/job-editor/job-editor-page.tsx").then((page) => page.lazyNewRoute));
