/**
 * The growing delay after failed logins, per account and per client address (W6): a pure function of counters and time. A delay is
 * a refusal that says when to come back; nothing sleeps and nothing holds a slot.
 */

export interface FailureCount {
  readonly failures: number;
  readonly lastAtMs: number;
}

export interface DelayPolicy {
  /** Failures that cost nothing, so that a typing error is not punished. */
  readonly freeFailures: number;
  /** Delay after the first failure beyond those; doubles with each further one. */
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
  /** Failures are forgotten after this long without another. */
  readonly forgetAfterMs: number;
}

/**
 * SECURITY: an account's delay is capped low, because anyone can cause it and it also keeps its owner out; an address may stand for
 * many people, so it gets more free failures. At the cap one address can try 1,440 passwords a day on one account.
 */
export const defaultDelayPolicy: { readonly account: DelayPolicy; readonly address: DelayPolicy } = {
  account: { freeFailures: 2, firstDelayMs: 1000, longestDelayMs: 60_000, forgetAfterMs: 3_600_000 },
  address: { freeFailures: 20, firstDelayMs: 1000, longestDelayMs: 60_000, forgetAfterMs: 900_000 },
};

/** The count that still matters now: failures that were forgotten count as none. A clock that went back forgets nothing. */
export const currentFailures = (count: FailureCount | null, policy: DelayPolicy, nowMs: number): number =>
  count === null || nowMs - count.lastAtMs >= policy.forgetAfterMs ? 0 : count.failures;

/** The whole delay after that many failures. */
export const delayAfter = (failures: number, policy: DelayPolicy): number => {
  const counted = failures - policy.freeFailures;
  if (counted <= 0) return 0;
  // Beyond 2^30 doublings the power would be infinite; the cap is reached long before.
  return Math.min(policy.longestDelayMs, policy.firstDelayMs * 2 ** Math.min(counted - 1, 30));
};

/** Milliseconds still to wait; 0: may try now. After a clock that went back the wait is never longer than the whole delay. */
export const remainingDelayMs = (count: FailureCount | null, policy: DelayPolicy, nowMs: number): number => {
  if (count === null) return 0;
  const delay = delayAfter(currentFailures(count, policy, nowMs), policy);
  return Math.max(0, Math.min(delay, count.lastAtMs + delay - nowMs));
};

/**
 * The counter's key of a client address. An IPv6 client owns a whole /64, so that is what is counted; an IPv4 address
 * inside IPv6 counts as itself.
 */
export const addressKey = (address: string): string => {
  const text = address.toLowerCase().replace(/%.*$/, "");
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/.exec(text);
  if (mapped?.[1] !== undefined) return `address:${mapped[1]}`;
  if (!text.includes(":")) return `address:${text.slice(0, 64)}`;
  const [head = "", tail] = text.split("::", 2);
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...Array.from({ length: zeros }, () => "0"), ...right];
  return `address:${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":")}::/64`;
};
