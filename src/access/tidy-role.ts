/**
 * What happens to a role when its editing ends: a controller's part without a permission is dropped (D86), a role with neither
 * permission nor folder is removed (D73). What does not belong here: storing it, or asking for the confirmation.
 */
import { renderFolder } from "#access/folders.ts";
import type { Role, RoleScope } from "#access/question.ts";
import { problem, type Problem } from "#kernel/problem.ts";

export interface TidyRole {
  /** The role as it is kept; null: nothing is left of it. */
  readonly role: Role | null;
  /** One sentence for each thing removed, for the editor to say beforehand. */
  readonly notices: readonly string[];
  /** E5: a removal that would widen access; it must be confirmed, never done silently. */
  readonly widens: Problem | null;
}

/** D86: a denial counts as a permission (E5); the default part is always kept. */
const isKept = (scope: RoleScope): boolean => scope.controller === "default" || scope.permissions.length > 0;

/** Tidies a role. */
export const tidyRole = (role: Role): TidyRole => {
  const dropped = role.scopes.filter((scope) => !isKept(scope));
  const kept = role.scopes.filter(isKept);
  const notices = dropped.map(
    (scope) => `controller \`${scope.controller}\` is removed from role \`${role.name}\`: it has no permission there`,
  );
  const isEmpty = kept.every((scope) => scope.permissions.length === 0 && scope.folders.length === 0);
  if (isEmpty) notices.push(`role \`${role.name}\` is deleted: it has neither a permission nor a folder`);
  const lost = dropped.flatMap((scope) =>
    scope.folders.map((folder) => `\`${renderFolder(folder.path, folder.recursive)}\` of controller \`${scope.controller}\``),
  );
  return {
    role: isEmpty ? null : dropped.length === 0 ? role : { ...role, scopes: kept },
    notices,
    widens:
      lost.length === 0
        ? null
        : problem(
            "access.removal-would-widen",
            `removing the folder limits ${lost.slice(0, 5).join(", ")}${lost.length > 5 ? ", …" : ""} from role \`${role.name}\` may widen access`,
            {
              hint: "give the role a permission for that controller, or confirm the removal",
            },
          ),
  };
};
