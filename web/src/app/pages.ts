/**
 * The pages: a page is one folder below `pages/`, one route line and one entry here, and its texts in `i18n/texts/`. Their order is the
 * order of the navigation.
 */
import type { Text } from "#web/i18n/text.ts";
import { navigationTexts } from "#web/i18n/texts/shell.ts";
import type { IconName } from "#web/components/icon.tsx";
import { parentRoute } from "#web/pages/parent.ts";
import { nodeRoute, nodesRoute } from "#web/pages/nodes/route.ts";
import { overviewRoute } from "#web/pages/overview/route.ts";

export const routeTree = parentRoute.addChildren([overviewRoute, nodesRoute, nodeRoute]);

export interface NavigationEntry {
  readonly to: string;
  readonly text: Text & { readonly en: string; readonly de: string };
  readonly icon: IconName;
  /** Any of these, on any folder, opens the page; none: it is everybody's. */
  readonly may: readonly string[];
  /** `g`, then this key. */
  readonly key: string;
}

export const navigation: readonly NavigationEntry[] = [
  { to: "/", text: navigationTexts.overview, icon: "overview", may: [], key: "o" },
  { to: "/nodes", text: navigationTexts.nodes, icon: "nodes", may: ["manager:nodes:view"], key: "n" },
];
