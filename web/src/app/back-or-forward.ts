/** The browser's own buttons: what lies above a page goes with it then. */
import type { RouterHistory } from "@tanstack/react-router";

export const onBackOrForward = (history: RouterHistory, act: () => void): (() => void) =>
  history.subscribe(({ action }) => {
    if (action.type !== "PUSH" && action.type !== "REPLACE") act();
  });
