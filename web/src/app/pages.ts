/**
 * The pages: a page is one folder below `pages/`, one route line and one entry here, and its texts in `i18n/texts/`. Their order is the
 * order of the navigation.
 */
import type { Text } from "#web/i18n/text.ts";
import { navigationTexts } from "#web/i18n/texts/shell.ts";
import type { IconName } from "#web/components/icon.tsx";
import { parentRoute } from "#web/pages/parent.ts";
import { accessRoutes } from "#web/pages/access/route.ts";
import { accountsRoutes } from "#web/pages/accounts/route.ts";
import { auditRoute } from "#web/pages/audit/route.ts";
import { nodeRoute, nodesRoute } from "#web/pages/nodes/route.ts";
import { editJobRoute, newJobRoute } from "#web/pages/job-editor/route.ts";
import { jobsRoute } from "#web/pages/jobs/route.ts";
import { overviewRoute } from "#web/pages/overview/route.ts";
import { profileRoute } from "#web/pages/profile/route.ts";
import { runRoute } from "#web/pages/run/route.ts";
import { runsRoute } from "#web/pages/runs/route.ts";
import { settingsRoute } from "#web/pages/settings/route.ts";

export const routeTree = parentRoute.addChildren([
  overviewRoute,
  jobsRoute,
  editJobRoute,
  newJobRoute,
  runsRoute,
  runRoute,
  nodesRoute,
  nodeRoute,
  ...accessRoutes,
  ...accountsRoutes,
  auditRoute,
  settingsRoute,
  profileRoute,
]);

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
  { to: "/jobs", text: navigationTexts.jobs, icon: "jobs", may: ["controller:jobs:view"], key: "j" },
  { to: "/runs", text: navigationTexts.runs, icon: "runs", may: ["controller:runs:view"], key: "r" },
  { to: "/nodes", text: navigationTexts.nodes, icon: "nodes", may: ["manager:nodes:view"], key: "n" },
  { to: "/access", text: navigationTexts.access, icon: "access", may: ["manager:administration:accounts:view"], key: "x" },
  { to: "/accounts", text: navigationTexts.accounts, icon: "accounts", may: ["manager:administration:accounts:view"], key: "c" },
  { to: "/audit", text: navigationTexts.audit, icon: "audit", may: ["manager:auditlog:view"], key: "u" },
  { to: "/settings", text: navigationTexts.settings, icon: "settings", may: [], key: "s" },
  { to: "/profile", text: navigationTexts.profile, icon: "profile", may: [], key: "p" },
];
