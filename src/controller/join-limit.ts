/** How often one address, and all together, may try to join: join tokens are long, so this only bounds the work of guessing (S8). Also how often a node is given a certificate. A value with time as an argument. */
export interface JoinLimit {
  /** Whether one more attempt is allowed now. */
  take(address: string, nowMs: number): boolean;
}

interface Bucket {
  tokens: number;
  at: number;
}

/** Addresses that are remembered; beyond them the oldest is forgotten, and the limit over all still holds. */
const mostAddresses = 1000;

/** Buckets of `perMinute` attempts for each address and `allPerMinute` in all, refilled evenly. */
export const createJoinLimit = (perMinute: number, allPerMinute: number): JoinLimit => {
  const buckets = new Map<string, Bucket>();
  const all: Bucket = { tokens: allPerMinute, at: 0 };
  const refill = (bucket: Bucket, size: number, nowMs: number): void => {
    bucket.tokens = Math.min(size, bucket.tokens + (Math.max(0, nowMs - bucket.at) * size) / 60_000);
    bucket.at = nowMs;
  };
  return {
    take: (address, nowMs) => {
      refill(all, allPerMinute, nowMs);
      const bucket = buckets.get(address) ?? { tokens: perMinute, at: nowMs };
      buckets.delete(address);
      buckets.set(address, bucket);
      if (buckets.size > mostAddresses) buckets.delete(buckets.keys().next().value ?? "");
      refill(bucket, perMinute, nowMs);
      if (bucket.tokens < 1 || all.tokens < 1) return false;
      bucket.tokens -= 1;
      all.tokens -= 1;
      return true;
    },
  };
};
