import { createRoute } from "@tanstack/react-router";
import { flag, text, type Search } from "#web/components/search.ts";
import { askAhead, holds } from "#web/api/ahead.ts";
import { parentRoute } from "#web/pages/parent.ts";
import { explanationQuery } from "#web/components/run-queries.ts";
import { logEndQuery, recordsOfRunQuery, runQuery, viewAuditPermission } from "#web/pages/run/queries.ts";

export interface RunSearch {
  /** Lines of the output, `5` or `5-9`: a link to them. */
  readonly lines?: string;
  /** What is looked for in the output. */
  readonly find?: string;
  /** The dialog to run it again is open. */
  readonly again?: true;
}

export const runRoute = createRoute({
  getParentRoute: () => parentRoute,
  path: "/runs/$id",
  validateSearch: (search: Search): RunSearch => ({ ...text(search, "lines", 40), ...text(search, "find", 200), ...flag(search, "again") }),
  loader: ({ cause, params }) =>
    askAhead(cause, runQuery(params.id), (run) => {
      askAhead(cause, explanationQuery(run));
      if (run.allowed.log.allowed) askAhead(cause, logEndQuery(run.id));
      if (holds(viewAuditPermission)) askAhead(cause, recordsOfRunQuery(run));
    }),
}).lazy(() => import("#web/pages/run/run-page.tsx").then((page) => page.lazyRoute));
