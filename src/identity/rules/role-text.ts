/**
 * A role as text: the YAML that `behalf get` shows, `behalf apply` takes and the editor keeps in step with its tree. Order is kept. What does not
 * belong here: comments (they are not part of a role), and applying it (`identity/roles.ts`).
 *
 * INVARIANT: reads exactly what the definition's schema reads (`identity/schema.test.ts`); it stands here without the schema library because
 * browsers use it.
 */
import { stringify } from "yaml";
import { renderFolder } from "#access/folders.ts";
import { renderGrant } from "#access/permission-spelling.ts";
import type { Role, RoleScope } from "#access/question.ts";
import { longestName, readRoleName } from "#identity/rules/account-name.ts";
import { initialServiceName } from "#identity/rules/identity-settings.ts";
import { mostControllers, readScopes, type ScopeTexts } from "#identity/rules/role-scopes.ts";
import { problem, type Problem } from "#kernel/problem.ts";
import { ok, refuse, type Result } from "#kernel/result.ts";
import { flag, list, object, oneOf, optional, readShape, record, text, type Shape } from "#kernel/shape.ts";
import { readYamlDocuments, stepsTo, type YamlDocument } from "#kernel/yaml-documents.ts";

const renderPart = (scope: RoleScope): { permissions?: string[]; folders?: string[] } => ({
  ...(scope.permissions.length === 0 ? {} : { permissions: scope.permissions.map(renderGrant) }),
  ...(scope.folders.length === 0 ? {} : { folders: scope.folders.map((one) => renderFolder(one.path, one.recursive)) }),
});

/** The definition of a role, as `behalf get role NAME -o yaml` shows it and `behalf apply` takes it. */
export const renderRole = (role: Pick<Role, "service" | "name" | "scopes">): Record<string, unknown> => {
  const general = role.scopes.find((scope) => scope.controller === "default");
  const others = role.scopes.filter((scope) => scope.controller !== "default");
  return {
    kind: "Role",
    name: role.name,
    ...(role.service === initialServiceName ? {} : { service: role.service }),
    ...(general === undefined ? {} : renderPart(general)),
    ...(others.length === 0 ? {} : { controllers: Object.fromEntries(others.map((scope) => [scope.controller, renderPart(scope)])) }),
  };
};

/** A role as one YAML document. */
export const renderRoleText = (role: Pick<Role, "service" | "name" | "scopes">): string => stringify(renderRole(role));

const folderFields = object({ path: text({ max: 1024 }), recursive: flag });
const folderText = text({ max: 1024 });
const folder: Shape<{ readonly path: string; readonly recursive: boolean }> = (value, path, faults) =>
  typeof value === "string" ? { path: folderText(value, path, faults), recursive: false } : folderFields(value, path, faults);

const part = {
  permissions: optional(list(text({ max: 200 }), 1000)),
  folders: optional(list(folder, 1000)),
};
const roleShape = object({
  kind: oneOf("Role"),
  name: text({ max: 4 * longestName }),
  service: optional(text({ max: longestName })),
  ...part,
  controllers: optional(record(/^[^]{0,64}$/, "a controller's name", object(part), mostControllers)),
});

/** Gives every problem its line and column. */
export const placedIn = (document: YamlDocument, found: Problem): Problem => ({
  ...found,
  at: {
    ...document.locate(stepsTo(document.value, found.at?.path ?? "")),
    ...(found.at?.path === undefined || found.at.path === "" ? {} : { path: found.at.path }),
  },
  ...(found.also === undefined ? {} : { also: found.also.map((one) => placedIn(document, one)) }),
});

/** Reads one role from a plain value; problems have paths. */
export const readRoleValue = (value: unknown): Result<Pick<Role, "service" | "name" | "scopes">> => {
  const read = readShape(roleShape, value, "the role");
  if (!read.ok) return read;
  const role = read.value;
  const named = readRoleName(role.name);
  if (!named.ok) return refuse({ ...named.problem, at: { path: "name" } });
  const controllers = Object.entries(role.controllers ?? {});
  if (controllers.some(([controller]) => controller === "default"))
    return refuse(
      problem("input.forbidden-name", "`default` stands for all controllers", {
        at: { path: "controllers.default" },
        hint: "put these permissions beside `name`, not below `controllers`",
      }),
    );
  const texts = (controller: string, given: Pick<typeof role, "permissions" | "folders">): ScopeTexts => ({
    controller,
    permissions: given.permissions ?? [],
    folders: given.folders ?? [],
  });
  const scopes = readScopes([texts("default", role), ...controllers.map(([controller, given]) => texts(controller, given))]);
  return scopes.ok ? ok({ service: role.service ?? initialServiceName, name: named.value.name, scopes: scopes.value }) : scopes;
};

/** Reads the text of one role; every problem says where in the text it is. */
export const readRoleText = (source: string): Result<Pick<Role, "service" | "name" | "scopes">> => {
  const documents = readYamlDocuments(source);
  if (!documents.ok) return documents;
  const [document, further] = documents.value;
  if (document === undefined) return refuse(problem("input.missing-field", "there is no role in the text", { at: { line: 1, column: 1 } }));
  if (further !== undefined)
    return refuse(
      problem("input.invalid-value", "the text holds more than one document", {
        at: further.locate([]),
        hint: "keep one role; several are applied with `behalf apply`",
      }),
    );
  const read = readRoleValue(document.value);
  return read.ok ? read : refuse(placedIn(document, read.problem));
};
