import { createRoute } from "@tanstack/react-router";
import { parentRoute } from "#web/pages/parent.ts";

export const overviewRoute = createRoute({ getParentRoute: () => parentRoute, path: "/" }).lazy(() =>
  import("#web/pages/overview/overview-page.tsx").then((page) => page.lazyRoute),
);
