/**
 * `shiro.ini` as JobScheduler and the first JS7 releases used it (D4): `[users]`, `[roles]` and `[folders]`. What does not belong here: realms and
 * other settings of `[main]`, which are identity services here and only reported.
 */
import { openImport, shownText, type ImportDraft, type ImportOptions, type ImportPlan } from "#identity/rules/import-plan.ts";
import { readIni, splitList, type IniEntry } from "#identity/rules/ini-lines.ts";
import { problem } from "#kernel/problem.ts";
import { ok, type Result } from "#kernel/result.ts";

/** `-scheduler:sos:products:controller:view`: denied or not, the controller, the permission. */
const permissionPattern = /^(-?)\s*(?:(?:(?!sos(?::|$))(.+?):)?(sos(?::.*)?)|(\*))$/;

/** What stands before the first dot of a name in `[main]`, and what becomes of it. */
const settingKinds: readonly (readonly [RegExp, string, string])[] = [
  [/ldap|activedirectory/i, "a directory is an identity service here", "configure an identity service of kind LDAP"],
  [/jdbc|hibernate|database/i, "accounts in a database are not read from the file", "export them there, or create them here"],
  [/vault|keycloak|oidc|publickey|kerberos/i, "a realm is an identity service here", "configure an identity service of that kind"],
  [
    /sessionmanager|sessiondao|globalsessiontimeout/i,
    "sessions are kept and timed by this product",
    "set the idle timeout in the settings",
  ],
  [/realm/i, "a realm is an identity service here", "configure an identity service"],
  [/matcher|hash|password|credentials/i, "passwords are hashed in another way here", "nothing: passwords are not carried over"],
];

const reportSettings = (draft: ImportDraft, entries: readonly IniEntry[]): void => {
  const seen = new Set<string>();
  for (const { section, key, line } of entries) {
    const name = key.split(".")[0] ?? key;
    const place = { line };
    if (section !== "main") {
      const item = section === null ? key : `[${section}]`;
      if (!seen.has(item))
        draft.note("left", item, section === null ? "it stands before the first section" : "this section has no counterpart", place);
      seen.add(item);
      continue;
    }
    const relevant = key.includes(".") ? `${name}.${key.slice(name.length + 1)}` : name;
    const kind = settingKinds.find(([pattern]) => pattern.test(name)) ?? settingKinds.find(([pattern]) => pattern.test(relevant));
    if (seen.has(`main ${name}`)) continue;
    seen.add(`main ${name}`);
    draft.note("left", `[main] ${name}`, kind?.[1] ?? "this setting has no counterpart", place, kind?.[2]);
  }
};

const readRoles = (draft: ImportDraft, entries: readonly IniEntry[]): void => {
  for (const { key, value, line } of entries) {
    const place = { line };
    if (!draft.addRole(key, place)) continue;
    const parts = splitList(value);
    if (parts === null) {
      draft.refuse(problem("input.invalid-value", `the quotes in the permissions of role \`${shownText(key)}\` are not closed`), place);
      continue;
    }
    for (const part of parts) {
      const found = permissionPattern.exec(part);
      if (found !== null) {
        draft.addPermission(key, found[2] ?? "", found[3] ?? found[4] ?? "", found[1] === "-", true, place);
        continue;
      }
      // Shiro allows permissions of any form; the product asked only its own.
      draft.note("left", part, `role \`${shownText(key)}\`: not a permission of the product, so it had no effect`, place);
    }
  }
};

const readFolders = (draft: ImportDraft, entries: readonly IniEntry[]): void => {
  for (const { key, value, line } of entries) {
    const place = { line };
    const bar = key.indexOf("|");
    const [controller, role] = bar < 0 ? ["", key] : [key.slice(0, bar), key.slice(bar + 1)];
    if (!draft.addRole(role, place)) continue;
    for (const folder of (splitList(value) ?? [value]).filter((one) => one !== "")) draft.addFolder(role, controller, folder, false, place);
  }
};

const readUsers = (draft: ImportDraft, entries: readonly IniEntry[]): void => {
  for (const { key, value, line } of entries) {
    const place = { line };
    // SECURITY: the password stands first, may be empty and may hold commas within quotes; it is never looked at.
    const parts = splitList(value, { keepEmpty: true }) ?? [""];
    const roles = parts.slice(1).filter((role) => role !== "");
    draft.addAccount({ name: key, roles, disabled: false }, place);
    if (parts[0] !== "" || parts.length === 1)
      draft.note(
        "left",
        key,
        `the password of account \`${shownText(key)}\` is not carried over: it is kept in another form here`,
        place,
        "give the account one with `behalf account reset-password`",
      );
  }
};

/** Reads a `shiro.ini`. What cannot be INI text at all is refused; everything else is in the plan, with its line. */
export const readShiro = (source: string, options: ImportOptions): Result<ImportPlan> => {
  const read = readIni(source);
  if (!read.ok) return read;
  const draft = openImport(options);
  const lines = new Map<string, number>();
  const unique = read.value.filter(({ section, key, line }) => {
    if (section === null || !["users", "roles", "folders"].includes(section)) return true;
    const before = lines.get(`${section}\n${key}`);
    lines.set(`${section}\n${key}`, before ?? line);
    if (before !== undefined)
      draft.refuse(
        problem("input.invalid-value", `\`${shownText(key)}\` stands twice in \`[${section}]\`, first in line ${before}`, {
          hint: "keep the one that is meant: the source used one of them",
        }),
        { line },
      );
    return before === undefined;
  });
  const of = (name: string): readonly IniEntry[] => unique.filter(({ section }) => section === name);
  readRoles(draft, of("roles"));
  readFolders(draft, of("folders"));
  readUsers(draft, of("users"));
  reportSettings(
    draft,
    unique.filter(({ section }) => section === null || !["users", "roles", "folders"].includes(section)),
  );
  return ok(draft.finish());
};
