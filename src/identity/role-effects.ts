/** What a change of roles means for those who hold them, read from the store within the change's transaction. The rules are in `rules/role-rules.ts`. */
import type { Role } from "#access/question.ts";
import type { Writer } from "#store/store.ts";
import { loadRoles } from "#identity/role-store.ts";
import { folderNotices, liftedDenials } from "#identity/rules/role-rules.ts";
import type { Notice } from "#identity/rules/notice.ts";

/** Notices are for people: beyond this many holders nobody reads them. */
const mostHolders = 100;

export interface Holding {
  /** Account name or `os:<uid>`. */
  readonly name: string;
  readonly roles: readonly Role[];
}

/** The roles of everyone who holds the given role, by access ID. */
export const holdingsOf = async (tx: Writer, roleId: string): Promise<ReadonlyMap<string, Holding>> => {
  const holders = await tx
    .selectFrom("role_assignments")
    .select("subject")
    .where("role_id", "=", roleId)
    .orderBy("subject")
    .limit(mostHolders)
    .execute();
  const subjects = holders.map((row) => row.subject);
  if (subjects.length === 0) return new Map();
  const roles = new Map((await loadRoles(tx)).map((role) => [role.id, role]));
  const assignments = Map.groupBy(
    await tx.selectFrom("role_assignments").selectAll().where("subject", "in", subjects).execute(),
    (row) => row.subject,
  );
  const ids = subjects.map((subject) => subject.slice(subject.lastIndexOf("/") + 1));
  const names = new Map(
    (await tx.selectFrom("accounts").select(["id", "name"]).where("id", "in", ids).execute()).map((row) => [row.id, row.name]),
  );
  return new Map(
    subjects.map((subject) => [
      subject,
      {
        name: names.get(subject.slice(subject.lastIndexOf("/") + 1)) ?? subject,
        roles: (assignments.get(subject) ?? []).flatMap((row) => roles.get(row.role_id) ?? []),
      },
    ]),
  );
};

/** Notices for holders whose roles went from `before` to what `after` makes of them. */
export const effectNotices = (
  before: ReadonlyMap<string, Holding>,
  after: (roles: readonly Role[]) => readonly Role[],
): readonly Notice[] =>
  [...before.values()].flatMap(({ name, roles }) => {
    const next = after(roles);
    return [...folderNotices(name, roles, next), ...liftedDenials(name, roles, next)];
  });
