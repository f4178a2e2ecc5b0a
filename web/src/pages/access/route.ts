/** Addresses of everything about access: roles and their editor, assignments, who can, what if, policy tests. */
import { createRoute } from "@tanstack/react-router";
import { oneOf, text, whole, type Search } from "#web/components/search.ts";
import { askAhead, askListAhead } from "#web/api/ahead.ts";
import { newRole, policyTestsQuery, roleQuery, rolesQuery } from "#web/pages/access/queries.ts";
import type { RoleAnswer } from "#web/pages/access/roles.ts";
import { parentRoute } from "#web/pages/parent.ts";

export interface RolesSearch {
  readonly q?: string;
}
export interface RoleSearch {
  /** A controller; absent: all of them. */
  readonly scope?: string;
  /** Text in the tree. */
  readonly q?: string;
  readonly side?: "text";
}
export interface AssignmentsSearch {
  readonly q?: string;
  readonly role?: string;
  /** The first role with a column, where there are more than a window holds: from 2 on. */
  readonly from?: number;
}
export interface WhoCanSearch {
  readonly permission?: string;
  readonly on?: string;
  readonly controller?: string;
}
export interface WhatIfSearch {
  readonly days?: number;
}

/** As many as are in sight at first. */
const mostReadAhead = 30;

/** Their text is YAML: read before the page is there, not while it is drawn. */
const readAhead = (roles: readonly RoleAnswer[]): void => {
  void import("#web/pages/access/roles.ts").then(({ draftOfAnswer }) => {
    for (const role of roles.slice(0, mostReadAhead)) draftOfAnswer(role);
  });
};

const rolesSearch = (search: Search): RolesSearch => ({ ...text(search, "q") });

const rolesRoute = createRoute({
  getParentRoute: () => parentRoute,
  path: "/access",
  validateSearch: rolesSearch,
  loader: ({ cause, location }) => askListAhead(cause, rolesQuery(rolesSearch(location.search)), readAhead),
}).lazy(() => import("#web/pages/access/roles-page.tsx").then((page) => page.lazyRoute));

const roleRoute = createRoute({
  getParentRoute: () => parentRoute,
  path: "/access/roles/$role",
  validateSearch: (search: Search): RoleSearch => ({
    ...text(search, "scope", 64),
    ...text(search, "q"),
    ...oneOf(search, "side", ["text"]),
  }),
  loader: ({ cause, params }) => {
    if (params.role !== newRole) askAhead(cause, roleQuery(params.role), (role) => readAhead([role]));
  },
}).lazy(() => import("#web/pages/access/role-page.tsx").then((page) => page.lazyRoute));

const assignmentsRoute = createRoute({
  getParentRoute: () => parentRoute,
  path: "/access/assignments",
  validateSearch: (search: Search): AssignmentsSearch => ({
    ...text(search, "q"),
    ...text(search, "role"),
    ...whole(search, "from", 2, 100_000),
  }),
}).lazy(() => import("#web/pages/access/assignments-page.tsx").then((page) => page.lazyRoute));

const whoCanRoute = createRoute({
  getParentRoute: () => parentRoute,
  path: "/access/who-can",
  validateSearch: (search: Search): WhoCanSearch => ({
    ...text(search, "permission", 200),
    ...text(search, "on", 1024),
    ...text(search, "controller", 64),
  }),
}).lazy(() => import("#web/pages/access/who-can-page.tsx").then((page) => page.lazyRoute));

const whatIfRoute = createRoute({
  getParentRoute: () => parentRoute,
  path: "/access/what-if",
  validateSearch: (search: Search): WhatIfSearch => ({ ...whole(search, "days", 0, 366) }),
}).lazy(() => import("#web/pages/access/what-if-page.tsx").then((page) => page.lazyRoute));

const testsRoute = createRoute({
  getParentRoute: () => parentRoute,
  path: "/access/tests",
  loader: ({ cause }) => askListAhead(cause, policyTestsQuery),
}).lazy(() => import("#web/pages/access/tests-page.tsx").then((page) => page.lazyRoute));

const testRoute = createRoute({ getParentRoute: () => parentRoute, path: "/access/tests/$test" }).lazy(() =>
  import("#web/pages/access/test-page.tsx").then((page) => page.lazyRoute),
);

/** Not below `tests`, where every address is a test's name. */
const newTestRoute = createRoute({ getParentRoute: () => parentRoute, path: "/access/new-test" }).lazy(() =>
  import("#web/pages/access/test-page.tsx").then((page) => page.lazyNewRoute),
);

const importRoute = createRoute({ getParentRoute: () => parentRoute, path: "/access/import" }).lazy(() =>
  import("#web/pages/access/import-page.tsx").then((page) => page.lazyRoute),
);

export const accessRoutes = [
  rolesRoute,
  roleRoute,
  assignmentsRoute,
  whoCanRoute,
  whatIfRoute,
  testsRoute,
  testRoute,
  newTestRoute,
  importRoute,
] as const;
