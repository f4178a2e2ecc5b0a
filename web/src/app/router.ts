/** The router: addresses to pages. Code of a page is loaded when somebody is about to go there. */
import { createRouter } from "@tanstack/react-router";
import { freshMs } from "#web/api/query-client.ts";
import { Shell } from "#web/app/shell.tsx";
import { routeTree } from "#web/app/pages.ts";
import { NotFoundPage, PageFailed } from "#web/app/page-failed.tsx";
import { parentRoute } from "#web/pages/parent.ts";
import { LoadingState } from "#web/components/states.tsx";

parentRoute.update({ component: Shell });

export const router = createRouter({
  routeTree,
  defaultPreload: "intent",
  defaultPreloadDelay: 30,
  // As long as an answer is fresh (`query-client.ts`): pointed at again later, what is old is asked for again.
  defaultPreloadStaleTime: freshMs,
  defaultPendingMs: 150,
  defaultPendingMinMs: 0,
  defaultPendingComponent: LoadingState,
  defaultErrorComponent: PageFailed,
  defaultNotFoundComponent: NotFoundPage,
  scrollRestoration: false,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
