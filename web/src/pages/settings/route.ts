import { createRoute } from "@tanstack/react-router";
import { text, type Search } from "#web/components/search.ts";
import { askAhead, holds } from "#web/api/ahead.ts";
import { statusQuery } from "#web/api/status.ts";
import { parentRoute } from "#web/pages/parent.ts";
import { realmQuery, settingsQuery } from "#web/pages/settings/queries.ts";

export interface SettingsSearch {
  /** Only settings whose name or meaning contains this. */
  readonly q?: string;
}

export const settingsRoute = createRoute({
  getParentRoute: () => parentRoute,
  path: "/settings",
  validateSearch: (search: Search): SettingsSearch => text(search, "q", 100),
  loader: ({ cause }) => {
    askAhead(cause, statusQuery);
    if (holds("manager:administration:settings:view")) askAhead(cause, settingsQuery);
    if (holds("manager:administration:certificates:view")) askAhead(cause, realmQuery);
  },
}).lazy(() => import("#web/pages/settings/settings-page.tsx").then((page) => page.lazyRoute));
