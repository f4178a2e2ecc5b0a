/**
 * The roles of JS7 as JSON: the file that its cockpit exports (`{ role: { controllers: [ … ] } }`), and the configuration document of its API
 * (`{ roles: { role: { permissions, folders } }, accounts: [ … ] }`). What does not belong here: JSON itself; the text is read before, with
 * every value's place.
 */
import {
  openImport,
  shownText,
  type ImportDraft,
  type ImportOptions,
  type ImportPlace,
  type ImportPlan,
} from "#identity/rules/import-plan.ts";
import { problem, type Problem } from "#kernel/problem.ts";
import { ok, refuse, type Result } from "#kernel/result.ts";

type Path = readonly (string | number)[];

/** Where a value stands in the file. */
export type Locate = (path: Path) => ImportPlace;

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

/** Fields that say nothing about what a role may. */
const meaningless = new Set(["auditLog", "identityServiceName", "deliveryDate", "ordering", "roleName", "role"]);

interface Reader {
  readonly draft: ImportDraft;
  readonly locate: Locate;
  /** Says what is wrong with the value at the path. */
  wrong(path: Path, message: string): void;
}

const listAt = (reader: Reader, value: unknown, path: Path, what: string): readonly unknown[] => {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  reader.wrong(path, `${what} must be a list`);
  return [];
};

const textAt = (value: unknown): string | null => (typeof value === "string" && value.length <= 1024 ? value : null);

const reportOthers = (reader: Reader, fields: Fields, known: readonly string[], path: Path, what: string): void => {
  for (const name of Object.keys(fields))
    if (!known.includes(name) && !meaningless.has(name))
      reader.draft.note("left", name, `${what}: this field has no counterpart`, reader.locate([...path, name]));
};

const readPermissions = (reader: Reader, role: string, controller: string, value: unknown, path: Path): void => {
  for (const [index, entry] of listAt(reader, value, path, "the permissions").entries()) {
    const here = [...path, index];
    const place = reader.locate(here);
    const fields: Fields = isFields(entry) ? entry : { permissionPath: entry };
    const text = textAt(fields["permissionPath"] ?? fields["path"]);
    const excluded = fields["excluded"] ?? false;
    if (text === null || text === "" || typeof excluded !== "boolean") {
      reader.wrong(
        here,
        `a permission of role \`${shownText(role)}\` must have \`permissionPath\` as text and \`excluded\` as true or false`,
      );
      continue;
    }
    reportOthers(reader, fields, ["permissionPath", "path", "excluded"], here, `a permission of role \`${shownText(role)}\``);
    const minus = text.startsWith("-");
    reader.draft.addPermission(role, controller, minus ? text.slice(1) : text, excluded || minus, false, place);
  }
};

const readFolders = (reader: Reader, role: string, controller: string, value: unknown, path: Path): void => {
  for (const [index, entry] of listAt(reader, value, path, "the folders").entries()) {
    const here = [...path, index];
    const fields: Fields = isFields(entry) ? entry : { folder: entry };
    const text = textAt(fields["folder"] ?? fields["path"]);
    const recursive = fields["recursive"] ?? false;
    if (text === null || typeof recursive !== "boolean") {
      reader.wrong(here, `a folder of role \`${shownText(role)}\` must have \`folder\` as text and \`recursive\` as true or false`);
      continue;
    }
    reader.draft.addFolder(role, controller, text, recursive, reader.locate(here));
  }
};

/** `{ "<controller>": [ … ] }` */
const byController = (
  reader: Reader,
  role: string,
  value: unknown,
  path: Path,
  read: (reader: Reader, role: string, controller: string, value: unknown, path: Path) => void,
): void => {
  if (value === undefined || value === null) return;
  if (!isFields(value)) return reader.wrong(path, "`controllers` must be an object by controller");
  for (const [controller, entries] of Object.entries(value)) read(reader, role, controller, entries, [...path, controller]);
};

/** One role in any of its forms. */
const readRole = (reader: Reader, role: string, value: unknown, path: Path): void => {
  const place = reader.locate(path);
  if (!isFields(value)) return reader.wrong(path, `role \`${shownText(role)}\` must be an object`);
  if (!reader.draft.addRole(role, place)) return;
  const what = `role \`${shownText(role)}\``;
  reportOthers(reader, value, ["controllers", "permissions", "folders"], path, what);
  for (const [index, part] of listAt(reader, value["controllers"], [...path, "controllers"], "`controllers`").entries()) {
    const here = [...path, "controllers", index];
    const id = isFields(part) ? (part["controllerId"] ?? part["name"] ?? "") : null;
    if (!isFields(part) || typeof id !== "string") {
      reader.wrong(here, `${what}: each of \`controllers\` must be an object with \`controllerId\` as text`);
      continue;
    }
    reportOthers(reader, part, ["controllerId", "name", "permissions", "folders"], here, what);
    readPermissions(reader, role, id, part["permissions"], [...here, "permissions"]);
    readFolders(reader, role, id, part["folders"], [...here, "folders"]);
  }
  const { permissions, folders } = value as { permissions?: unknown; folders?: unknown };
  if (isFields(permissions)) {
    const here = [...path, "permissions"];
    reportOthers(reader, permissions, ["joc", "controllerDefaults", "controllers"], here, what);
    readPermissions(reader, role, "", permissions["joc"], [...here, "joc"]);
    readPermissions(reader, role, "", permissions["controllerDefaults"], [...here, "controllerDefaults"]);
    byController(reader, role, permissions["controllers"], [...here, "controllers"], readPermissions);
  } else readPermissions(reader, role, "", permissions, [...path, "permissions"]);
  if (isFields(folders)) {
    const here = [...path, "folders"];
    reportOthers(reader, folders, ["joc", "controllers"], here, what);
    readFolders(reader, role, "", folders["joc"], [...here, "joc"]);
    byController(reader, role, folders["controllers"], [...here, "controllers"], readFolders);
  } else readFolders(reader, role, "", folders, [...path, "folders"]);
};

const accountFields = ["accountName", "account", "user", "roles", "disabled", "blocked", "forcePasswordChange", "identityServiceId"];

const readAccounts = (reader: Reader, value: unknown, path: Path): void => {
  for (const [index, entry] of listAt(reader, value, path, "`accounts`").entries()) {
    const here = [...path, index];
    const place = reader.locate(here);
    const name = isFields(entry) ? textAt(entry["accountName"] ?? entry["account"] ?? entry["user"]) : null;
    if (!isFields(entry) || name === null) {
      reader.wrong(here, "an account must be an object with `accountName` as text");
      continue;
    }
    const roles: string[] = [];
    for (const role of listAt(reader, entry["roles"], [...here, "roles"], "the roles of an account")) {
      const text = textAt(role);
      if (text === null) reader.wrong([...here, "roles"], "the roles of an account must be texts");
      else roles.push(text);
    }
    // SECURITY: a flag that cannot be read is taken for the stricter one.
    const disabled = (entry["disabled"] ?? false) !== false || (entry["blocked"] ?? false) !== false;
    reader.draft.addAccount({ name, roles, disabled }, place);
    if (entry["blocked"] === true)
      reader.draft.note("changed", name, `account \`${shownText(name)}\` is blocked there: it is disabled here`, place);
    for (const field of Object.keys(entry)) {
      if (accountFields.includes(field) || meaningless.has(field)) continue;
      if (/password|hash/i.test(field)) {
        if (entry[field] !== null && entry[field] !== "")
          reader.draft.note(
            "left",
            name,
            `the password of account \`${shownText(name)}\` is not carried over: it is kept in another form here`,
            reader.locate([...here, field]),
            "give the account one with `behalf account reset-password`",
          );
      } else
        reader.draft.note("left", field, `account \`${shownText(name)}\`: this field has no counterpart`, reader.locate([...here, field]));
    }
  }
};

const looksLikeRole = (value: unknown): boolean =>
  isFields(value) && ["controllers", "permissions", "folders"].some((name) => Object.hasOwn(value, name));

const notRoles = (place: ImportPlace): { readonly ok: false; readonly problem: Problem } =>
  refuse(
    problem("input.invalid-value", "the file holds no roles in a form that is known", {
      at: place,
      hint: "export the roles in JS7's cockpit: Identity Service, Roles, select, Export",
    }),
  );

/** Reads what a JSON text holds. What is no such file is refused; everything else is in the plan, with its line. */
export const readJs7Roles = (value: unknown, locate: Locate, options: ImportOptions): Result<ImportPlan> => {
  if (!isFields(value)) return notRoles(locate([]));
  const draft = openImport(options);
  const reader: Reader = {
    draft,
    locate,
    wrong: (path, message) => draft.refuse(problem("input.wrong-type", message), locate(path)),
  };
  const isDocument = Object.hasOwn(value, "roles") && !looksLikeRole(value["roles"]);
  const { roles } = value as { roles?: unknown };
  if (!isDocument) {
    if (!Object.values(value).some(looksLikeRole)) return notRoles(locate([]));
    for (const [role, content] of Object.entries(value)) readRole(reader, role, content, [role]);
    return ok(draft.finish());
  }
  if (Array.isArray(roles)) {
    for (const [index, content] of (roles as readonly unknown[]).entries()) {
      const name = isFields(content) ? textAt(content["roleName"] ?? content["role"]) : null;
      if (name === null) reader.wrong(["roles", index], "a role in a list must be an object with `roleName` as text");
      else readRole(reader, name, content, ["roles", index]);
    }
  } else if (isFields(roles)) for (const [role, content] of Object.entries(roles)) readRole(reader, role, content, ["roles", role]);
  else return notRoles(locate(["roles"]));
  readAccounts(reader, value["accounts"] ?? value["users"], [Object.hasOwn(value, "accounts") ? "accounts" : "users"]);
  for (const name of Object.keys(value))
    if (!["roles", "accounts", "users"].includes(name) && !meaningless.has(name))
      draft.note("left", name, "this part has no counterpart", locate([name]));
  return ok(draft.finish());
};
