import { createRoute } from "@tanstack/react-router";
import { instantParameter, oneOf, text, type Search } from "#web/components/search.ts";
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

export const auditRoute = createRoute({
  getParentRoute: () => parentRoute,
  path: "/audit",
  validateSearch: (search: Search): AuditSearch => ({
    ...text(search, "actor"),
    ...text(search, "action", 100),
    ...text(search, "object", 1200),
    ...oneOf(search, "phase", phases),
    ...instantParameter(search, "from"),
    ...instantParameter(search, "to"),
    ...text(search, "record"),
  }),
}).lazy(() => import("#web/pages/audit/audit-page.tsx").then((page) => page.lazyRoute));
