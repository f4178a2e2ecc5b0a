/**
 * From an access ID to a principal with today's facts: roles, groups and compiled access, kept until the policy revision rises. What does
 * not belong here: whether somebody proved who he is.
 *
 * SECURITY: no access is older than the policy revision that was looked up for this very question. When the revision rises, nothing
 * is answered from what was kept: account, roles and assignments are read again, all of them, and compiled again. Only the work is spared:
 * a role whose row has not one other character is the same object (`role-memory.ts`), and what was compiled from the
 * same objects is taken over (`access/compile.ts`).
 */
import { compileAccess, type CompiledAccess } from "#access/compile.ts";
import type { Role } from "#access/question.ts";
import { isId } from "#kernel/ids.ts";
import { accessIdOf, type IdentityContext } from "#identity/identity-context.ts";
import { findAccountById, groupsOf } from "#identity/account-store.ts";
import type { RoleMemory } from "#identity/role-memory.ts";
import { rolesOfSubject } from "#identity/role-store.ts";
import type { Principal } from "#identity/principal.ts";

/** How somebody proved who he is; kept with the session or the submission. */
export interface Proof {
  readonly amr: readonly string[];
  /** Seconds since 1970; 0: not known. */
  readonly authTime: number;
}

export interface PrincipalResolver {
  /**
   * The principal as of now; null: unknown, disabled, of another realm, or an `os:<uid>` without any role. Without a proof `amr` is empty and
   * `authTime` 0: what was proved at submission is kept there.
   */
  principalOf(accessId: string, proof?: Proof): Promise<Principal | null>;
  /** The same, read anew from the store and not from what is kept, and also for a disabled account: for explanations alone. */
  freshPrincipalOf(accessId: string): Promise<ExplainedPrincipal | null>;
  /** The principal of the local socket's peer (S11): `os:<uid>`, if roles were given to it. */
  osPrincipal(uid: number): Promise<Principal | null>;
}

/** SECURITY: not for deciding what somebody may: it may be disabled. */
export interface ExplainedPrincipal extends Pick<Principal, "accessId" | "name" | "roles"> {
  readonly disabled: boolean;
}

type Facts = Pick<Principal, "accountId" | "name" | "service" | "groups" | "roles" | "access">;

const mostCached = 10_000;
const osPattern = /^os:(0|[1-9]\d{0,9})$/;

/** The service that stands for accounts of the machine's own operating system. */
export const osServiceName = "OS";

export const openPrincipalResolver = (context: IdentityContext, { roleOf }: RoleMemory): PrincipalResolver => {
  const { store, realm, policy, clock } = context;
  let cachedRevision = -1;
  let cache = new Map<string, Facts>();
  /** Of the revision before: never an answer, only what the next access is made from. */
  let older = new Map<string, Facts>();

  const compile = (accessId: string, name: string, roles: readonly Role[]): CompiledAccess =>
    compileAccess({ accessId, name, roles }, older.get(accessId)?.access ?? null);

  const load = async (accessId: string): Promise<Facts | null> => {
    if (osPattern.test(accessId)) {
      const roles = await rolesOfSubject(store.read, accessId, roleOf);
      return roles.length === 0
        ? null
        : { accountId: null, name: accessId, service: osServiceName, groups: [], roles, access: compile(accessId, accessId, roles) };
    }
    const accountId = accessId.slice(accessId.lastIndexOf("/") + 1);
    if (!isId("acc", accountId) || accessId !== accessIdOf(realm.name, accountId)) return null;
    const account = await findAccountById(store.read, accountId);
    if (account === undefined || account.disabled !== 0) return null;
    const roles = await rolesOfSubject(store.read, accessId, roleOf);
    return {
      accountId,
      name: account.name,
      service: account.service,
      groups: groupsOf(account),
      roles,
      access: compile(accessId, account.name, roles),
    };
  };

  const factsOf = async (accessId: string): Promise<Facts | null> => {
    // INVARIANT: the revision is read before the facts, so cached facts are never older than their revision says.
    const revision = await policy.current();
    if (revision !== cachedRevision || cache.size >= mostCached) {
      older = cache;
      cache = new Map();
      cachedRevision = revision;
    }
    const target = cache;
    const cached = target.get(accessId);
    if (cached !== undefined) return cached;
    const facts = await load(accessId);
    if (facts !== null) target.set(accessId, facts);
    return facts;
  };

  const principalOf = async (accessId: string, proof: Proof = { amr: [], authTime: 0 }): Promise<Principal | null> => {
    const facts = await factsOf(accessId);
    return facts === null ? null : { accessId, ...facts, amr: proof.amr, authTime: proof.authTime };
  };

  return {
    principalOf,
    freshPrincipalOf: async (accessId) => {
      const facts = await load(accessId);
      if (facts !== null) return { accessId, name: facts.name, roles: facts.roles, disabled: false };
      const account = await findAccountById(store.read, accessId.slice(accessId.lastIndexOf("/") + 1));
      if (account === undefined || accessId !== accessIdOf(realm.name, account.id)) return null;
      return { accessId, name: account.name, roles: await rolesOfSubject(store.read, accessId, roleOf), disabled: account.disabled !== 0 };
    },
    osPrincipal: (uid) => principalOf(`os:${uid}`, { amr: ["os"], authTime: Math.floor(clock.nowMs() / 1000) }),
  };
};
