import { createRoute } from "@tanstack/react-router";
import { flag, text, type Search } from "#web/components/search.ts";
import { parentRoute } from "#web/pages/parent.ts";

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
}).lazy(() => import("#web/pages/profile/profile-page.tsx").then((page) => page.lazyRoute));
