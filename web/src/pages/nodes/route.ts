import { createRoute } from "@tanstack/react-router";
import { flag, type Search } from "#web/components/search.ts";
import { askAhead, askListAhead, holds } from "#web/api/ahead.ts";
import { nodeQuery, nodesQuery, runsOfNodeQuery, viewRunsPermission } from "#web/pages/nodes/queries.ts";
import { parentRoute } from "#web/pages/parent.ts";

export interface NodesSearch {
  /** Also nodes that were revoked. */
  readonly revoked?: true;
  /** The dialog that invites a node is open. */
  readonly invite?: true;
}

const nodesSearch = (search: Search): NodesSearch => ({ ...flag(search, "revoked"), ...flag(search, "invite") });

export const nodesRoute = createRoute({
  getParentRoute: () => parentRoute,
  path: "/nodes",
  validateSearch: nodesSearch,
  loader: ({ cause, location }) => askListAhead(cause, nodesQuery(nodesSearch(location.search).revoked ?? false)),
}).lazy(() => import("#web/pages/nodes/nodes-page.tsx").then((page) => page.lazyRoute));

export const nodeRoute = createRoute({
  getParentRoute: () => parentRoute,
  path: "/nodes/$node",
  loader: ({ cause, params }) => {
    askAhead(cause, nodeQuery(params.node));
    if (holds(viewRunsPermission)) askAhead(cause, runsOfNodeQuery(params.node));
  },
}).lazy(() => import("#web/pages/nodes/node-page.tsx").then((page) => page.lazyRoute));
