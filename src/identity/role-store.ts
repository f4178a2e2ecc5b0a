/** Queries about roles and who holds them. Rules and audit stand in the use-cases. */
import type { Selectable } from "kysely";
import type { Role, RoleScope } from "#access/question.ts";
import type { Reader, Writer } from "#store/store.ts";
import type { RolesTable } from "#store/tables.ts";
import { accountNameKey } from "#identity/rules/account-name.ts";

type Source = Reader | Writer;
type RoleRow = Selectable<RolesTable>;

/** A role as it is kept: what the engine needs, and its revision. */
export interface StoredRole extends Role {
  readonly revision: number;
  readonly updatedAtMs: number;
  readonly updatedBy: string;
}

/** SECURITY: scopes that cannot be read throw, which denies all (E12: an unreadable policy denies all). */
const scopesOf = (row: Pick<RoleRow, "scopes">): readonly RoleScope[] => JSON.parse(row.scopes) as readonly RoleScope[];

/** What a role is made of. */
export type RoleContent = Pick<RoleRow, "id" | "service" | "name" | "scopes">;

export const readRole = (row: RoleContent): Role => ({
  id: row.id,
  service: row.service,
  name: row.name,
  scopes: scopesOf(row),
});

const toStoredRole = (row: RoleRow): StoredRole => ({
  ...readRole(row),
  revision: row.revision,
  updatedAtMs: row.updated_at,
  updatedBy: row.updated_by,
});

/** All roles in the order in which they were made; editing and renaming keep it. */
export const loadRoles = async (source: Source): Promise<readonly StoredRole[]> =>
  (await source.selectFrom("roles").selectAll().orderBy("id").execute()).map(toStoredRole);

export const findRole = async (source: Source, id: string): Promise<StoredRole | null> => {
  const row = await source.selectFrom("roles").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? null : toStoredRole(row);
};

/** A role by service and name (E7), compared by the fold of names. */
export const findRoleByName = async (source: Source, service: string, name: string): Promise<StoredRole | null> => {
  const key = accountNameKey(name);
  const rows = await source.selectFrom("roles").select(["id", "name"]).where("service", "=", service).execute();
  const found = rows.find((row) => accountNameKey(row.name) === key);
  return found === undefined ? null : await findRole(source, found.id);
};

/** The roles of an account or of `os:<uid>`. */
export const rolesOfSubject = async (
  source: Source,
  subject: string,
  roleOf: (row: RoleContent) => Role = readRole,
): Promise<readonly Role[]> => {
  const rows = await source
    .selectFrom("role_assignments")
    .innerJoin("roles", "roles.id", "role_assignments.role_id")
    .select(["roles.id", "roles.service", "roles.name", "roles.scopes"])
    .where("role_assignments.subject", "=", subject)
    .orderBy("roles.id")
    .execute();
  return rows.map(roleOf);
};

/** Access IDs that hold the role. */
export const holdersOf = async (source: Source, roleId: string): Promise<readonly string[]> =>
  (await source.selectFrom("role_assignments").select("subject").where("role_id", "=", roleId).orderBy("subject").execute()).map(
    (row) => row.subject,
  );

/** How many hold each role; a role that nobody holds is absent. */
export const countHolders = async (source: Source): Promise<ReadonlyMap<string, number>> =>
  new Map(
    (
      await source
        .selectFrom("role_assignments")
        .select(["role_id", (of) => of.fn.countAll().as("holders")])
        .groupBy("role_id")
        .execute()
    ).map((row) => [row.role_id, Number(row.holders)]),
  );
