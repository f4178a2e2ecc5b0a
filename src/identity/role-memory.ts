/**
 * Roles by what they say: the same row of the store is the same object, for every account that holds the role and after every
 * change of something else, so that the engine compiles it once (`access/role-part.ts`).
 *
 * SECURITY: a role is known by its whole content as it was read just now, never by a revision or a time. A remembered role that differs
 * in one character is not used, so nothing here can be stale, whoever wrote the row and however
 * (`resolve-principal.test.ts`, "E12").
 */
import type { Role } from "#access/question.ts";
import { readRole, type RoleContent } from "#identity/role-store.ts";

/** Beyond this everything is forgotten: roles that were deleted stay until then. */
const mostRemembered = 50_000;

export interface RoleMemory {
  /** Throws where the scopes cannot be read, as `readRole` does. */
  roleOf(row: RoleContent): Role;
}

export const openRoleMemory = (): RoleMemory => {
  let roles = new Map<string, { readonly row: RoleContent; readonly role: Role }>();
  return {
    roleOf: (row) => {
      const known = roles.get(row.id);
      if (known !== undefined && known.row.scopes === row.scopes && known.row.name === row.name && known.row.service === row.service)
        return known.role;
      const role = readRole(row);
      if (roles.size >= mostRemembered) roles = new Map();
      roles.set(row.id, { row, role });
      return role;
    },
  };
};
