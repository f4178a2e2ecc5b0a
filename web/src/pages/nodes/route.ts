import { createRoute } from "@tanstack/react-router";
import { parentRoute } from "#web/pages/parent.ts";
import { flag, type Search } from "#web/components/search.ts";

export interface NodesSearch {
  /** Also nodes that were revoked. */
  readonly revoked?: true;
}

export const nodesRoute = createRoute({
  getParentRoute: () => parentRoute,
  path: "/nodes",
  validateSearch: (search: Search): NodesSearch => ({ ...flag(search, "revoked") }),
}).lazy(() => import("#web/pages/nodes/nodes-page.tsx").then((page) => page.lazyRoute));
