/** Reads the whole policy at one instant: who there is, and who holds which roles. What two of them mean is `access/simulate.ts`. */
import type { Holder, Policy } from "#access/policy.ts";
import type { Role } from "#access/question.ts";
import type { Reader, Writer } from "#store/store.ts";
import { accessIdOf } from "#identity/identity-context.ts";
import { loadRoles } from "#identity/role-store.ts";

export const loadPolicy = async (source: Reader | Writer, realmName: string): Promise<Policy> => {
  const roles = new Map<string, Role>(
    (await loadRoles(source)).map(({ id, service, name, scopes }) => [id, { id, service, name, scopes }]),
  );
  const accounts = await source.selectFrom("accounts").select(["id", "name", "name_key", "disabled"]).orderBy("id").execute();
  const assignments = Map.groupBy(
    await source.selectFrom("role_assignments").selectAll().orderBy("subject").orderBy("role_id").execute(),
    (row) => row.subject,
  );
  const rolesOf = (accessId: string): readonly Role[] => (assignments.get(accessId) ?? []).flatMap((row) => roles.get(row.role_id) ?? []);
  const holders = new Map<string, Holder>();
  for (const { id, name, name_key: nameKey, disabled } of accounts) {
    const accessId = accessIdOf(realmName, id);
    holders.set(accessId, { accessId, name, nameKey, enabled: disabled === 0, roles: rolesOf(accessId) });
  }
  for (const accessId of assignments.keys())
    if (accessId.startsWith("os:"))
      holders.set(accessId, { accessId, name: accessId, nameKey: accessId, enabled: true, roles: rolesOf(accessId) });
  return { holders, roles };
};
