/** When a session is over (D27, W3). Pure: instants and limits are arguments. */

export interface SessionTimes {
  readonly createdAtMs: number;
  /** Last use that counts: polling and streams do not feed it. */
  readonly seenAtMs: number;
  readonly expiresAtMs: number;
}

export interface SessionLimits {
  readonly sessionIdleMs: number;
}

export type SessionState = "live" | "idle" | "expired";

/** Whether the session still counts. Both limits hold at their exact instant. */
export const sessionState = (times: SessionTimes, limits: SessionLimits, nowMs: number): SessionState =>
  nowMs >= times.expiresAtMs ? "expired" : nowMs >= times.seenAtMs + limits.sessionIdleMs ? "idle" : "live";

/** How stale the stored `seen` may get before it is written again: a write per request would cost more than the request. */
export const touchAfterMs = (limits: SessionLimits): number => Math.min(15_000, Math.floor(limits.sessionIdleMs / 60));
