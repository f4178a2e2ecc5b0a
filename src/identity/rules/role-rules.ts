/**
 * What a change of roles means for those who hold them (E1, D89, E5), as notices. What does not belong here: what a permission
 * allows, and what is left of a role when its editing ends (`access/`).
 */
import { isBelow } from "#access/folders.ts";
import type { FolderGrant, Role, RoleScope } from "#access/question.ts";
import { notice, type Notice } from "#identity/rules/notice.ts";

/** Whether it has neither a permission nor a folder in any scope (D73). A denial counts as a permission (E5). */
export const isEmptyRole = (scopes: readonly RoleScope[]): boolean =>
  scopes.every((scope) => scope.permissions.length === 0 && scope.folders.length === 0);

type Folders = ReadonlyMap<string, FolderGrant>;

const foldersIn = (roles: readonly Role[], controller: string): Folders => {
  const pool = new Map<string, FolderGrant>();
  for (const role of roles)
    for (const scope of role.scopes)
      if (scope.controller === controller)
        for (const folder of scope.folders) if (pool.get(folder.path)?.recursive !== true) pool.set(folder.path, folder);
  return pool;
};

/** The folders that count at a controller: its own, and those of all controllers for other paths (E1, D98). Empty: every folder. */
const poolAt = (roles: readonly Role[], controller: string): Folders =>
  new Map([...foldersIn(roles, "default"), ...foldersIn(roles, controller)]);

const isHeld = (folder: FolderGrant, pool: Folders): boolean =>
  [...pool.values()].some((other) =>
    other.path === folder.path ? other.recursive || !folder.recursive : other.recursive && isBelow(folder.path, other.path),
  );

const shownPaths = (folders: Iterable<FolderGrant>): string => {
  const paths = [...folders].map(({ path }) => `\`${path}\``);
  return `${paths.slice(0, 5).join(", ")}${paths.length > 5 ? " …" : ""}`;
};

const noticeAt = (account: string, before: readonly Role[], after: readonly Role[], controller: string): Notice | null => {
  const place = controller === "default" ? "" : ` of controller \`${controller}\``;
  const had = poolAt(before, controller);
  const has = poolAt(after, controller);
  if (before.length > 0 && had.size === 0 && has.size > 0)
    return notice("folders.narrowed", `\`${account}\` could reach every folder${place} and now only ${shownPaths(has.values())}`);
  if (after.length > 0 && had.size > 0 && has.size === 0)
    return notice("folders.opened", `\`${account}\` was limited to folders and can now reach every folder${place}`);
  // D98: what all controllers still have, and an entry of this one replaces by a narrower one. A folder that was taken away is no surprise.
  const kept = foldersIn(after, "default");
  const lost = [...had.values()].filter((folder) => !isHeld(folder, has) && isHeld(folder, kept));
  return lost.length === 0 || has.size === 0
    ? null
    : notice("folders.narrowed", `\`${account}\` loses a part of ${shownPaths(lost)}${place}: the controller's own entry stands there`);
};

/** What happened to the folders that one account can reach, when his roles went from `before` to `after`: for all controllers, or at some. */
export const folderNotices = (account: string, before: readonly Role[], after: readonly Role[]): readonly Notice[] => {
  const everywhere = noticeAt(account, before, after, "default");
  const controllers = new Set([...before, ...after].flatMap((role) => role.scopes.map((scope) => scope.controller)));
  controllers.delete("default");
  const there = [...controllers].toSorted().flatMap((controller) => {
    const found = noticeAt(account, before, after, controller);
    // What is said for all controllers needs no second line for each.
    return found === null || found.rule === everywhere?.rule ? [] : [found];
  });
  return everywhere === null ? there : [everywhere, ...there];
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
