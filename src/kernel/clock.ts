/** The clock as an argument: rules get plain numbers, adapters get a `Clock`. */
export interface Clock {
  /** Wall clock, milliseconds since 1970-01-01 UTC. May jump. */
  nowMs(): number;
  /** Monotonic milliseconds; only differences mean something. Use it for every timeout and duration. */
  monotonicMs(): number;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
