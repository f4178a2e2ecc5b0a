/** What the palette offers beside the pages: a page adds its own while it is shown. */
import { useEffect } from "react";
import { createStore } from "#web/api/small-store.ts";

export interface Command {
  readonly id: string;
  readonly text: string;
  readonly run: () => void;
}

export const commands = createStore<readonly Command[]>([]);

/** Offers commands while the component is shown. `list` must be stable (`useMemo`). */
export const useCommands = (list: readonly Command[]): void => {
  useEffect(() => {
    commands.set([...commands.get(), ...list]);
    return () => commands.set(commands.get().filter((command) => !list.includes(command)));
  }, [list]);
};
