/** What every kind of identity service offers to the login pipeline. One file per kind stands beside this one. */
import type { Problem } from "#kernel/problem.ts";
import type { AccountRow } from "#identity/account-store.ts";
import type { Hashing } from "#identity/password-hash.ts";
import type { ServiceAnswer, ServiceEntry } from "#identity/rules/login-pipeline.ts";

export interface PasswordProof {
  /** The fold of a well-formed account name; null: the name cannot be that of an account. */
  readonly nameKey: string | null;
  readonly password: string;
}

export interface ServiceResult {
  readonly answer: ServiceAnswer;
  /** Who it is; only with `accepted` and `blocked`. */
  readonly account: AccountRow | null;
  /** Why the account is blocked, or the service unavailable. */
  readonly problem: Problem | null;
}

export interface IdentityService {
  readonly kind: string;
  /** SECURITY: takes the same time for an unknown account as for a wrong password. Runs while a hash slot is held. */
  check(service: ServiceEntry, proof: PasswordProof, hashing: Hashing): Promise<ServiceResult>;
}
