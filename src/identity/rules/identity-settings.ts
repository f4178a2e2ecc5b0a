/**
 * What an installation may set about identity, with the decided defaults (D27, D30-D33, W3, W6). What does not belong here:
 * where the values come from.
 */
import { defaultDelayPolicy, type DelayPolicy } from "#identity/rules/login-delay.ts";

/** The service of a fresh installation (D21); for now the only one. */
export const initialServiceName = "LOCAL-INITIAL";

/** Cost of one argon2id hash. A change takes effect for each account at its next login. */
export interface HashCost {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly lanes: number;
}

export interface IdentitySettings {
  /** Inactivity that ends a session (D27). */
  readonly sessionIdleMs: number;
  /** Life of a session however active it is (W3). */
  readonly sessionLifeMs: number;
  /** Code points; applies to every password, the initial one included (D33). 0 is allowed; empty passwords never are. */
  readonly minimumPasswordLength: number;
  /** Initial password of accounts that are made or reset without one; null: a fresh random one each time (D30-D32). */
  readonly initialPassword: string | null;
  /** Life of the one-time password of `root` (S13). */
  readonly rootPasswordLifeMs: number;
  /** Life of every other initial password. */
  readonly initialPasswordLifeMs: number;
  readonly accountDelay: DelayPolicy;
  readonly addressDelay: DelayPolicy;
  readonly hashCost: HashCost;
  /** Hashes that run at once, and those that may wait (W6). */
  readonly hashSlots: number;
  readonly hashQueue: number;
}

export const defaultIdentitySettings: IdentitySettings = {
  sessionIdleMs: 15 * 60_000,
  sessionLifeMs: 12 * 3_600_000,
  minimumPasswordLength: 12,
  initialPassword: null,
  rootPasswordLifeMs: 3_600_000,
  initialPasswordLifeMs: 7 * 86_400_000,
  accountDelay: defaultDelayPolicy.account,
  addressDelay: defaultDelayPolicy.address,
  hashCost: { memoryKiB: 19_456, passes: 2, lanes: 1 },
  hashSlots: 2,
  hashQueue: 32,
};
