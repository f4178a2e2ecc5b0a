/**
 * Few places for expensive work and a bounded queue before them (W6): password hashing must not take the whole machine, nor may a flood of
 * logins grow memory without end. What does not belong here: delays; who is delayed never gets into the queue.
 */
import { fail } from "#kernel/problem.ts";

export interface HashSlots {
  /** Runs the work once a slot is free, first come first served. Throws `general.overloaded` at once when the queue is full. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** What is going on now; for the status page and tests. */
  load(): { readonly running: number; readonly waiting: number };
}

export const openHashSlots = (slots: number, queue: number): HashSlots => {
  const waiting: (() => void)[] = [];
  let running = 0;
  const enter = async (): Promise<void> => {
    if (running < slots) {
      running += 1;
      return;
    }
    if (waiting.length >= queue) fail("general.overloaded", "too many logins at once", { retryAfterSeconds: 2 });
    // The slot is handed over by `leave`, so that nobody overtakes.
    await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  };
  return {
    run: async (work) => {
      await enter();
      try {
        return await work();
      } finally {
        leave();
      }
    },
    load: () => ({ running, waiting: waiting.length }),
  };
};
