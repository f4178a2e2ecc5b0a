/**
 * When to dial again: exponential, with full jitter so that many agents do not come back at the same instant. What belongs
 * here: the delay and the loop that keeps one connection alive. What does not: how a connection is made.
 */
export interface ReconnectSettings {
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
}

/** Delay before attempt `failures + 1`, milliseconds. `random` is in [0, 1). Never below half of the step: a peer that refuses at once must not be hammered. */
export const reconnectDelayMs = (failures: number, random: number, settings: ReconnectSettings): number => {
  const step = Math.min(settings.longestDelayMs, settings.firstDelayMs * 2 ** Math.min(failures, 30));
  return Math.round(step / 2 + (random * step) / 2);
};

export interface Reconnector {
  /** The connection in use has ended, or could not be made. `healthy`: it had worked, so the delay starts anew. */
  ended(healthy: boolean): void;
  stop(): void;
}

/** Calls `dial` now, and again after each `ended`, until `stop`. */
export const keepConnected = (dial: () => void, settings: ReconnectSettings): Reconnector => {
  let failures = 0;
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;
  const reconnector: Reconnector = {
    ended: (healthy) => {
      if (stopped || timer !== null) return;
      if (healthy) failures = 0;
      timer = setTimeout(
        () => {
          timer = null;
          dial();
        },
        reconnectDelayMs(failures, Math.random(), settings),
      );
      failures += 1;
    },
    stop: () => {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
      timer = null;
    },
  };
  // Not synchronously: the caller has the handle before the first connection can end.
  queueMicrotask(() => {
    if (!stopped) dial();
  });
  return reconnector;
};
