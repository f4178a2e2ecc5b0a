/** A dialog that the address names: opening it is a step forward, so the browser's Back closes it, and closing it leaves no step behind. */
import { useRouter } from "@tanstack/react-router";
import { useCallback } from "react";

declare module "@tanstack/history" {
  interface HistoryState {
    /** The step before this one is the same page without the dialog. */
    readonly dialog?: true;
  }
}

/** For `navigate`, where it opens a dialog. */
export const opensDialog = { dialog: true } as const;

/** `leave`: how to go on where the address was not reached by opening the dialog but typed, shared or reloaded. */
export const useCloseDialog = (): ((leave: () => void) => void) => {
  const { history } = useRouter();
  return useCallback(
    (leave) => {
      if (history.location.state.dialog === true) history.back();
      else leave();
    },
    [history],
  );
};
