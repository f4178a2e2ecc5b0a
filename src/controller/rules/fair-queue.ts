/**
 * The waiting runs of one node, taken in turns of their submitters: oldest first within one submitter, and nobody waits behind another's
 * thousand. What belongs here: the order. What does not: reading the runs. No clock, no I/O; it is a mutable value.
 */
export interface WaitingRun {
  readonly id: string;
  readonly submitter: string;
}

export class FairQueue {
  readonly #bySubmitter = new Map<string, WaitingRun[]>();
  readonly #ids = new Set<string>();

  get size(): number {
    return this.#ids.size;
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  submitters(): readonly string[] {
    return [...this.#bySubmitter.keys()];
  }

  /** Adds runs that are given oldest first; known ones are left where they are. */
  add(runs: readonly WaitingRun[]): void {
    for (const run of runs) {
      if (this.#ids.has(run.id)) continue;
      this.#ids.add(run.id);
      const line = this.#bySubmitter.get(run.submitter);
      if (line === undefined) this.#bySubmitter.set(run.submitter, [run]);
      else line.push(run);
    }
  }

  /** Takes up to `count` runs, one of each submitter in turn; who was served goes to the end. */
  take(count: number): WaitingRun[] {
    const taken: WaitingRun[] = [];
    while (taken.length < count) {
      const next = this.#bySubmitter.entries().next();
      if (next.done === true) break;
      const [submitter, line] = next.value;
      const run = line.shift();
      this.#bySubmitter.delete(submitter);
      if (run === undefined) continue;
      if (line.length > 0) this.#bySubmitter.set(submitter, line);
      this.#ids.delete(run.id);
      taken.push(run);
    }
    return taken;
  }

  remove(id: string): void {
    if (!this.#ids.delete(id)) return;
    for (const [submitter, line] of this.#bySubmitter) {
      const index = line.findIndex((run) => run.id === id);
      if (index === -1) continue;
      line.splice(index, 1);
      if (line.length === 0) this.#bySubmitter.delete(submitter);
      return;
    }
  }

  clear(): void {
    this.#bySubmitter.clear();
    this.#ids.clear();
  }
}
