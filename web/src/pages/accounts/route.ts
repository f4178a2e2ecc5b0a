/** Addresses of the accounts: their list, one of them, and logins that failed. */
import { createRoute } from "@tanstack/react-router";
import { oneOf, text, type Search } from "#web/components/search.ts";
import { askAhead, askListAhead } from "#web/api/ahead.ts";
import { allRolesQuery } from "#web/components/all-roles.ts";
import { accountQuery, accountsQuery, failedLoginsQuery, sessionsOfAccountQuery } from "#web/pages/accounts/queries.ts";
import { parentRoute } from "#web/pages/parent.ts";

export const accountStates = ["enabled", "disabled", "password-due", "never-signed-in"] as const;

export interface AccountsSearch {
  readonly q?: string;
  readonly role?: string;
  readonly state?: (typeof accountStates)[number];
}
export interface FailedLoginsSearch {
  readonly account?: string;
}

const accountsSearch = (search: Search): AccountsSearch => ({
  ...text(search, "q"),
  ...text(search, "role"),
  ...oneOf(search, "state", accountStates),
});

const accountsRoute = createRoute({
  getParentRoute: () => parentRoute,
  path: "/accounts",
  validateSearch: accountsSearch,
  loader: ({ cause, location }) => {
    askListAhead(cause, accountsQuery(accountsSearch(location.search)));
    askAhead(cause, allRolesQuery);
  },
}).lazy(() => import("#web/pages/accounts/accounts-page.tsx").then((page) => page.lazyRoute));

const accountRoute = createRoute({
  getParentRoute: () => parentRoute,
  path: "/accounts/$account",
  loader: ({ cause, params }) => {
    askAhead(cause, accountQuery(params.account), ({ name }) => askListAhead(cause, failedLoginsQuery(name)));
    askAhead(cause, sessionsOfAccountQuery(params.account));
    askAhead(cause, allRolesQuery);
  },
}).lazy(() => import("#web/pages/accounts/account-page.tsx").then((page) => page.lazyRoute));

const failedLoginsSearch = (search: Search): FailedLoginsSearch => ({ ...text(search, "account", 1024) });

/** Not below `accounts`, where every address is an account's. */
const failedLoginsRoute = createRoute({
  getParentRoute: () => parentRoute,
  path: "/failed-logins",
  validateSearch: failedLoginsSearch,
  loader: ({ cause, location }) => askListAhead(cause, failedLoginsQuery(failedLoginsSearch(location.search).account)),
}).lazy(() => import("#web/pages/accounts/failed-logins-page.tsx").then((page) => page.lazyRoute));

export const accountsRoutes = [accountsRoute, accountRoute, failedLoginsRoute] as const;
