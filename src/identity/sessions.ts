/** Sessions in use: who a token stands for, who is signed in, and every way to end one. Opening one is `login.ts`. */
import { fail } from "#kernel/problem.ts";
import { findAccountById } from "#identity/account-store.ts";
import { accessIdOf, type Doer, type IdentityContext } from "#identity/identity-context.ts";
import type { Principal } from "#identity/principal.ts";
import type { PrincipalResolver } from "#identity/resolve-principal.ts";
import { sessionState, touchAfterMs } from "#identity/rules/session-rules.ts";
import {
  csrfMatches,
  deleteSession,
  deleteSessionsOf,
  findSessionById,
  findSessionByToken,
  loadSessions,
  timesOf,
  type SessionKind,
  type SessionView,
} from "#identity/session-store.ts";

/** A live session and who it stands for. */
export interface OpenSession {
  readonly id: string;
  readonly accountId: string;
  readonly kind: SessionKind;
  /** Only changing the password and signing out are open to it (W3). */
  readonly mustChangePassword: boolean;
  readonly principal: Principal;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  /** When it ends for want of use, as things stand. */
  readonly idleEndsAtMs: number;
  /** Compares in constant time; always false for a session without a CSRF token. */
  readonly csrfMatches: (token: string) => boolean;
}

export interface Sessions {
  /** The live session of a token; null: unknown, ended, idle, expired, or its account is disabled or gone. `feed`: this use counts against idling (W3). */
  sessionOf(token: string, options: { readonly feed: boolean }): Promise<OpenSession | null>;
  /** Ends one's own session; not an error when it is over already. */
  logout(sessionId: string): Promise<void>;
  /** Ends all sessions of one's own account, this one included; how many. */
  logoutEverywhere(principal: Pick<Principal, "accessId" | "accountId">): Promise<number>;
  /** Live sessions, newest first; of one account, or of all with null. */
  listSessions(accountId: string | null): Promise<readonly SessionView[]>;
  /** Ends any one session. Throws `identity.session-not-found`. */
  endSession(actor: Doer, sessionId: string): Promise<void>;
  /** Ends all sessions of an account. Throws `identity.account-not-found`. */
  endSessionsOf(actor: Doer, accountId: string): Promise<number>;
  /** Ends every session there is (K2: after a restore). */
  endAllSessions(actor: Doer): Promise<void>;
}

export const openSessions = (context: IdentityContext, resolver: PrincipalResolver): Sessions => {
  const { store, audit, clock, settings, realm, log } = context;

  const endSessionsOf = async (actor: Doer, accountId: string): Promise<number> => {
    const account = (await findAccountById(store.read, accountId)) ?? fail("identity.account-not-found", "there is no such account");
    return await audit.act(
      { actor: actor.accessId, action: "session.end-all-of", object: `account:${accountId}`, detail: { name: account.name } },
      async (tx) => {
        const ended = await deleteSessionsOf(tx, accountId);
        return { result: ended, detail: { sessionsEnded: ended } };
      },
    );
  };

  return {
    sessionOf: async (token, { feed }) => {
      const row = await findSessionByToken(store.read, token);
      if (row === undefined) return null;
      const nowMs = clock.nowMs();
      if (sessionState(timesOf(row), settings, nowMs) !== "live") return null;
      const account = await findAccountById(store.read, row.account_id);
      // SECURITY: read from the account itself and not from the cached policy, so that disabling takes effect at once for every manager.
      if (account === undefined || account.disabled !== 0) return null;
      const principal = await resolver.principalOf(accessIdOf(realm.name, row.account_id), {
        amr: JSON.parse(row.amr) as string[],
        authTime: row.auth_time,
      });
      if (principal === null) return null;
      let seenAtMs = row.seen_at;
      if (feed && nowMs - row.seen_at >= touchAfterMs(settings)) {
        try {
          await store.write(async (tx) => {
            await tx
              .updateTable("sessions")
              .set({ seen_at: nowMs })
              .where("token_hash", "=", row.token_hash)
              .where("seen_at", "<", nowMs)
              .execute();
          });
          seenAtMs = nowMs;
        } catch (error) {
          // A full disk must not keep an administrator out; the session idles out sooner, that is all.
          log.warn({ error, sessionId: row.id }, "the session's last use could not be written");
        }
      }
      return {
        id: row.id,
        accountId: row.account_id,
        kind: row.kind,
        mustChangePassword: account.must_change !== 0,
        principal,
        createdAtMs: row.created_at,
        expiresAtMs: row.expires_at,
        idleEndsAtMs: seenAtMs + settings.sessionIdleMs,
        csrfMatches: (given) => csrfMatches(row, given),
      };
    },
    logout: async (sessionId) => {
      const row = await findSessionById(store.read, sessionId);
      if (row === undefined) return;
      await audit.act(
        { actor: accessIdOf(realm.name, row.account_id), action: "session.logout", object: `session:${sessionId}` },
        async (tx) => ({ result: void (await deleteSession(tx, sessionId)) }),
      );
    },
    logoutEverywhere: async ({ accessId, accountId }) => (accountId === null ? 0 : await endSessionsOf({ accessId, accountId }, accountId)),
    listSessions: (accountId) => loadSessions(store.read, settings, clock.nowMs(), accountId),
    endSession: async (actor, sessionId) => {
      const row = (await findSessionById(store.read, sessionId)) ?? fail("identity.session-not-found", "there is no such session");
      await audit.act(
        { actor: actor.accessId, action: "session.end", object: `session:${sessionId}`, detail: { account: row.account_id } },
        async (tx) => {
          if (!(await deleteSession(tx, sessionId))) fail("identity.session-not-found", "there is no such session");
          return { result: undefined };
        },
      );
    },
    endSessionsOf,
    endAllSessions: async (actor) => {
      await audit.act({ actor: actor.accessId, action: "session.end-everyone", object: "sessions" }, async (tx) => {
        const ended = Number((await tx.deleteFrom("sessions").executeTakeFirst()).numDeletedRows);
        return { result: undefined, detail: { sessionsEnded: ended } };
      });
    },
  };
};
