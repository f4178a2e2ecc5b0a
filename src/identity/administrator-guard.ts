/**
 * Nobody locks everybody out: one enabled account that may sign in and administer accounts remains after every change. The
 * engine is asked, as everywhere; a role's name means nothing here. `os:<uid>` does not count: it cannot sign in from elsewhere.
 */
import { sql } from "kysely";
import { compileAccess } from "#access/compile.ts";
import { decide } from "#access/decide.ts";
import { loginPermission } from "#access/decide-login.ts";
import { roleKeeper } from "#access/may-rules.ts";
import { covers } from "#access/permissions.ts";
import { whatIsUnreadable } from "#access/policy-shape.ts";
import type { Role } from "#access/question.ts";
import { problem, type Problem } from "#kernel/problem.ts";
import type { Writer } from "#store/store.ts";
import { accessIdOf } from "#identity/identity-context.ts";
import { loadRoles } from "#identity/role-store.ts";

const needed = [loginPermission, roleKeeper];

/** Whether these roles make an administrator of accounts. */
export const administers = (accessId: string, name: string, roles: readonly Role[]): boolean => {
  if (roles.length === 0) return false;
  const access = compileAccess({ accessId, name, roles });
  return needed.every((permission) => decide({ permission }, access).effect === "permit");
};

const grantsIt = (role: Role): boolean =>
  whatIsUnreadable({ accessId: "", name: "", roles: [role] }) === null &&
  role.scopes.some(
    ({ controller, permissions }) =>
      controller === "default" && permissions.some(({ permission, denied }) => !denied && covers(permission, roleKeeper)),
  );

/** `identity.last-administrator` when no enabled account administers accounts any more, else null. For the end of a change, in its transaction. */
export const findLockOut = async (tx: Writer, realmName: string): Promise<Problem | null> => {
  const roles = new Map((await loadRoles(tx)).map((role) => [role.id, role]));
  // Whoever holds none of these is no administrator; the others are few.
  const granting = [...roles.values()].filter(grantsIt).map((role) => role.id);
  const holding = tx
    .selectFrom("role_assignments")
    .select("subject")
    .where("role_id", "in", granting.length === 0 ? [""] : granting);
  // Without a password, and none used that must be replaced, nobody signs in with it.
  const accounts = await tx
    .selectFrom("accounts")
    .select(["id", "name"])
    .where("disabled", "=", 0)
    .where(sql<string>`${`user:${realmName}/`} || id`, "in", holding)
    .where((cell) => cell.or([cell("password_hash", "is not", null), cell("must_change", "=", 1)]))
    .orderBy("id")
    .execute();
  const assignments = Map.groupBy(
    await tx.selectFrom("role_assignments").select(["subject", "role_id"]).where("subject", "in", holding).execute(),
    (row) => row.subject,
  );
  // Accounts with the same roles are asked about once.
  const refused = new Set<string>();
  for (const account of accounts) {
    const accessId = accessIdOf(realmName, account.id);
    const roleIds = (assignments.get(accessId) ?? []).map((row) => row.role_id).toSorted();
    const key = roleIds.join(",");
    if (key === "" || refused.has(key)) continue;
    if (
      administers(
        accessId,
        account.name,
        roleIds.flatMap((id) => roles.get(id) ?? []),
      )
    )
      return null;
    refused.add(key);
  }
  return problem("identity.last-administrator", "no enabled account would be left that may administer accounts");
};
