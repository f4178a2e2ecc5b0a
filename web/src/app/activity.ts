/**
 * Keeps the session alive while somebody is there, and tells when it is about to end (D27, W3). Reading in the background and streams do not
 * count as use; a key or a pointer does. Pure part: what to do now; the clock and what was seen are arguments.
 */
export interface SessionEnds {
  /** Ends for want of use, unless used before. */
  readonly idleEndsAtMs: number;
  /** Ends however much it is used. */
  readonly expiresAtMs: number;
}

export type Activity =
  | { readonly kind: "quiet" }
  /** Tell the manager that somebody is there. */
  | { readonly kind: "renew" }
  /** Ask the manager how long the session still has: another tab may have used it. */
  | { readonly kind: "look" }
  | { readonly kind: "idle-warning"; readonly secondsLeft: number }
  | { readonly kind: "expiry-warning"; readonly minutesLeft: number };

export const idleWarningMs = 120_000;
export const expiryWarningMs = 10 * 60_000;
/** A use is told at most this often, whatever the idle time. */
export const renewEveryMs = 60_000;

export interface Seen {
  readonly ends: SessionEnds;
  /** Last key or pointer. */
  readonly usedAtMs: number;
  /** When the manager was last told of use, or answered how long there is. */
  readonly renewedAtMs: number;
  readonly lookedAtMs: number;
  readonly expiryDismissed: boolean;
}

export const whatNow = (seen: Seen, nowMs: number): Activity => {
  const { idleEndsAtMs, expiresAtMs } = seen.ends;
  const idleLeft = idleEndsAtMs - nowMs;
  // Also told just before the end, where the whole idle time is shorter than the interval.
  const used = seen.usedAtMs > seen.renewedAtMs;
  if (used && (nowMs - seen.renewedAtMs >= renewEveryMs || idleLeft < idleWarningMs)) return { kind: "renew" };
  if (idleLeft <= idleWarningMs) {
    if (nowMs - seen.lookedAtMs >= 10_000 || idleLeft <= 0) return { kind: "look" };
    return { kind: "idle-warning", secondsLeft: Math.max(0, Math.ceil(idleLeft / 1000)) };
  }
  const expiryLeft = expiresAtMs - nowMs;
  if (expiryLeft <= expiryWarningMs && !seen.expiryDismissed)
    return { kind: "expiry-warning", minutesLeft: Math.max(1, Math.ceil(expiryLeft / 60_000)) };
  return { kind: "quiet" };
};
