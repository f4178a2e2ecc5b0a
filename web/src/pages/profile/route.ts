import { createRoute } from "@tanstack/react-router";
import { flag, text, type Search } from "#web/components/search.ts";
import { askAhead } from "#web/api/ahead.ts";
import { parentRoute } from "#web/pages/parent.ts";
import { ownLoginsQuery, ownSessionQuery, ownSessionsQuery } from "#web/pages/profile/queries.ts";

export interface ProfileSearch {
  /** Only permissions whose name or meaning contains this. */
  readonly q?: string;
  /** Also permissions that are not held. */
  readonly all?: true;
}

export const profileRoute = createRoute({
  getParentRoute: () => parentRoute,
  path: "/profile",
  validateSearch: (search: Search): ProfileSearch => ({ ...text(search, "q", 100), ...flag(search, "all") }),
  loader: ({ cause }) => {
    askAhead(cause, ownSessionQuery);
    askAhead(cause, ownSessionsQuery);
    askAhead(cause, ownLoginsQuery);
  },
}).lazy(() => import("#web/pages/profile/profile-page.tsx").then((page) => page.lazyRoute));
