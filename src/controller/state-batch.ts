/**
 * Writes `accepted` and `running` together instead of one by one: they are news, not facts that anything depends on. A run that ended
 * meanwhile needs neither. What does not belong here: offers and ends, which are transactions of their own.
 */
import type { Log } from "#kernel/log.ts";
import { markState, type StateChange } from "#jobs/dispatch-store.ts";
import type { Store } from "#store/store.ts";

export interface StateBatch {
  add(change: StateChange, committed: () => void): void;
  /** The run has ended or was queued again: what waits for it is void. */
  drop(run: string): void;
  flush(): Promise<void>;
}

const flushAfterMs = 100;
const retryAfterMs = 2000;

/** What a node's report says of a run is less than what its launcher said. */
const united = (before: StateChange, now: StateChange): StateChange => ({
  ...now,
  acceptedAt: before.acceptedAt ?? now.acceptedAt,
  startedAt: now.startedAt ?? before.startedAt,
  decided: now.decided ?? before.decided,
});

export const createStateBatch = (store: Store, log: Log): StateBatch => {
  let waiting = new Map<string, { change: StateChange; committed: () => void }>();
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<void> = Promise.resolve();

  const later = (ms: number): void => {
    timer ??= setTimeout(() => {
      timer = null;
      void flush();
    }, ms).unref();
  };
  const write = async (): Promise<void> => {
    if (waiting.size === 0) return;
    const batch = waiting;
    waiting = new Map();
    try {
      const done = await store.write(async (tx) => {
        const changed: (() => void)[] = [];
        for (const { change, committed } of batch.values()) if (await markState(tx, change)) changed.push(committed);
        return changed;
      });
      for (const committed of done) committed();
    } catch (error) {
      log.warn({ error, runs: batch.size }, "states of runs could not be written; tried again");
      for (const [run, entry] of batch) if (!waiting.has(run)) waiting.set(run, entry);
      later(retryAfterMs);
    }
  };
  const flush = (): Promise<void> => {
    running = running.then(write);
    return running;
  };
  return {
    add: (change, committed) => {
      const before = waiting.get(change.id);
      // `running` is not taken back by a late `accepted`.
      if (
        before !== undefined &&
        before.change.attempt === change.attempt &&
        before.change.state === "running" &&
        change.state === "accepted"
      )
        return;
      waiting.set(change.id, { change: before?.change.attempt === change.attempt ? united(before.change, change) : change, committed });
      later(flushAfterMs);
    },
    drop: (run) => void waiting.delete(run),
    flush,
  };
};
