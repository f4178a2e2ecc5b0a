/**
 * A second MAY, written from the requirements alone (D75-D99 with E1-E12) and as plainly as possible: lists and loops, nothing
 * prepared, nothing shared with the engine but the list of permissions. Only tests use it, to compare answers.
 */
import { permissionLeaves } from "#access/permissions.ts";
import type { Actor, Question, RoleScope } from "#access/question.ts";

const segmentsOf = (text: string, separator: string): string[] =>
  text
    .normalize("NFC")
    .split(separator)
    .filter((segment) => segment !== "");

const startsWithSegments = (long: readonly string[], short: readonly string[]): boolean =>
  short.every((segment, index) => long[index] === segment);

const leaves = permissionLeaves.map((leaf) => ({ segments: leaf.permission.split(":"), object: leaf.object, permission: leaf.permission }));
const isKnown = (segments: readonly string[]): boolean =>
  leaves.some((leaf) => segments.length <= leaf.segments.length && startsWithSegments(leaf.segments, segments));

/** E12: shorten a denial until it is in the tree; nothing left is everything. */
const denialOf = (text: string): string[] => {
  let segments = text.split(":");
  while (segments.length > 0 && !isKnown(segments)) segments = segments.slice(0, -1);
  return segments;
};

/** D99, E7: roles of one name are one role, of whatever services: their lists for the same controllers are put together. */
const mergedScopes = (actor: Actor): RoleScope[] => {
  const names = [...new Set(actor.roles.map((role) => role.name))];
  return names.flatMap((name) => {
    const scopes = actor.roles.filter((role) => role.name === name).flatMap((role) => role.scopes);
    return [...new Set(scopes.map((scope) => scope.controller))].map((controller) => ({
      controller,
      permissions: scopes.filter((scope) => scope.controller === controller).flatMap((scope) => scope.permissions),
      folders: scopes.filter((scope) => scope.controller === controller).flatMap((scope) => scope.folders),
    }));
  });
};

/** E4: default, and the asked controller; `manager:…` looks at default only. */
const scopesFor = (permission: string, controller: string | undefined, actor: Actor): RoleScope[] =>
  mergedScopes(actor).filter(
    (scope) => scope.controller === "default" || (!permission.startsWith("manager:") && scope.controller === controller),
  );

const isHeld = (permission: string, controller: string | undefined, actor: Actor): boolean => {
  const asked = permission.split(":");
  const entries = scopesFor(permission, controller, actor).flatMap((scope) => scope.permissions);
  if (entries.some((entry) => entry.denied && startsWithSegments(asked, denialOf(entry.permission)))) return false;
  return entries.some(
    (entry) => !entry.denied && isKnown(entry.permission.split(":")) && startsWithSegments(asked, entry.permission.split(":")),
  );
};

/** E1, E2, D98: entries of default and controller together; for one path the controller's stand alone. */
const foldersFor = (permission: string, controller: string | undefined, actor: Actor): { path: string; recursive: boolean }[] => {
  const scopes = scopesFor(permission, controller, actor);
  const special = scopes.filter((scope) => scope.controller !== "default").flatMap((scope) => scope.folders);
  const general = scopes.filter((scope) => scope.controller === "default").flatMap((scope) => scope.folders);
  return [...special, ...general.filter((entry) => !special.some((other) => other.path === entry.path))];
};

const isInFolders = (asked: string, folders: readonly { path: string; recursive: boolean }[]): boolean => {
  if (folders.length === 0) return true;
  const path = segmentsOf(asked, "/");
  const isFolder = asked.endsWith("/");
  return folders.some((entry) => {
    const own = segmentsOf(entry.path, "/");
    if (!startsWithSegments(path, own)) return false;
    if (path.length === own.length || entry.recursive) return true;
    return !isFolder && path.length === own.length + 1;
  });
};

/** Whether the path can be asked about at all. */
const isPath = (path: string): boolean =>
  path === "/" ||
  (path.startsWith("/") &&
    (path.endsWith("/") ? path.slice(1, -1) : path.slice(1))
      .split("/")
      .every((segment) => segment !== "" && segment !== "." && segment !== ".."));

/** The answer to a question about a leaf. */
export const naiveMay = (question: Question, actor: Actor): "permit" | "deny" => {
  if (!isHeld(question.permission, question.controller, actor)) return "deny";
  if (question.path === undefined)
    return leaves.find((leaf) => leaf.permission === question.permission)?.object === null ? "permit" : "deny";
  if (!isPath(question.path)) return "deny";
  return isInFolders(question.path, foldersFor(question.permission, question.controller, actor)) ? "permit" : "deny";
};

/** E11: whether some leaf on objects of the kind is held on the path: of the controller, or of any where none is named. */
export const naiveMayKnow = (path: string, kind: string, controller: string | undefined, actor: Actor): boolean => {
  const all = new Set(actor.roles.flatMap((role) => role.scopes.map((scope) => scope.controller)));
  const controllers = controller === undefined ? [undefined, ...all] : [controller];
  return controllers.some((one) =>
    leaves.some(
      (leaf) =>
        leaf.object === kind &&
        naiveMay({ permission: leaf.permission, path, ...(one === undefined ? {} : { controller: one }) }, actor) === "permit",
    ),
  );
};

/** D78, D93, E6: signing in needs a role, and `manager:view` or an ancestor of it for all controllers. */
export const naiveLogin = (actor: Actor): "permit" | "no role" | "no permission" =>
  naiveMay({ permission: "manager:view" }, actor) === "permit" ? "permit" : actor.roles.length === 0 ? "no role" : "no permission";

/** E9: a folder shows its content where something is held in it, its bare name where it leads to such a folder. */
export const naiveFolderShows = (folder: string, controller: string | undefined, actor: Actor): "content" | "name" | "nothing" => {
  const asked = folder.endsWith("/") ? folder : `${folder}/`;
  if (!isPath(asked)) return "nothing";
  if (naiveMayKnow(asked, "job", controller, actor)) return "content";
  const all = new Set(actor.roles.flatMap((role) => role.scopes.map((scope) => scope.controller)));
  const own = segmentsOf(asked, "/");
  const leadsOn = (controller === undefined ? [undefined, ...all] : [controller]).some((one) =>
    leaves.some(
      (leaf) =>
        leaf.object === "job" &&
        isHeld(leaf.permission, one, actor) &&
        foldersFor(leaf.permission, one, actor).some((entry) => {
          const path = segmentsOf(entry.path, "/");
          return path.length > own.length && startsWithSegments(path, own);
        }),
    ),
  );
  return leadsOn ? "name" : "nothing";
};
