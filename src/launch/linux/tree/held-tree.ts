/** One way to hold and kill the process tree of a run; one file per way beside this one. */
export interface HeldTree {
  /** Live processes of the run, as far as this way can see them. */
  members(): readonly number[];
  /** Whether there is none: cheaper than looking who they are. */
  isEmpty(): boolean;
  /** Sends the signal to every member, each checked to be still the same process (O8). */
  signalAll(signal: number): Promise<void>;
  /** Kills every member, also those that are made meanwhile, and returns how many there were. */
  kill(): Promise<number>;
  /** Removes what holds the tree, once it is empty. */
  remove(): Promise<void>;
}

/** How long a killed tree may take to be gone: processes in uninterruptible sleep die when the kernel lets them. */
export const killLimitMs = 10_000;
