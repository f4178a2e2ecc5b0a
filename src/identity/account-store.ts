/** Queries about accounts, and how an account is shown. Rules and audit stand in the use-cases. */
import type { Selectable } from "kysely";
import type { Reader, Writer } from "#store/store.ts";
import type { AccountsTable } from "#store/tables.ts";
import { accessIdOf } from "#identity/identity-context.ts";
import { accountNameKey } from "#identity/rules/account-name.ts";

export type AccountRow = Selectable<AccountsTable>;

/** An account as administrators see it. Never holds a hash. */
export interface Account {
  readonly id: string;
  readonly accessId: string;
  readonly service: string;
  readonly name: string;
  readonly roles: readonly { readonly id: string; readonly name: string }[];
  readonly groups: readonly string[];
  readonly disabled: boolean;
  readonly mustChangePassword: boolean;
  readonly hasPassword: boolean;
  /** When an unused one-time or initial password dies; null: never, or none is waiting. */
  readonly passwordExpiresAtMs: number | null;
  readonly createdAtMs: number;
  /** D63: the profile's last login; null: never. */
  readonly lastLoginAtMs: number | null;
  readonly revision: number;
}

type Source = Reader | Writer;

export const groupsOf = (row: Pick<AccountRow, "groups">): readonly string[] => {
  const parsed: unknown = JSON.parse(row.groups);
  return Array.isArray(parsed) ? parsed.filter((group) => typeof group === "string") : [];
};

export const findAccountById = (source: Source, id: string): Promise<AccountRow | undefined> =>
  source.selectFrom("accounts").selectAll().where("id", "=", id).executeTakeFirst();

export const findAccountByKey = (source: Source, service: string, nameKey: string): Promise<AccountRow | undefined> =>
  source.selectFrom("accounts").selectAll().where("service", "=", service).where("name_key", "=", nameKey).executeTakeFirst();

/** All accounts, or those given, by service and name. */
export const loadAccounts = async (
  source: Source,
  realmName: string,
  ids: readonly string[] | null = null,
): Promise<readonly Account[]> => {
  if (ids !== null && ids.length === 0) return [];
  let query = source.selectFrom("accounts").selectAll().orderBy("service").orderBy("name_key");
  if (ids !== null) query = query.where("id", "in", ids);
  const rows = await query.execute();
  let held = source
    .selectFrom("role_assignments")
    .innerJoin("roles", "roles.id", "role_assignments.role_id")
    .select(["role_assignments.subject", "roles.id", "roles.name"])
    .orderBy("roles.id");
  if (ids !== null)
    held = held.where(
      "role_assignments.subject",
      "in",
      ids.map((id) => accessIdOf(realmName, id)),
    );
  const rolesBySubject = Map.groupBy(await held.execute(), (row) => row.subject);
  return rows.map((row) => {
    const accessId = accessIdOf(realmName, row.id);
    return {
      id: row.id,
      accessId,
      service: row.service,
      name: row.name,
      roles: (rolesBySubject.get(accessId) ?? []).map(({ id, name }) => ({ id, name })),
      groups: groupsOf(row),
      disabled: row.disabled !== 0,
      mustChangePassword: row.must_change !== 0,
      hasPassword: row.password_hash !== null,
      passwordExpiresAtMs: row.password_expires_at,
      createdAtMs: row.created_at,
      lastLoginAtMs: row.last_login_at,
      revision: row.revision,
    };
  });
};

/** Names by access ID, of those among them that are accounts of the realm today. */
export const loadAccountNames = async (
  source: Source,
  realmName: string,
  accessIds: readonly string[],
): Promise<ReadonlyMap<string, string>> => {
  const prefix = accessIdOf(realmName, "");
  const ids = [...new Set(accessIds.filter((accessId) => accessId.startsWith(prefix)))].map((accessId) => accessId.slice(prefix.length));
  if (ids.length === 0) return new Map();
  const rows = await source.selectFrom("accounts").select(["id", "name"]).where("id", "in", ids).execute();
  return new Map(rows.map(({ id, name }) => [accessIdOf(realmName, id), name]));
};

/** Names of accounts that begin so, in the fold of names. */
export const findAccountNames = async (
  source: Source,
  prefix: string,
  limit: number,
): Promise<readonly { readonly name: string; readonly service: string }[]> => {
  const key = accountNameKey(prefix);
  return await source
    .selectFrom("accounts")
    .select(["name", "service"])
    .where("name_key", ">=", key)
    .where("name_key", "<", `${key}\u{10ffff}`)
    .orderBy("name_key")
    .orderBy("service")
    .limit(limit)
    .execute();
};

/** Exactly these roles for the subject from now on (D68: a role that is left out is uncoupled, not deleted). */
export const assignRoles = async (tx: Writer, subject: string, roleIds: readonly string[]): Promise<void> => {
  await tx.deleteFrom("role_assignments").where("subject", "=", subject).execute();
  const rows = [...new Set(roleIds)].map((roleId) => ({ subject, role_id: roleId }));
  if (rows.length > 0) await tx.insertInto("role_assignments").values(rows).execute();
};
