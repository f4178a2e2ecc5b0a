/**
 * What a change of roles means for those who hold them (E1, D89, E5), as notices. What does not belong here: what a permission
 * allows, and what is left of a role when its editing ends (`access/`).
 */
import type { Role, RoleScope } from "#access/question.ts";
import { notice, type Notice } from "#identity/rules/notice.ts";

/** Whether it has neither a permission nor a folder in any scope (D73). A denial counts as a permission (E5). */
export const isEmptyRole = (scopes: readonly RoleScope[]): boolean =>
  scopes.every((scope) => scope.permissions.length === 0 && scope.folders.length === 0);

/** Whether any role restricts folders: an account's folders are pooled, an empty pool means all (E1). */
const poolOf = (roles: readonly Role[]): readonly string[] => [
  ...new Set(roles.flatMap((role) => role.scopes.flatMap((scope) => scope.folders.map((folder) => folder.path)))),
];

/** What happened to the folders that one account can reach, when his roles went from `before` to `after`. */
export const folderNotices = (account: string, before: readonly Role[], after: readonly Role[]): readonly Notice[] => {
  const had = poolOf(before);
  const has = poolOf(after);
  if (before.length > 0 && had.length === 0 && has.length > 0)
    return [
      notice(
        "folders.narrowed",
        `\`${account}\` could reach every folder and now only ${has
          .slice(0, 5)
          .map((path) => `\`${path}\``)
          .join(", ")}${has.length > 5 ? " …" : ""}`,
      ),
    ];
  if (after.length > 0 && had.length > 0 && has.length === 0)
    return [notice("folders.opened", `\`${account}\` was limited to folders and can now reach every folder`)];
  return [];
};

const denialsOf = (roles: readonly Role[]): readonly string[] =>
  roles.flatMap((role) =>
    role.scopes.flatMap((scope) => scope.permissions.filter((grant) => grant.denied).map((grant) => grant.permission)),
  );

/** Denials that no longer hold for the account: what they denied may be allowed by another role now. */
export const liftedDenials = (account: string, before: readonly Role[], after: readonly Role[]): readonly Notice[] => {
  const left = new Set(denialsOf(after));
  const lifted = [...new Set(denialsOf(before))].filter((permission) => !left.has(permission));
  return after.length === 0
    ? []
    : lifted.map((permission) => notice("denial.lifted", `\`${account}\` is no longer denied \`${permission}\``));
};

/** A denial in a role that is limited to folders denies in every folder (E3). */
export const folderDenialNotices = (name: string, scopes: readonly RoleScope[]): readonly Notice[] =>
  scopes.some((scope) => scope.folders.length > 0) && scopes.some((scope) => scope.permissions.some((grant) => grant.denied))
    ? [notice("role.denial-everywhere", `role \`${name}\` is limited to folders, but its denials hold in every folder`)]
    : [];

/** Folders of a role that nobody holds restrict nobody yet (D69, D90: a warning, not a refusal). */
export const unassignedFolderNotices = (name: string, scopes: readonly RoleScope[], holders: number): readonly Notice[] =>
  holders === 0 && scopes.some((scope) => scope.folders.length > 0)
    ? [notice("role.folders-unassigned", `role \`${name}\` limits folders but nobody holds it yet`)]
    : [];
