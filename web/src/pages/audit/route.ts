import { createRoute } from "@tanstack/react-router";
import { instantParameter, oneOf, text, type Search } from "#web/components/search.ts";
import { askAhead, askListAhead, holds } from "#web/api/ahead.ts";
import { auditChainQuery, auditQuery, verifyPermission } from "#web/pages/audit/queries.ts";
import { parentRoute } from "#web/pages/parent.ts";

export const phases = ["opened", "completed", "failed", "refused", "noted"] as const;

export interface AuditSearch {
  readonly actor?: string;
  /** Exact, or with a final `*`. */
  readonly action?: string;
  readonly object?: string;
  readonly phase?: (typeof phases)[number];
  readonly from?: string;
  readonly to?: string;
  /** `WRITER.SEQUENCE` of the record shown beside the list. */
  readonly record?: string;
}

const auditSearch = (search: Search): AuditSearch => ({
  ...text(search, "actor"),
  ...text(search, "action", 100),
  ...text(search, "object", 1200),
  ...oneOf(search, "phase", phases),
  ...instantParameter(search, "from"),
  ...instantParameter(search, "to"),
  ...text(search, "record"),
});

export const auditRoute = createRoute({
  getParentRoute: () => parentRoute,
  path: "/audit",
  validateSearch: auditSearch,
  loader: ({ cause, location }) => {
    const { record: _, ...filters } = auditSearch(location.search);
    askListAhead(cause, auditQuery(filters));
    if (holds(verifyPermission)) askAhead(cause, auditChainQuery);
  },
}).lazy(() => import("#web/pages/audit/audit-page.tsx").then((page) => page.lazyRoute));
