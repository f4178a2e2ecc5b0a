import { createRoute } from "@tanstack/react-router";
import { flag, type Search } from "#web/components/search.ts";
import { askAhead } from "#web/api/ahead.ts";
import { nodeQuery } from "#web/pages/nodes/queries.ts";
import { parentRoute } from "#web/pages/parent.ts";

export interface NodesSearch {
  /** Also nodes that were revoked. */
  readonly revoked?: true;
  /** The dialog that invites a node is open. */
  readonly invite?: true;
}

export const nodesRoute = createRoute({
  getParentRoute: () => parentRoute,
  path: "/nodes",
  validateSearch: (search: Search): NodesSearch => ({ ...flag(search, "revoked"), ...flag(search, "invite") }),
}).lazy(() => import("#web/pages/nodes/nodes-page.tsx").then((page) => page.lazyRoute));

export const nodeRoute = createRoute({
  getParentRoute: () => parentRoute,
  path: "/nodes/$node",
  loader: ({ cause, params }) => askAhead(cause, nodeQuery(params.node)),
}).lazy(() => import("#web/pages/nodes/node-page.tsx").then((page) => page.lazyRoute));
