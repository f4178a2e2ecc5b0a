/** E12: whether stored roles can be read at all. What does not belong here: what they mean. */
import type { Actor, Role, RoleScope } from "#access/question.ts";

const isText = (value: unknown): value is string => typeof value === "string";

const whatIsWrong = (role: Role | null | undefined): string | null => {
  if (typeof role !== "object" || role === null || !isText(role.id) || !isText(role.name) || !isText(role.service))
    return "a role cannot be read";
  if (!Array.isArray(role.scopes)) return `the scopes of role \`${role.name}\` cannot be read`;
  for (const scope of role.scopes as (RoleScope | null | undefined)[]) {
    if (typeof scope !== "object" || scope === null || !isText(scope.controller)) return `a scope of role \`${role.name}\` cannot be read`;
    if (!Array.isArray(scope.permissions)) return `the permissions of role \`${role.name}\` cannot be read`;
    for (const grant of scope.permissions as (RoleScope["permissions"][number] | null | undefined)[]) {
      if (typeof grant !== "object" || grant === null || !isText(grant.permission) || typeof grant.denied !== "boolean")
        return `a permission of role \`${role.name}\` cannot be read`;
    }
    if (!Array.isArray(scope.folders)) return `the folders of role \`${role.name}\` cannot be read`;
    for (const folder of scope.folders as (RoleScope["folders"][number] | null | undefined)[]) {
      if (typeof folder !== "object" || folder === null || !isText(folder.path) || typeof folder.recursive !== "boolean")
        return `a folder of role \`${role.name}\` cannot be read`;
    }
  }
  return null;
};

const freeze = (role: Role): void => {
  Object.freeze(role);
  Object.freeze(role.scopes);
  for (const scope of role.scopes) {
    Object.freeze(scope);
    Object.freeze(scope.permissions);
    for (const grant of scope.permissions) Object.freeze(grant);
    Object.freeze(scope.folders);
    for (const folder of scope.folders) Object.freeze(folder);
  }
};

const readable = new WeakSet<Role>();

/**
 * E12: what is wrong with a stored role, so that a damaged record denies instead of being read as less than it was. INVARIANT: a role in
 * which nothing is wrong is frozen with all of it that is read, so what is made from the object can never be older than it
 * (`laws.test.ts`, "E12: a role that was compiled").
 */
export const whatIsUnreadableIn = (role: Role | null | undefined): string | null => {
  if (typeof role === "object" && role !== null && readable.has(role)) return null;
  const wrong = whatIsWrong(role);
  if (wrong !== null || role === null || role === undefined) return wrong;
  freeze(role);
  readable.add(role);
  return null;
};

/** E12: what is wrong with the roles of an actor. */
export const whatIsUnreadable = (actor: Actor): string | null => {
  const roles: unknown = actor.roles;
  if (!Array.isArray(roles)) return "the list of roles cannot be read";
  for (const role of roles as (Role | null | undefined)[]) {
    const found = whatIsUnreadableIn(role);
    if (found !== null) return found;
  }
  return null;
};
