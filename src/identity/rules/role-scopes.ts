/** Scopes of a role brought into their one form: known permissions, normalised folders, no entry twice, order kept. */
import { normaliseFolder } from "#access/folders.ts";
import { readGrant, renderGrant } from "#access/permission-spelling.ts";
import type { FolderGrant, Grant, RoleScope } from "#access/question.ts";
import { problem, type Problem } from "#kernel/problem.ts";
import { ok, refuse, type Result } from "#kernel/result.ts";

export const mostControllers = 200;

/** A controller's name, as in addresses and settings. `default` is taken by the scope of that name. */
const controllerPattern = /^[a-z0-9](?:[a-z0-9_.-]{0,62}[a-z0-9])?$/;

export const isControllerName = (text: string): boolean => controllerPattern.test(text);

export interface ScopeTexts {
  readonly controller: string;
  /** `controller:runs:view`, or `-…` for a denial (D77). */
  readonly permissions: readonly string[];
  readonly folders: readonly { readonly path: string; readonly recursive: boolean }[];
}

const placeOf = (controller: string, part: string, index: number): string =>
  controller === "default" ? `${part}.${index}` : `controllers.${controller}.${part}.${index}`;

/** Reads the texts of a definition; the problems name every entry that is wrong. */
export const readScopes = (texts: readonly ScopeTexts[]): Result<readonly RoleScope[]> => {
  const problems: Problem[] = [];
  const found = (at: string, read: Problem): void => {
    problems.push(problem(read.code, read.message, { hint: read.hint, at: { path: at } }));
  };
  const scopes = texts.map(({ controller, permissions, folders }): RoleScope => {
    if (controller !== "default" && !isControllerName(controller))
      found(
        `controllers.${controller.slice(0, 64)}`,
        problem("input.invalid-value", "a controller's name has other characters than `a-z 0-9 . _ -`", {
          hint: "use the controller's name as `behalf get controllers` shows it",
        }),
      );
    const grants = new Map<string, Grant>();
    permissions.forEach((text, index) => {
      const read = readGrant(text);
      if (!read.ok) found(placeOf(controller, "permissions", index), read.problem);
      else if (!grants.has(renderGrant(read.value))) grants.set(renderGrant(read.value), read.value);
    });
    const paths = new Map<string, FolderGrant>();
    folders.forEach((folder, index) => {
      const read = normaliseFolder(folder.path, folder.recursive);
      if (!read.ok) found(placeOf(controller, "folders", index), read.problem);
      else if (paths.get(read.value.path)?.recursive !== true) paths.set(read.value.path, read.value);
    });
    return { controller, permissions: [...grants.values()], folders: [...paths.values()] };
  });
  const [first, ...rest] = problems;
  return first === undefined
    ? ok(scopes)
    : refuse(problem(first.code, first.message, { hint: first.hint, ...(first.at === undefined ? {} : { at: first.at }), also: rest }));
};

/** The texts of scopes, the other way round. */
export const renderScopes = (scopes: readonly RoleScope[]): readonly ScopeTexts[] =>
  scopes.map(({ controller, permissions, folders }) => ({
    controller,
    permissions: permissions.map(renderGrant),
    folders: folders.map(({ path, recursive }) => ({ path, recursive })),
  }));
