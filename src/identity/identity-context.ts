/** What the use-cases of this room share, and the one way in which they change anything: audited, and known to every cache. */
import type { AuditEntry, AuditTrail } from "#audit/audit-trail.ts";
import type { Clock } from "#kernel/clock.ts";
import type { Log } from "#kernel/log.ts";
import type { Stage, Store, Writer } from "#store/store.ts";
import type { PasswordHasher } from "#identity/password-hash.ts";
import type { ChangesTogether } from "#identity/policy-guard.ts";
import type { PolicyRevision } from "#identity/policy-revision.ts";
import type { LoadOwnedJobs } from "#identity/ports.ts";
import type { IdentitySettings } from "#identity/rules/identity-settings.ts";

export interface IdentityContext {
  readonly store: Store;
  readonly audit: AuditTrail;
  readonly clock: Clock;
  readonly log: Log;
  readonly realm: { readonly id: string; readonly name: string };
  readonly settings: IdentitySettings;
  readonly hasher: PasswordHasher;
  readonly policy: PolicyRevision;
  /** Absent: there are no jobs that a change could orphan. */
  readonly ownedJobs?: LoadOwnedJobs;
  /** Where several changes land together: the guards look once, at what all of them come to. */
  readonly together?: ChangesTogether;
}

/** Who does it: any principal, or another part's name such as `system`. */
export interface Doer {
  readonly accessId: string;
  /** Absent or null: not an account (the local socket, the system). */
  readonly accountId?: string | null;
}

/** A change of accounts, roles or assignments: recorded before and after, and in the same transaction as the revision that makes it known. */
export const changePolicy = async <T>(
  context: IdentityContext,
  entry: AuditEntry,
  work: (tx: Writer, stage: Stage) => Promise<{ result: T; detail?: Record<string, unknown> }>,
): Promise<T> => {
  const result = await context.audit.act(entry, async (tx, stage) => {
    await context.policy.raise(tx);
    return await work(tx, stage);
  });
  context.policy.changed();
  return result;
};

/** Access ID of an account (E5: by id). */
export const accessIdOf = (realmName: string, accountId: string): string => `user:${realmName}/${accountId}`;
