/**
 * The first few who hold a permission that needs no object, read anew from the store: whom to ask for a change. What does not belong here: all
 * who may do something, on whatever object.
 */
import { compileAccess } from "#access/compile.ts";
import { decide } from "#access/decide.ts";
import { covers } from "#access/permissions.ts";
import type { Role } from "#access/question.ts";
import type { Reader } from "#store/store.ts";
import { loadRoles } from "#identity/role-store.ts";

export interface PermissionHolders {
  readonly accounts: readonly { readonly accessId: string; readonly name: string }[];
  /** There are more than these. */
  readonly more: boolean;
}

/** Most holders of a granting role that are looked at, so that an answer stays quick where thousands are administrators. */
const mostCandidates = 500;

const grants = (role: Role, permission: string): boolean =>
  role.scopes.some(
    (scope) => scope.controller === "default" && scope.permissions.some((grant) => !grant.denied && covers(grant.permission, permission)),
  );

/** Enabled accounts and `os:<uid>` that hold the permission, by name. */
export const findPermissionHolders = async (
  read: Reader,
  realmName: string,
  permission: string,
  most: number,
): Promise<PermissionHolders> => {
  const roles = new Map((await loadRoles(read)).map((role) => [role.id, role]));
  const granting = [...roles.values()].filter((role) => grants(role, permission)).map(({ id }) => id);
  if (granting.length === 0) return { accounts: [], more: false };
  const rows = await read
    .selectFrom("role_assignments")
    .select("subject")
    .distinct()
    .where("role_id", "in", granting)
    .orderBy("subject")
    .limit(mostCandidates)
    .execute();
  const subjects = rows.map(({ subject }) => subject);
  if (subjects.length === 0) return { accounts: [], more: false };
  const assignments = Map.groupBy(
    await read.selectFrom("role_assignments").selectAll().where("subject", "in", subjects).execute(),
    ({ subject }) => subject,
  );
  const prefix = `user:${realmName}/`;
  const ids = subjects.filter((subject) => subject.startsWith(prefix)).map((subject) => subject.slice(prefix.length));
  const enabled =
    ids.length === 0
      ? []
      : await read.selectFrom("accounts").select(["id", "name"]).where("id", "in", ids).where("disabled", "=", 0).execute();
  const names = new Map(enabled.map(({ id, name }) => [`${prefix}${id}`, name]));
  const holders = subjects.flatMap((accessId) => {
    const name = accessId.startsWith("os:") ? accessId : names.get(accessId);
    if (name === undefined) return [];
    const held = (assignments.get(accessId) ?? []).flatMap(({ role_id }) => roles.get(role_id) ?? []);
    const verdict = decide({ permission }, compileAccess({ accessId, name, roles: held }));
    return verdict.effect === "permit" ? [{ accessId, name }] : [];
  });
  const sorted = holders.toSorted((left, right) => (left.name < right.name ? -1 : 1));
  return { accounts: sorted.slice(0, most), more: sorted.length > most || rows.length === mostCandidates };
};
