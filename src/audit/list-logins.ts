/** Sign-ins of one account as the record has them: what its owner checks for strangers. Who may ask is the caller's matter. */
import type { Reader } from "#store/store.ts";

export interface LoginRecord {
  readonly atMs: number;
  readonly succeeded: boolean;
  /** Address and program. */
  readonly client: string;
  /** Null where none began. */
  readonly sessionId: string | null;
}

const clientOf = (detail: string): string => {
  const { client } = JSON.parse(detail) as { client?: unknown };
  return typeof client === "string" ? client : "";
};

/** Newest first; completed sign-ins of the access ID and failed ones under the name. */
export const listLogins = async (
  read: Reader,
  account: { readonly accessId: string; readonly name: string },
  limit: number,
): Promise<readonly LoginRecord[]> => {
  const opened = await read
    .selectFrom("audit as opened")
    .innerJoin("audit as completed", (join) =>
      join
        .onRef("completed.writer", "=", "opened.writer")
        .onRef("completed.opened", "=", "opened.sequence")
        .on("completed.phase", "=", "completed"),
    )
    .select(["opened.at as at", "opened.detail as detail", "opened.object as object"])
    .where("opened.actor", "=", account.accessId)
    .where("opened.action", "=", "session.login")
    .where("opened.phase", "=", "opened")
    .orderBy("opened.at", "desc")
    .limit(limit)
    .execute();
  const failed = await read
    .selectFrom("audit")
    .select(["at", "detail"])
    .where("object", "=", `account:${account.name}`)
    .where("action", "=", "session.login-failed")
    .orderBy("at", "desc")
    .limit(limit)
    .execute();
  return [
    ...opened.map(({ at, detail, object }) => ({
      atMs: at,
      succeeded: true,
      client: clientOf(detail),
      sessionId: object.slice("session:".length),
    })),
    ...failed.map(({ at, detail }) => ({ atMs: at, succeeded: false, client: clientOf(detail), sessionId: null })),
  ]
    .toSorted((a, b) => b.atMs - a.atMs)
    .slice(0, limit);
};
