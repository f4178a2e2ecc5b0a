/** What can be explained, and opening the panel from anywhere. The panel itself is loaded when it is first wanted. */
import { useSyncExternalStore } from "react";
import { createStore } from "#web/api/small-store.ts";

export interface ExplainQuestion {
  readonly permission: string;
  /** Folder or object path. */
  readonly on?: string | undefined;
  readonly controller?: string | undefined;
  /** Account name or access ID; absent: oneself. */
  readonly actor?: string | undefined;
}

export const explained = createStore<ExplainQuestion | null>(null);

/** Whether the panel is open: what lies below it then leaves the Escape key to it (`closeOnEscape`). */
export const useExplaining = (): boolean => useSyncExternalStore(explained.subscribe, () => explained.get() !== null);

/** Opens the panel on a question. */
export const explain = (question: ExplainQuestion): void => explained.set(question);
export const closeExplain = (): void => explained.set(null);
