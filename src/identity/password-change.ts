/** Changing one's own password: the one thing that a session which must change it may do. Other people's are reset (`accounts.ts`). */
import { fail, ProblemError } from "#kernel/problem.ts";
import { findAccountById } from "#identity/account-store.ts";
import type { FailureStore } from "#identity/failure-store.ts";
import { accessIdOf, type IdentityContext } from "#identity/identity-context.ts";
import { checkNewPassword, couldBeMade, normalisePassword } from "#identity/rules/password-rules.ts";
import { sessionState } from "#identity/rules/session-rules.ts";
import { deleteSessionsOf, findSessionById, insertSession, makeSession, timesOf, type NewSession } from "#identity/session-store.ts";

export interface PasswordChange {
  /**
   * Sets a new password and answers a new session; every other one of the account ends (W3). `current` is needed unless the session was
   * opened with a one-time password, which died with that (S13). Throws `identity.wrong-current-password`, `.delayed`, `.weak-password`.
   */
  changePassword(request: { readonly sessionId: string; readonly current: string | null; readonly next: string }): Promise<NewSession>;
}

export const openPasswordChange = (context: IdentityContext, failures: FailureStore): PasswordChange => ({
  changePassword: async ({ sessionId, current, next }) => {
    const { store, audit, clock, settings, hasher, realm } = context;
    const session = await findSessionById(store.read, sessionId);
    const account = session === undefined ? undefined : await findAccountById(store.read, session.account_id);
    if (
      session === undefined ||
      account === undefined ||
      account.disabled !== 0 ||
      sessionState(timesOf(session), settings, clock.nowMs()) !== "live"
    )
      return fail("identity.not-signed-in", "the session has ended", { hint: "sign in again with `behalf login`" });
    const checked = checkNewPassword(next, { minimumLength: settings.minimumPasswordLength, accountName: account.name });
    if (!checked.ok) throw new ProblemError(checked.problem);
    if (couldBeMade(checked.value))
      fail("identity.weak-password", "the new password has the form of a one-time password, which others have seen", {
        hint: "choose one that only you know",
      });
    if (settings.initialPassword !== null && checked.value === normalisePassword(settings.initialPassword))
      fail("identity.weak-password", "the new password is the initial password", { hint: "choose one that only you know" });

    // A stolen session must not become a place to guess the password: failures count as those of a login.
    const counted = [{ key: `account:${account.service}/${account.name_key}`, policy: settings.accountDelay }];
    await failures.refuseDelayed(counted);
    const stored = account.password_hash;
    const newHash = await hasher.inSlot(async (hashing) => {
      if (stored !== null) {
        await failures.refuseDelayed(counted);
        if (!(await hashing.verify(current ?? "", stored))) {
          await failures.count(counted);
          fail("identity.wrong-current-password", "the current password is wrong");
        }
        if (current !== null && normalisePassword(current) === checked.value)
          fail("identity.weak-password", "the new password is the current one", { hint: "choose another password" });
      } else if (account.must_change === 0)
        fail("identity.wrong-current-password", "the account has no password", { hint: "ask an administrator to reset it" });
      return await hashing.hash(checked.value);
    });

    const nowMs = clock.nowMs();
    const { session: fresh, row } = makeSession({
      accountId: account.id,
      kind: session.kind,
      amr: JSON.parse(session.amr) as string[],
      authTime: stored === null ? session.auth_time : Math.floor(nowMs / 1000),
      nowMs,
      // The absolute limit counts from the login, unless the password was given again just now.
      expiresAtMs: stored === null ? session.expires_at : nowMs + settings.sessionLifeMs,
      client: session.client,
      mustChangePassword: false,
    });
    const accessId = accessIdOf(realm.name, account.id);
    return await audit.act(
      { actor: accessId, action: "account.change-password", object: `account:${account.id}`, detail: { name: account.name } },
      async (tx) => {
        const found = await findAccountById(tx, account.id);
        if (
          found === undefined ||
          found.disabled !== 0 ||
          found.password_hash !== stored ||
          (await findSessionById(tx, sessionId)) === undefined
        )
          return fail("identity.revision-conflict", "the account or the session changed meanwhile");
        await tx
          .updateTable("accounts")
          .set({ password_hash: newHash, must_change: 0, password_expires_at: null, revision: found.revision + 1 })
          .where("id", "=", account.id)
          .execute();
        const ended = await deleteSessionsOf(tx, account.id);
        await insertSession(tx, row);
        return { result: fresh, detail: { sessionsEnded: ended } };
      },
    );
  },
});
