/**
 * Signing in: delay, pipeline of services, login permission, session; each in that order. What does not belong here: the rules
 * themselves (`rules/`) and what a session may do afterwards.
 */
import { decideLogin } from "#access/decide-login.ts";
import { fail, problem, ProblemError, type Problem } from "#kernel/problem.ts";
import type { Writer } from "#store/store.ts";
import { findAccountById, type AccountRow } from "#identity/account-store.ts";
import { clearFailures, type Counted, type FailureStore } from "#identity/failure-store.ts";
import { accessIdOf, type IdentityContext } from "#identity/identity-context.ts";
import type { Hashing } from "#identity/password-hash.ts";
import type { PrincipalResolver } from "#identity/resolve-principal.ts";
import { readAccountName } from "#identity/rules/account-name.ts";
import { addressKey } from "#identity/rules/login-delay.ts";
import { loginSequence, nextLoginStep, type Attempt, type ServiceEntry } from "#identity/rules/login-pipeline.ts";
import { isHashablePassword } from "#identity/rules/password-rules.ts";
import type { IdentityService, ServiceResult } from "#identity/services/identity-service.ts";
import {
  deleteOverSessions,
  deleteSession,
  insertSession,
  makeSession,
  type NewSession,
  type SessionKind,
} from "#identity/session-store.ts";

/** Where a request comes from. */
export interface ClientInfo {
  /** As the socket says; no forwarded-for header unless configured (W6). */
  readonly address: string;
  /** What the program calls itself, for the list of sessions. */
  readonly program?: string;
}

export interface LoginRequest {
  readonly account: string;
  readonly password: string;
  readonly kind: SessionKind;
  readonly client: ClientInfo;
  /** The session that the client still holds: it ends with the login (W3). */
  readonly previousSessionId?: string | null;
}

export interface Login {
  login(request: LoginRequest): Promise<NewSession>;
}

/** What the record calls a login that was refused. */
export const loginFailedAction = "session.login-failed";

/** Nobody gave an account's name. */
const noAccount = "*none";
/** The name given cannot be that of an account; it is not recorded, it may be a password typed into the wrong field. */
const impossibleAccount = "*invalid";

/** One line for lists and the audit record, without control characters. */
export const describeClient = (client: ClientInfo): string => {
  const program = (client.program ?? "").replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "").slice(0, 160);
  return program === "" ? client.address.slice(0, 64) : `${client.address.slice(0, 64)} ${program}`;
};

const wrongCredentials = (): Problem => problem("identity.wrong-credentials", "unknown account or wrong password");

interface Proven {
  readonly account: AccountRow;
  /** Today's hash of the password where the stored one was made at another cost. */
  readonly newHash: string | null;
}

export const openLogin = (
  context: IdentityContext,
  parts: {
    readonly failures: FailureStore;
    readonly resolver: PrincipalResolver;
    readonly services: readonly ServiceEntry[];
    readonly kinds: readonly IdentityService[];
  },
): Login => {
  const { audit, clock, settings, hasher, realm } = context;
  const { failures, resolver, services } = parts;
  const firstService = loginSequence(services)[0];

  const runPipeline = async (nameKey: string | null, password: string, hashing: Hashing): Promise<Proven> => {
    const attempts: Attempt[] = [];
    const results = new Map<string, ServiceResult>();
    for (;;) {
      const step = nextLoginStep(services, attempts);
      if (step.step === "ask") {
        const kind = parts.kinds.find((one) => one.kind === step.service.kind);
        const result = await (kind?.check(step.service, { nameKey, password }, hashing) ?? {
          answer: "unavailable" as const,
          account: null,
          problem: null,
        });
        results.set(step.service.name, result);
        attempts.push({ service: step.service.name, answer: result.answer });
        continue;
      }
      if (step.step === "refused") {
        if (step.reason === "wrong") throw new ProblemError(wrongCredentials());
        const stated = step.service === null ? null : (results.get(step.service)?.problem ?? null);
        throw new ProblemError(stated ?? problem("identity.service-unavailable", "no identity service could check the login"));
      }
      const account = results.get(step.services[0] ?? "")?.account ?? null;
      if (account === null) throw new ProblemError(wrongCredentials());
      const outdated = account.password_hash !== null && account.password_expires_at === null && hashing.isOutdated(account.password_hash);
      return { account, newHash: outdated ? await hashing.hash(password) : null };
    }
  };

  /** SECURITY: checked before the queue, so that who is delayed holds no place in it, and again within the slot, so that parallel guesses do not outrun the counter. */
  const prove = async (nameKey: string | null, password: string, counted: readonly Counted[]): Promise<Proven> => {
    await failures.refuseDelayed(counted);
    if (!isHashablePassword(password)) {
      await failures.count(counted);
      throw new ProblemError(wrongCredentials());
    }
    return await hasher.inSlot(async (hashing) => {
      await failures.refuseDelayed(counted);
      try {
        return await runPipeline(nameKey, password, hashing);
      } catch (error) {
        if (error instanceof ProblemError && error.problem.code === "identity.wrong-credentials") await failures.count(counted);
        throw error;
      }
    });
  };

  /** Within the transaction: what was proved must still be so, and a one-time password dies with its first use (S13). */
  const consume = async (tx: Writer, proven: Proven, nowMs: number): Promise<boolean> => {
    const account = await findAccountById(tx, proven.account.id);
    // Another login may have renewed the hash of the same password; only a change of the account raises its revision.
    const sameProof =
      account !== undefined &&
      account.password_hash !== null &&
      (account.password_hash === proven.account.password_hash || account.revision === proven.account.revision);
    if (!sameProof || account.disabled !== 0) return fail("identity.wrong-credentials", "the account changed while signing in");
    const oneTime = account.password_expires_at !== null;
    await tx
      .updateTable("accounts")
      .set({
        last_login_at: nowMs,
        password_hash: oneTime ? null : (proven.newHash ?? account.password_hash),
        ...(oneTime ? { password_expires_at: null } : {}),
      })
      .where("id", "=", account.id)
      .execute();
    return account.must_change !== 0;
  };

  const openSession = async (request: LoginRequest, proven: Proven, counterKey: string): Promise<NewSession> => {
    const { account } = proven;
    const accessId = accessIdOf(realm.name, account.id);
    const proof = { amr: ["pwd"], authTime: Math.floor(clock.nowMs() / 1000) };
    const principal = await resolver.principalOf(accessId, proof);
    if (principal === null) throw new ProblemError(wrongCredentials());
    const verdict = decideLogin(principal.access);
    if (verdict.effect === "deny") throw new ProblemError(verdict.problem);
    const nowMs = clock.nowMs();
    const { session, row } = makeSession({
      accountId: account.id,
      kind: request.kind,
      amr: proof.amr,
      authTime: proof.authTime,
      nowMs,
      expiresAtMs: nowMs + settings.sessionLifeMs,
      client: describeClient(request.client),
      mustChangePassword: account.must_change !== 0,
    });
    const entry = {
      actor: accessId,
      action: "session.login",
      object: `session:${session.sessionId}`,
      detail: { account: account.name, service: account.service, kind: request.kind, client: row.client, amr: proof.amr },
    };
    return await audit.act(entry, async (tx) => {
      const mustChangePassword = await consume(tx, proven, nowMs);
      await deleteOverSessions(tx, settings, nowMs);
      if (request.previousSessionId !== undefined && request.previousSessionId !== null) await deleteSession(tx, request.previousSessionId);
      await clearFailures(tx, counterKey);
      await insertSession(tx, row);
      return { result: { ...session, mustChangePassword }, detail: { forcedChange: mustChangePassword } };
    });
  };

  return {
    login: async (request) => {
      const read = readAccountName(request.account, firstService?.kind ?? "local");
      const shown = request.account === "" ? noAccount : read.ok ? read.value.name : impossibleAccount;
      const nameKey = read.ok ? read.value.nameKey : null;
      const counterKey = `account:${firstService?.name ?? ""}/${nameKey ?? shown}`;
      const counted: readonly Counted[] = [
        { key: counterKey, policy: settings.accountDelay },
        { key: addressKey(request.client.address), policy: settings.addressDelay },
      ];
      try {
        const proven = await prove(nameKey, request.password, counted);
        return await openSession(request, proven, counterKey);
      } catch (error) {
        // A delayed attempt was not checked, and recording each would let anyone fill the record.
        if (error instanceof ProblemError && !["identity.delayed", "general.overloaded"].includes(error.problem.code))
          await audit.note({
            actor: "part:identity",
            action: loginFailedAction,
            object: `account:${shown}`,
            detail: { code: error.problem.code, kind: request.kind, client: describeClient(request.client) },
          });
        throw error;
      }
    },
  };
};
