/**
 * What is brought from another product: the roles and accounts that were understood, a note for everything that is not carried over as it
 * stands, and the problems for which nothing is applied. What does not belong here: how a format is read (`import-shiro.ts`, `import-js7.ts`),
 * and applying it (`manager/import.ts`).
 *
 * SECURITY: an import may give less than the source gave, never more, and says where. A grant that has no exact counterpart is left out; a
 * denial or a limit that has none is a problem, since leaving it out would widen (`import-plan.test.ts`). Passwords and the values of settings are
 * never repeated.
 */
import { compileAccess } from "#access/compile.ts";
import { decideLogin, loginPermission } from "#access/decide-login.ts";
import { normaliseFolder, renderFolder } from "#access/folders.ts";
import { fromSos, nearestPermission, readGrant, renderGrant } from "#access/permission-spelling.ts";
import { covers, nearestKnownAncestor } from "#access/permissions.ts";
import type { FolderGrant, Grant, RoleScope } from "#access/question.ts";
import { grantKey } from "#access/role-draft.ts";
import { accountNameKey, readAccountName, readRoleName } from "#identity/rules/account-name.ts";
import { initialServiceName } from "#identity/rules/identity-settings.ts";
import type { SourceEntry } from "#identity/rules/role-source.ts";
import { isControllerName, mostControllers } from "#identity/rules/role-scopes.ts";
import { problem, type Problem } from "#kernel/problem.ts";
import type { Result } from "#kernel/result.ts";

export interface ImportPlace {
  /** From 1. */
  readonly line: number;
  readonly column?: number;
}

export interface ImportNote extends ImportPlace {
  /** `changed`: carried over as something narrower or written otherwise. `left`: not carried over. */
  readonly outcome: "changed" | "left";
  /** What it is about: a permission, an account, a line of settings. */
  readonly item: string;
  /** One plain sentence. */
  readonly text: string;
  /** What to do about it; null: nothing. */
  readonly hint: string | null;
}

export interface ImportedRole extends ImportPlace {
  readonly service: string;
  readonly name: string;
  readonly scopes: readonly RoleScope[];
  /** On which line each entry stands, for explanations. */
  readonly entries: readonly SourceEntry[];
}

export interface ImportedAccount extends ImportPlace {
  readonly service: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly disabled: boolean;
}

export interface ImportPlan {
  readonly roles: readonly ImportedRole[];
  readonly accounts: readonly ImportedAccount[];
  readonly notes: readonly ImportNote[];
  /** With any of these nothing is applied. */
  readonly errors: readonly Problem[];
}

export interface ImportOptions {
  /** Names of the source's controllers as they are called here; others keep their own. */
  readonly controllers: Readonly<Record<string, string>>;
}

export const importLimits = { roles: 500, accounts: 500, entries: 20_000, entriesOfRole: 1000, unknown: 500 } as const;

/** Text of a file as it may stand in a message: short, one line, nothing invisible. */
export const shownText = (text: string): string => {
  const plain = text.replaceAll(/[`\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, "?");
  return plain.length > 120 ? `${plain.slice(0, 119)}…` : plain;
};

interface OpenRole {
  readonly name: string;
  readonly place: ImportPlace;
  readonly scopes: Map<
    string,
    { readonly controller: string; readonly permissions: Map<string, Grant>; readonly folders: Map<string, FolderGrant> }
  >;
  /** Something in it let its holders sign in at the source (E6). */
  bringsLogin: boolean;
  readonly entries: SourceEntry[];
}

interface OpenAccount {
  readonly name: string;
  readonly place: ImportPlace;
  readonly roles: readonly string[];
  readonly disabled: boolean;
}

/** Gathers a plan while a file is read. The names of roles and accounts are those of the file. */
export interface ImportDraft {
  /** False: it cannot be one (said already). */
  addRole(name: string, place: ImportPlace): boolean;
  /**
   * One permission of a role: `sos:products:…`, for one controller or for all. `wildcards`: the source reads `*` and lists of alternatives.
   * `denied` is separate where the source keeps it apart from the text.
   */
  addPermission(role: string, controller: string, text: string, denied: boolean, wildcards: boolean, place: ImportPlace): void;
  addFolder(role: string, controller: string, text: string, recursive: boolean, place: ImportPlace): void;
  addAccount(account: { readonly name: string; readonly roles: readonly string[]; readonly disabled: boolean }, place: ImportPlace): void;
  note(outcome: ImportNote["outcome"], item: string, text: string, place: ImportPlace, hint?: string): void;
  refuse(found: Problem, place: ImportPlace): void;
  finish(): ImportPlan;
}

const sosRoot = "sos:products";

/** Shiro's alternatives, `a:b,c`, written out; null: it holds a `*` elsewhere than at its end, whose meaning grows with every new permission. */
const writtenOut = (text: string): readonly string[] | null => {
  let texts: string[] = [""];
  for (const part of text.split(":")) {
    const words = part.split(",").map((word) => word.trim());
    if (words.includes("*") && words.length > 1) return null;
    texts = texts.flatMap((before) => words.map((word) => (before === "" ? word : `${before}:${word}`)));
    if (texts.length > 100) return null;
  }
  const plain = texts.map((one) => (one === "*" ? sosRoot : one.replace(/(?::\*)+$/, "")));
  return plain.some((one) => one.includes("*") || one === "") ? null : plain;
};

export const openImport = (options: ImportOptions): ImportDraft => {
  const roles = new Map<string, OpenRole>();
  const accounts = new Map<string, OpenAccount>();
  const notes: ImportNote[] = [];
  const errors: Problem[] = [];
  let entries = 0;
  let isFull = false;
  const misnamed = new Set<string>();

  const note: ImportDraft["note"] = (outcome, item, text, place, hint) => {
    notes.push({
      outcome,
      item: shownText(item),
      text,
      line: place.line,
      ...(place.column === undefined ? {} : { column: place.column }),
      hint: hint ?? null,
    });
  };
  const refuse: ImportDraft["refuse"] = (found, place) => {
    errors.push({ ...found, at: { line: place.line, ...(place.column === undefined ? {} : { column: place.column }) } });
  };
  const wrong = (message: string, hint: string, place: ImportPlace): void =>
    refuse(problem("input.invalid-value", message, { hint }), place);

  const counted = (place: ImportPlace): boolean => {
    entries += 1;
    if (entries <= importLimits.entries) return true;
    if (!isFull) refuse(problem("input.too-large", `there are more than ${importLimits.entries} permissions and folders`), place);
    isFull = true;
    return false;
  };

  /** The part of a role for a controller of the source; null: it has no name that can stand here (said already). */
  const partOf = (role: OpenRole, controller: string, place: ImportPlace): ReturnType<OpenRole["scopes"]["get"]> | null => {
    const named =
      controller === "" ? "default" : Object.hasOwn(options.controllers, controller) ? options.controllers[controller] : controller;
    if (named === undefined || (named !== "default" && !isControllerName(named)) || (named === "default" && controller !== "")) {
      if (!misnamed.has(controller))
        wrong(
          `controller \`${shownText(controller)}\` cannot have that name here`,
          "say how it is called here with `--controller OLD=new-name`",
          place,
        );
      misnamed.add(controller);
      return null;
    }
    const found = role.scopes.get(named);
    if (found !== undefined) return found;
    if (role.scopes.size > mostControllers) {
      wrong(`role \`${role.name}\` names more than ${mostControllers} controllers`, "divide the role", place);
      return null;
    }
    const made = { controller: named, permissions: new Map<string, Grant>(), folders: new Map<string, FolderGrant>() };
    role.scopes.set(named, made);
    return made;
  };

  const addGrants = (role: OpenRole, controller: string, texts: readonly string[], place: ImportPlace): void => {
    const part = partOf(role, controller, place);
    if (part === null || part === undefined) return;
    for (const [index, text] of texts.entries()) {
      const read = readGrant(text);
      if (!read.ok) continue;
      // What stands behind the counterpart itself is the login that it brings along.
      if (index > 0 && text === loginPermission) role.bringsLogin = true;
      else {
        part.permissions.set(grantKey(read.value), read.value);
        role.entries.push({ controller: part.controller, entry: renderGrant(read.value), line: place.line });
      }
    }
    if (part.permissions.size <= importLimits.entriesOfRole) return;
    refuse(problem("input.too-large", `role \`${role.name}\` has more than ${importLimits.entriesOfRole} permissions in one part`), place);
    part.permissions.clear();
  };

  /** Near matches are dear: each text is looked up once, and a file of nothing but unknown ones is refused. */
  const translated = new Map<string, Result<readonly string[]>>();
  const nearest = new Map<string, string | null>();
  let unknown = 0;
  const translate = (text: string, place: ImportPlace): Result<readonly string[]> | null => {
    const before = translated.get(text);
    if (before !== undefined) return before;
    if (unknown >= importLimits.unknown) {
      if (!isFull)
        refuse(
          problem("input.too-large", `there are more than ${importLimits.unknown} permissions that are unknown here`, {
            hint: "check that the file is of this product",
          }),
          place,
        );
      isFull = true;
      return null;
    }
    const read = fromSos(text);
    translated.set(text, read);
    if (!read.ok) unknown += 1;
    return read;
  };

  const leaveGrant = (text: string, place: ImportPlace, why: string): void => {
    const near = nearest.has(text) ? (nearest.get(text) ?? null) : nearestPermission(text);
    nearest.set(text, near);
    note("left", text, why, place, near === null ? undefined : `if that is what was meant, grant \`${near}\``);
  };

  /** A denial that has no exact counterpart: what is known of its branch is denied (E12), unless that is everything. */
  const denyUnknown = (role: OpenRole, controller: string, plain: string, place: ImportPlace): void => {
    const segments = plain.split(":");
    for (let length = segments.length - 1; length > sosRoot.split(":").length; length -= 1) {
      const ours = fromSos(segments.slice(0, length).join(":"));
      const node = ours.ok ? nearestKnownAncestor(ours.value[0] ?? "") : null;
      if (node === null || node.depth < 2) continue;
      addGrants(role, controller, [`-${node.permission}`], place);
      note(
        "changed",
        `-${plain}`,
        `role \`${role.name}\`: this denial has no counterpart, so the nearest branch above it is denied: \`${node.permission}\``,
        place,
        "narrow it after the import if that denies too much",
      );
      return;
    }
    wrong(
      `role \`${role.name}\` denies \`${shownText(plain)}\`, which has no counterpart; leaving it out would allow more than the source did`,
      "write the denial in the file as one of the product's permissions, or remove it there",
      place,
    );
  };

  const addPermission: ImportDraft["addPermission"] = (roleName, controller, text, denied, wildcards, place) => {
    const role = roles.get(roleName);
    if (role === undefined || !counted(place)) return;
    const plain = text.trim();
    if (plain === "") return;
    const written = wildcards ? writtenOut(plain) : plain.includes("*") || plain.includes(",") ? null : [plain];
    if (written === null) {
      if (denied)
        wrong(
          `role \`${role.name}\` denies \`${shownText(plain)}\`, whose wildcard cannot be carried over exactly`,
          "write the denied permissions out in the file",
          place,
        );
      else
        note(
          "left",
          plain,
          `role \`${role.name}\`: its wildcard would mean something else with every new permission`,
          place,
          "write the permissions out",
        );
      return;
    }
    if (denied && /[*,]/.test(plain))
      note(
        "changed",
        `-${plain}`,
        `role \`${role.name}\`: the source compares denials as texts, so this one had no effect there; here it denies`,
        place,
        "remove it if it was never meant",
      );
    for (const one of written) {
      // The source reads `<controller>:sos:products` as everything of that controller.
      const theirs = controller !== "" && one === sosRoot ? `${sosRoot}:controller` : one;
      const ours = translate(denied ? `-${theirs}` : theirs, place);
      if (ours === null) return;
      if (!ours.ok) {
        if (denied) denyUnknown(role, controller, one, place);
        else
          leaveGrant(
            one,
            place,
            one.startsWith(`${sosRoot}:joc_cockpit`)
              ? `role \`${role.name}\`: this permission is of the product's first generation; none here means exactly the same`
              : `role \`${role.name}\`: there is no such permission`,
          );
        continue;
      }
      if (controller !== "" && /^-?manager(?::|$)/.test(ours.value[0] ?? "")) {
        note("left", one, `role \`${role.name}\`: decided for all controllers, so it never had an effect for one`, place);
        continue;
      }
      addGrants(role, controller, ours.value, place);
    }
  };

  const addFolder: ImportDraft["addFolder"] = (roleName, controller, text, recursive, place) => {
    const role = roles.get(roleName);
    if (role === undefined || !counted(place)) return;
    const trimmed = text.trim().replaceAll(/\/{2,}/g, "/");
    // The source takes a slash at the end for nothing; here it would mean everything below (E9).
    const alone = trimmed.length > 1 && trimmed.endsWith("/") && !recursive;
    const read = normaliseFolder(alone ? trimmed.slice(0, -1) : trimmed, recursive);
    if (!read.ok) {
      refuse(
        problem(read.problem.code, `role \`${role.name}\`: ${read.problem.message}`, {
          hint: "correct the folder in the file: leaving a limit out would allow more",
        }),
        place,
      );
      return;
    }
    if (alone)
      note(
        "changed",
        text,
        `role \`${role.name}\`: read as the folder alone, as the source does`,
        place,
        `write \`${renderFolder(read.value.path, true)}\` for everything below it`,
      );
    const part = partOf(role, controller, place);
    if (part === null || part === undefined) return;
    const { folders } = part;
    role.entries.push({ controller: part.controller, entry: read.value.path, line: place.line });
    const before = folders.get(read.value.path);
    folders.set(read.value.path, before?.recursive === true ? before : read.value);
    if (folders.size > importLimits.entriesOfRole) {
      refuse(problem("input.too-large", `role \`${role.name}\` has more than ${importLimits.entriesOfRole} folders in one part`), place);
      folders.clear();
    }
  };

  const addRole: ImportDraft["addRole"] = (name, place) => {
    if (roles.has(name)) return true;
    const read = readRoleName(name);
    if (!read.ok) {
      refuse(
        problem(read.problem.code, `${read.problem.message}: \`${shownText(name)}\``, {
          hint: "rename the role in the file: an account without it could do more",
        }),
        place,
      );
      return false;
    }
    const same = [...roles.values()].find((role) => accountNameKey(role.name) === read.value.nameKey);
    if (same !== undefined) {
      wrong(`the roles \`${same.name}\` and \`${read.value.name}\` have the same name here`, "rename one of them in the file", place);
      return false;
    }
    if (roles.size === importLimits.roles) refuse(problem("input.too-large", `there are more than ${importLimits.roles} roles`), place);
    if (roles.size > importLimits.roles) return false;
    roles.set(name, {
      name: read.value.name,
      place,
      scopes: new Map([["default", { controller: "default", permissions: new Map(), folders: new Map() }]]),
      bringsLogin: false,
      entries: [],
    });
    return true;
  };

  const addAccount: ImportDraft["addAccount"] = ({ name, roles: held, disabled }, place) => {
    const read = readAccountName(name, "local");
    if (!read.ok) return note("left", name, read.problem.message, place, "create the account by hand, with a name that can stand here");
    const same = accounts.get(read.value.nameKey);
    if (same !== undefined)
      return wrong(
        `the accounts \`${same.name}\` and \`${read.value.name}\` have the same name here`,
        "rename one of them in the file",
        place,
      );
    if (accounts.size === importLimits.accounts)
      refuse(problem("input.too-large", `there are more than ${importLimits.accounts} accounts`), place);
    if (accounts.size <= importLimits.accounts)
      accounts.set(read.value.nameKey, { name: read.value.name, place, roles: [...new Set(held)], disabled });
  };

  const finish = (): ImportPlan => {
    const kept: ImportedRole[] = [];
    const byName = new Map<string, ImportedRole>();
    for (const [given, role] of roles) {
      const general = role.scopes.get("default")?.permissions ?? new Map<string, Grant>();
      if (role.bringsLogin && ![...general.values()].some((grant) => !grant.denied && covers(grant.permission, loginPermission)))
        general.set(grantKey({ permission: loginPermission, denied: false }), { permission: loginPermission, denied: false });
      const scopes: RoleScope[] = [];
      for (const [controller, part] of role.scopes) {
        if (controller !== "default" && part.permissions.size === 0) {
          if (part.folders.size === 0) continue;
          // D86: a controller's part is kept only with a permission, and without it the limit would be gone. What holds for all controllers holds
          // for this one, so repeating it changes nothing.
          const repeated = [...general].find(([, grant]) => grant.permission.split(":")[0] === "controller");
          if (repeated === undefined) {
            wrong(
              `role \`${role.name}\` limits folders for controller \`${controller}\` without any permission of controllers; the limit could not be kept`,
              "give the role a permission for that controller in the file, or name the folders for all controllers",
              role.place,
            );
            continue;
          }
          part.permissions.set(...repeated);
          note(
            "changed",
            given,
            `role \`${role.name}\`: its folders for controller \`${controller}\` are kept together with \`${repeated[1].permission}\`, which it has for all`,
            role.place,
          );
        }
        scopes.push({ controller, permissions: [...part.permissions.values()], folders: [...part.folders.values()] });
      }
      if (scopes.every((scope) => scope.permissions.length + scope.folders.length === 0)) {
        note("left", given, `role \`${role.name}\` has neither a permission nor a folder, so it is not kept`, role.place);
        continue;
      }
      const made: ImportedRole = { service: initialServiceName, name: role.name, scopes, entries: role.entries, ...role.place };
      kept.push(made);
      byName.set(given, made);
    }
    const people: ImportedAccount[] = [];
    for (const { name, place, roles: held, disabled } of accounts.values()) {
      const found = held.flatMap((role) => byName.get(role) ?? []);
      for (const role of held)
        if (!byName.has(role) && !roles.has(role))
          note("left", role, `account \`${name}\`: the file does not define this role, so it gave nothing`, place);
      if (found.length === 0) {
        note(
          "left",
          name,
          `account \`${name}\` has no role that is carried over: it could not sign in`,
          place,
          "create it by hand if it is needed",
        );
        continue;
      }
      const login = decideLogin(compileAccess({ accessId: name, name, roles: found.map((role) => ({ id: role.name, ...role })) }));
      if (login.effect === "deny")
        note(
          "changed",
          name,
          `account \`${name}\` cannot sign in with these roles: they do not grant \`${loginPermission}\``,
          place,
          `grant \`${loginPermission}\` in one of its roles`,
        );
      people.push({ service: initialServiceName, name, roles: found.map((role) => role.name), disabled, ...place });
    }
    const byPlace = (left: ImportPlace, right: ImportPlace): number => left.line - right.line || (left.column ?? 0) - (right.column ?? 0);
    return {
      roles: kept,
      accounts: people,
      notes: notes.toSorted(byPlace),
      errors: errors.toSorted((left, right) => (left.at?.line ?? 0) - (right.at?.line ?? 0)),
    };
  };

  return { addRole, addPermission, addFolder, addAccount, note, refuse, finish };
};
