/** What every page's route hangs below: the frame with navigation, shown to whoever is signed in. */
import { createRootRoute } from "@tanstack/react-router";

export const parentRoute = createRootRoute();
