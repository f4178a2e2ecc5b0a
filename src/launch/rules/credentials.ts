/**
 * Strict reading of credential entries and of the node's policy (A6-A9, A16, S6), whoever sends them: command line, file or importer. What does
 * not belong here: where they are kept, and what follows from them (`run-identity.ts`). Pure.
 */
import { flag, integer, list, nullable, object, oneOf, readShape, text, type Shape } from "#kernel/shape.ts";
import { problem } from "#kernel/problem.ts";
import { ok, refuse, type Result } from "#kernel/result.ts";
import { checkUserName } from "#launch/rules/user-name.ts";
import type { NodeRole } from "#proof/launch-order.ts";

/** One entry of the node-side credential store (A6-A9, S6). On Linux there is no password: none is needed. */
export interface CredentialEntry {
  readonly key: string;
  /** User name of the OS account (A17/A58: letters, digits, `_ . - , space @`). */
  readonly user: string;
  /** Empty lists mean nobody (S6): both must match. */
  readonly allow: {
    /** Job folders, recursive. */
    readonly folders: readonly string[];
    /** Access IDs (`user:…`, `os:…`), `group:<name>`, or `authenticated`. */
    readonly submitters: readonly string[];
  };
  readonly allowNologin: boolean;
  readonly noNewPrivileges: boolean;
}

/** The node's policy file: it can only narrow, except for the uids it names (S7). */
export interface NodePolicy {
  readonly version: 1;
  /** Uids allowed although they are system accounts (0, 65535, 4294967295, below UID_MIN). */
  readonly namedUids: readonly number[];
  /** User name of the default job account (`as: agent`); null: `as: agent` is refused. */
  readonly defaultJobAccount: string | null;
  /** When not empty: an OS account may be used only where one rule names it with the job's folder and one of the submitter's node roles. */
  readonly accounts: readonly { readonly user: string; readonly folders: readonly string[]; readonly roles: readonly NodeRole[] }[];
  /** Only one submitter at a time may have runs under the same OS account (O9). */
  readonly exclusive: "none" | "submitter";
}

// A key is a name in commands, messages and files: no spaces at its ends, nothing that a terminal obeys, no quotes of the shell.
const keyShape: Shape<string> = text({
  min: 1,
  max: 128,
  pattern: /^[\p{L}\p{Nd}_][\p{L}\p{Nd}_.:@-]*$/u,
  expected: "letters, digits and `_ . : @ -`, beginning with a letter, a digit or `_`",
});
const folderShape: Shape<string> = text({
  min: 1,
  max: 1024,
  pattern: /^\/(?:(?!\.{1,2}(?:\/|$))[^/\p{C}]+(?:\/(?!\.{1,2}(?:\/|$))[^/\p{C}]+)*)?$/u,
  expected: "an absolute folder such as `/finance`, without a slash at its end, `.` and `..`",
});
const submitterShape: Shape<string> = text({
  min: 1,
  max: 512,
  pattern: /^(?:authenticated|group:[^\p{C}]+|(?:user|os):[^\p{C}]+)$/u,
  expected: "`authenticated`, `group:NAME` or an access ID such as `user:corp/alice` or `os:1000`",
});
const userShape: Shape<string> = text({ min: 1, max: 256 });
const roleShape = oneOf("monitor", "configurator", "operator", "administrator", "auditor");

export const credentialEntryShape: Shape<CredentialEntry> = object({
  key: keyShape,
  user: userShape,
  allow: object({ folders: list(folderShape, 1000), submitters: list(submitterShape, 10_000) }),
  allowNologin: flag,
  noNewPrivileges: flag,
});

export const nodePolicyShape: Shape<NodePolicy> = object({
  version: oneOf(1),
  namedUids: list(integer(0, 4_294_967_295), 1000),
  defaultJobAccount: nullable(userShape),
  accounts: list(object({ user: userShape, folders: list(folderShape, 1000), roles: list(roleShape, 5) }), 10_000),
  exclusive: oneOf("none", "submitter"),
});

/** `/finance/*` is `/finance`, as in a role (E9). Any other `*` would stand there and match nothing. */
const asFolders = (folders: readonly string[], code: "launch.bad-credential" | "launch.bad-policy"): Result<readonly string[]> => {
  const plain = folders.map((folder) => folder.replace(/\/\*$/u, "") || "/");
  const starred = plain.find((folder) => folder.includes("*"));
  return starred === undefined
    ? ok(plain)
    : refuse(
        problem(code, `\`${starred}\` is no job folder: a folder covers all that is below it, and \`*\` is part of no name`, {
          hint: "name the folder itself, such as `/finance`",
        }),
      );
};

/** One entry, its user name checked too (A17, A58). */
export const readCredentialEntry = (value: unknown): Result<CredentialEntry> => {
  const read = readShape(credentialEntryShape, value, "the credential entry");
  if (!read.ok)
    return refuse(
      problem("launch.bad-credential", read.problem.message, { hint: read.problem.hint, at: read.problem.at, also: read.problem.also }),
    );
  const user = checkUserName(read.value.user);
  if (!user.ok) return user;
  const folders = asFolders(read.value.allow.folders, "launch.bad-credential");
  return folders.ok ? ok({ ...read.value, allow: { ...read.value.allow, folders: folders.value } }) : folders;
};

/** The policy; every user name in it is checked. */
export const readNodePolicy = (value: unknown): Result<NodePolicy> => {
  const read = readShape(nodePolicyShape, value, "the node policy");
  if (!read.ok)
    return refuse(
      problem("launch.bad-policy", read.problem.message, { hint: read.problem.hint, at: read.problem.at, also: read.problem.also }),
    );
  for (const user of [read.value.defaultJobAccount, ...read.value.accounts.map((rule) => rule.user)]) {
    if (user === null) continue;
    const checked = checkUserName(user);
    if (!checked.ok) return checked;
  }
  const accounts: NodePolicy["accounts"][number][] = [];
  for (const rule of read.value.accounts) {
    const folders = asFolders(rule.folders, "launch.bad-policy");
    if (!folders.ok) return folders;
    accounts.push({ ...rule, folders: folders.value });
  }
  return ok({ ...read.value, accounts });
};
