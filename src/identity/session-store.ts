/**
 * Sessions as rows: made, found by token, listed, ended. The database is asked each time (16 µs on SQLite), so an end takes effect at
 * once, for every manager on the database. What does not belong here: who may sign in (`login.ts`).
 *
 * SECURITY: a token is 256 random bits and is stored as its SHA-256; the CSRF token is derived from it, so that a page can be given it
 * again without being stored either (W3).
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { newId } from "#kernel/ids.ts";
import type { Selectable } from "kysely";
import type { Reader, Writer } from "#store/store.ts";
import type { SessionsTable } from "#store/tables.ts";
import { sessionState, type SessionLimits } from "#identity/rules/session-rules.ts";

export type SessionKind = "browser" | "cli";

export type SessionRow = Selectable<SessionsTable>;

/** A fresh session with its secrets, on its one way to the client. Never logged, never stored. */
export interface NewSession {
  readonly sessionId: string;
  readonly accountId: string;
  readonly kind: SessionKind;
  readonly token: string;
  /** For browser sessions. */
  readonly csrfToken: string | null;
  readonly mustChangePassword: boolean;
  readonly expiresAtMs: number;
}

/** A session as lists show it. */
export interface SessionView {
  readonly id: string;
  readonly accountId: string;
  readonly accountName: string;
  readonly kind: SessionKind;
  /** Address and program from which it was opened. */
  readonly client: string;
  readonly createdAtMs: number;
  readonly seenAtMs: number;
  readonly expiresAtMs: number;
}

export const sessionTokenHash = (token: string): string => createHash("sha256").update(token, "utf8").digest("hex");

/** The CSRF token that belongs to a browser session's token. */
export const csrfTokenOf = (token: string): string => createHmac("sha256", token).update("behalf csrf").digest("base64url");

/** Compares in constant time, whatever the lengths. */
export const csrfMatches = (row: Pick<SessionRow, "csrf_hash">, given: string): boolean => {
  if (row.csrf_hash === null) return false;
  const expected = Buffer.from(row.csrf_hash, "hex");
  const actual = createHash("sha256").update(given, "utf8").digest();
  return expected.length === actual.length && timingSafeEqual(expected, actual);
};

export const timesOf = (row: SessionRow): { createdAtMs: number; seenAtMs: number; expiresAtMs: number } => ({
  createdAtMs: row.created_at,
  seenAtMs: row.seen_at,
  expiresAtMs: row.expires_at,
});

export interface SessionSeed {
  readonly accountId: string;
  readonly kind: SessionKind;
  readonly amr: readonly string[];
  /** Seconds since 1970 of the last proof. */
  readonly authTime: number;
  readonly nowMs: number;
  readonly expiresAtMs: number;
  readonly client: string;
  readonly mustChangePassword: boolean;
}

/** Makes a session's secrets and the row that stands for it; `insertSession` stores the row. */
export const makeSession = (seed: SessionSeed): { session: NewSession; row: SessionRow } => {
  const token = `bhs_${randomBytes(32).toString("base64url")}`;
  const csrfToken = seed.kind === "browser" ? csrfTokenOf(token) : null;
  const sessionId = newId("ses", seed.nowMs);
  return {
    session: {
      sessionId,
      accountId: seed.accountId,
      kind: seed.kind,
      token,
      csrfToken,
      mustChangePassword: seed.mustChangePassword,
      expiresAtMs: seed.expiresAtMs,
    },
    row: {
      token_hash: sessionTokenHash(token),
      id: sessionId,
      account_id: seed.accountId,
      kind: seed.kind,
      csrf_hash: csrfToken === null ? null : sessionTokenHash(csrfToken),
      amr: JSON.stringify(seed.amr),
      auth_time: seed.authTime,
      created_at: seed.nowMs,
      seen_at: seed.nowMs,
      expires_at: seed.expiresAtMs,
      client: seed.client,
    },
  };
};

export const insertSession = async (tx: Writer, row: SessionRow): Promise<void> => {
  await tx.insertInto("sessions").values(row).execute();
};

export const findSessionByToken = (source: Reader, token: string): Promise<SessionRow | undefined> =>
  source.selectFrom("sessions").selectAll().where("token_hash", "=", sessionTokenHash(token)).executeTakeFirst();

export const findSessionById = (source: Reader | Writer, id: string): Promise<SessionRow | undefined> =>
  source.selectFrom("sessions").selectAll().where("id", "=", id).executeTakeFirst();

/** Ends one session; false: there was none. */
export const deleteSession = async (tx: Writer, id: string): Promise<boolean> =>
  (await tx.deleteFrom("sessions").where("id", "=", id).executeTakeFirst()).numDeletedRows > 0n;

/** Ends all sessions of an account; how many there were. */
export const deleteSessionsOf = async (tx: Writer, accountId: string): Promise<number> =>
  Number((await tx.deleteFrom("sessions").where("account_id", "=", accountId).executeTakeFirst()).numDeletedRows);

/** Removes the rows of sessions that are over. */
export const deleteOverSessions = async (tx: Writer, limits: SessionLimits, nowMs: number): Promise<void> => {
  await tx
    .deleteFrom("sessions")
    .where((where) => where.or([where("expires_at", "<=", nowMs), where("seen_at", "<=", nowMs - limits.sessionIdleMs)]))
    .execute();
};

/** Live sessions, newest first; of one account or of all. */
export const loadSessions = async (
  source: Reader,
  limits: SessionLimits,
  nowMs: number,
  accountId: string | null,
): Promise<readonly SessionView[]> => {
  let query = source
    .selectFrom("sessions")
    .innerJoin("accounts", "accounts.id", "sessions.account_id")
    .selectAll("sessions")
    .select("accounts.name as account_name")
    .orderBy("sessions.id", "desc");
  if (accountId !== null) query = query.where("sessions.account_id", "=", accountId);
  return (await query.execute())
    .filter((row) => sessionState(timesOf(row), limits, nowMs) === "live")
    .map((row) => ({
      id: row.id,
      accountId: row.account_id,
      accountName: row.account_name,
      kind: row.kind,
      client: row.client,
      ...timesOf(row),
    }));
};
