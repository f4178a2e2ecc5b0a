import { createRoute } from "@tanstack/react-router";
import { text, type Search } from "#web/components/search.ts";
import { parentRoute } from "#web/pages/parent.ts";

export interface SettingsSearch {
  /** Only settings whose name or meaning contains this. */
  readonly q?: string;
}

export const settingsRoute = createRoute({
  getParentRoute: () => parentRoute,
  path: "/settings",
  validateSearch: (search: Search): SettingsSearch => text(search, "q", 100),
}).lazy(() => import("#web/pages/settings/settings-page.tsx").then((page) => page.lazyRoute));
