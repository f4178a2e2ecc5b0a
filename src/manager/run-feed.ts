/**
 * Tells open streams which run changed. Hints only: whoever hears one reads the store, so a lost or doubled hint costs nothing. Output
 * has hints of its own (`controller/run-log.ts`). What does not belong here: what changed.
 */
export class RunFeed {
  readonly #listeners = new Set<(runId: string) => void>();

  runChanged(runId: string): void {
    for (const listener of this.#listeners) listener(runId);
  }

  /** Calls `listener` with the id of each run that changes, until the returned function is called. */
  onRun(listener: (runId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
