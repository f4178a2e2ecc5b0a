/** Identity services of kind `local` (D6): accounts and passwords are in this product's own database. */
import type { Clock } from "#kernel/clock.ts";
import { problem } from "#kernel/problem.ts";
import type { Store } from "#store/store.ts";
import { findAccountByKey } from "#identity/account-store.ts";
import type { IdentityService } from "#identity/services/identity-service.ts";

export const localService = (store: Store, clock: Clock): IdentityService => ({
  kind: "local",
  check: async (service, proof, hashing) => {
    const account = proof.nameKey === null ? undefined : await findAccountByKey(store.read, service.name, proof.nameKey);
    // One hash whatever was found: `verify` without a stored hash costs the same.
    const right = await hashing.verify(proof.password, account?.password_hash ?? null);
    if (account === undefined || !right) return { answer: "wrong", account: null, problem: null };
    // SECURITY: said only to who knows the password.
    if (account.disabled !== 0)
      return { answer: "blocked", account, problem: problem("identity.disabled", `account \`${account.name}\` is disabled`) };
    if (account.password_expires_at !== null && clock.nowMs() >= account.password_expires_at) {
      const hint = `an administrator resets it with \`behalf account reset-password ${account.name}\`; the account that started this instance can do so on this machine without signing in`;
      return { answer: "blocked", account, problem: problem("identity.password-expired", "the one-time password has expired", { hint }) };
    }
    return { answer: "accepted", account, problem: null };
  },
});
