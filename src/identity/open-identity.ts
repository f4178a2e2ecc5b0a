/** Opens the identity room: everything about who, behind one value. What each part does stands in its own file. */
import type { AuditTrail } from "#audit/audit-trail.ts";
import type { Clock } from "#kernel/clock.ts";
import type { Log } from "#kernel/log.ts";
import { fail } from "#kernel/problem.ts";
import type { Store } from "#store/store.ts";
import { openAccounts, type Accounts } from "#identity/accounts.ts";
import { openFailureStore } from "#identity/failure-store.ts";
import { startFirst, type FirstPassword } from "#identity/first-start.ts";
import type { IdentityContext } from "#identity/identity-context.ts";
import { openLogin, type Login } from "#identity/login.ts";
import { openPasswordChange, type PasswordChange } from "#identity/password-change.ts";
import { openPasswordHasher, type PasswordHasher } from "#identity/password-hash.ts";
import { findPermissionHolders, type PermissionHolders } from "#identity/permission-holders.ts";
import { openPolicyRevision } from "#identity/policy-revision.ts";
import { openPolicyTests, type PolicyTests } from "#identity/policy-tests.ts";
import type { LoadOwnedJobs } from "#identity/ports.ts";
import { openPrincipalResolver, type PrincipalResolver } from "#identity/resolve-principal.ts";
import { openRoleMemory } from "#identity/role-memory.ts";
import { loadRoleOrigins } from "#identity/role-sources.ts";
import { openRoles, type Roles } from "#identity/roles.ts";
import { openRosterReader, type RosterReader } from "#identity/roster.ts";
import { defaultIdentitySettings, initialServiceName, type IdentitySettings } from "#identity/rules/identity-settings.ts";
import type { ServiceEntry } from "#identity/rules/login-pipeline.ts";
import { checkNewPassword } from "#identity/rules/password-rules.ts";
import { localService } from "#identity/services/local.ts";
import { openSessions, type Sessions } from "#identity/sessions.ts";

export interface Identity extends Login, PasswordChange, Sessions, PrincipalResolver, Accounts, Roles, PolicyTests, RosterReader {
  /** Only at the very first start: the one-time password of `root`, to be printed once (D21, S13). Never logged. */
  readonly firstPassword: FirstPassword | null;
  /** The services that a login goes through (D64). */
  listServices(): readonly ServiceEntry[];
  /** What password hashing is doing now. */
  hashLoad(): ReturnType<PasswordHasher["load"]> & { readonly computed: number };
  /** The first few who hold a permission that needs no object. */
  permissionHolders(permission: string, most: number): Promise<PermissionHolders>;
  /** Who wrote these roles as they stand, and where. */
  roleOrigins(roleIds: readonly string[]): ReturnType<typeof loadRoleOrigins>;
  /** Rises with every change of accounts, roles and assignments: streams decide again when it does (W4). */
  policyRevision(): Promise<number>;
}

export interface IdentityOptions {
  readonly store: Store;
  readonly audit: AuditTrail;
  readonly clock: Clock;
  readonly log: Log;
  readonly realm: { readonly id: string; readonly name: string };
  /** What is absent has its default. */
  readonly settings?: Partial<IdentitySettings>;
  /** Who started this instance; gets the administrator role as `os:<uid>` at the first start (S11). Null: nobody. */
  readonly ownerUid: number | null;
  /** Absent: there are no jobs that a change could orphan. */
  readonly ownedJobs?: LoadOwnedJobs;
}

/** Until services are administered: the one of a fresh installation. */
const services: readonly ServiceEntry[] = [{ name: initialServiceName, kind: "local", ordering: 1, mode: "optional" }];

/** D33: the minimum holds for the initial password too. */
const requireUsableInitialPassword = (settings: IdentitySettings): void => {
  if (settings.initialPassword === null) return;
  const checked = checkNewPassword(settings.initialPassword, { minimumLength: settings.minimumPasswordLength, accountName: "" });
  if (!checked.ok)
    fail("input.invalid-value", `the initial password of the settings is not acceptable: ${checked.problem.message}`, {
      hint: "set another one, or none: then each account gets a random one",
    });
};

/** Opens identity on a store; at the very first start it makes `root` and the default roles. */
export const openIdentity = async (options: IdentityOptions): Promise<Identity> => {
  const settings: IdentitySettings = { ...defaultIdentitySettings, ...options.settings };
  requireUsableInitialPassword(settings);
  const { store, audit, clock, log, realm } = options;
  const hasher = openPasswordHasher(settings);
  const policy = openPolicyRevision(store, clock);
  const context: IdentityContext = {
    store,
    audit,
    clock,
    log,
    realm,
    settings,
    hasher,
    policy,
    ...(options.ownedJobs && { ownedJobs: options.ownedJobs }),
  };
  const failures = openFailureStore(store, clock);
  const roleMemory = openRoleMemory();
  const resolver = openPrincipalResolver(context, roleMemory);
  const firstPassword = await startFirst(context, options.ownerUid);
  return {
    ...openLogin(context, { failures, resolver, services, kinds: [localService(store, clock)] }),
    ...openPasswordChange(context, failures),
    ...openSessions(context, resolver),
    ...openAccounts(context),
    ...openRoles(context),
    ...openPolicyTests(context),
    ...resolver,
    ...openRosterReader(context, roleMemory),
    firstPassword,
    listServices: () => services,
    hashLoad: () => ({ ...hasher.load(), computed: hasher.computed() }),
    permissionHolders: (permission, most) => findPermissionHolders(store.read, realm.name, permission, most),
    roleOrigins: (roleIds) => loadRoleOrigins(store.read, roleIds),
    policyRevision: () => policy.current(),
  };
};
