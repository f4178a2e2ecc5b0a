/**
 * The refusals of MAY: which of 404 and 403, in what words, with what smallest change (E11, W7, D98). What does not belong here: deciding.
 *
 * Nothing is put into words that is not shown: most refusals are "not found" and lists ask for thousands of them.
 */
import type { CompiledAccess } from "#access/compile.ts";
import { renderEntry, type FolderEntry, type FolderPool } from "#access/folder-index.ts";
import { folderOf, withoutFolderMark } from "#access/folders.ts";
import { knowledgeOfComparable } from "#access/may-know.ts";
import { roleKeeper, scopeWords, type MayRule } from "#access/may-rules.ts";
import { nearestPermission } from "#access/permission-spelling.ts";
import { permissionLeaves, type ObjectKind, type PermissionLeaf } from "#access/permissions.ts";
import type { Question } from "#access/question.ts";
import type { Decider, LeafState } from "#access/role-part.ts";
import type { Verdict } from "#access/verdict.ts";
import { problemCodeEntry } from "#kernel/problem-codes.ts";
import type { Because } from "#kernel/problem.ts";

/** A question's path: undefined where it has none, null where it cannot be compared, else in comparable form. */
export type AskedPath = string | null | undefined;

/** The facts where neither a grant, a denial nor a folder took part. */
const noFacts: NonNullable<Because["facts"]> = Object.freeze({
  role: null,
  service: null,
  scope: null,
  permission: null,
  folder: null,
  folderRole: null,
  folderScope: null,
});

/** The reason of a verdict with the facts that every one of them has. */
export const because = (rule: MayRule, text: string, decider: Decider | null, folder: FolderEntry | null): Because => ({
  rule,
  text,
  facts:
    decider === null
      ? noFacts
      : {
          role: decider.role.name,
          service: decider.role.service,
          scope: decider.scope,
          permission: decider.text,
          folder: folder === null ? null : renderEntry(folder),
          folderRole: folder === null ? null : folder.role.name,
          folderScope: folder === null ? null : folder.scope,
        },
});

/** The reason of a refusal by no entry, with the parts of its sentence: what was asked, on which path. */
const reasonOf = (rule: MayRule, text: string, asked: string | null, path: string | null): Because => ({
  rule,
  text,
  facts: { role: null, service: null, scope: null, permission: null, folder: null, folderRole: null, folderScope: null, asked, path },
});

/** A reason that several answers share cannot be changed by any of them. */
export const shared = (reason: Because): Because => Object.freeze({ ...reason, facts: Object.freeze(reason.facts ?? noFacts) });

const canDoThis = `; an account with \`${roleKeeper}\` can do this`;
const notFoundHint = problemCodeEntry("access.not-found").hint;

const isKnown = (question: Question, access: CompiledAccess, kind: ObjectKind, path: AskedPath): boolean =>
  path === undefined || (path !== null && knowledgeOfComparable(path, access, question.controller, kind) === "content");

const notFound = (question: Question, reason: Because): Verdict => ({
  effect: "deny",
  problem: { code: "access.not-found", message: `there is no \`${question.path ?? ""}\` that you may see`, hint: notFoundHint },
  because: reason,
});

const refused = (reason: Because, message: string, hint: string): Verdict => ({
  effect: "deny",
  problem: { code: "access.denied", message, hint, because: reason },
  because: reason,
});

const where = (question: Question): string =>
  (question.path === undefined ? "" : ` on \`${question.path}\``) +
  (question.controller === undefined ? "" : ` of controller \`${question.controller}\``);

const refusedFor = (question: Question, reason: Because, hint: string): Verdict =>
  refused(reason, `\`${question.permission}\`${where(question)} is refused: ${reason.text}`, hint);

/** E12: the policy cannot be read. */
export const denyUnreadable = (question: Question, why: string): Verdict => {
  const text = `the policy cannot be read: ${why}`;
  const reason: Because = { rule: "may.policy-unreadable" satisfies MayRule, text, facts: { ...noFacts, why } };
  return question.path === undefined
    ? refusedFor(question, reason, `repair the roles of the account${canDoThis}`)
    : notFound(question, reason);
};

/** E6: the question does not name a leaf. */
export const denyUnknown = (question: Question, access: CompiledAccess, path: AskedPath): Verdict => {
  const { permission } = question;
  const reason = reasonOf("may.unknown-permission", `\`${permission}\` is not a single permission of the tree`, permission, null);
  if (!isKnown(question, access, "job", path)) return notFound(question, reason);
  const near = nearestPermission(permission);
  return refused(reason, reason.text, near === null ? "ask for a permission of the tree" : `did you mean \`${near}\`?`);
};

const denyByDenial = (
  question: Question,
  access: CompiledAccess,
  kind: ObjectKind,
  path: AskedPath,
  state: LeafState,
  denial: Decider,
): Verdict => {
  denial.reason ??= shared(
    because("may.denied", `role \`${denial.role.name}\` denies \`${denial.text}\` for ${scopeWords(denial.scope)}`, denial, null),
  );
  const { reason } = denial;
  if (!isKnown(question, access, kind, path)) return notFound(question, reason);
  const others = state.denials === 1 ? "" : ` and ${state.denials - 1} more that deny it`;
  const alsoGrant = state.grantedBy === null ? `, and add \`${question.permission}\` to one of the roles` : "";
  return refusedFor(
    question,
    reason,
    `remove the denial \`-${denial.text}\` from role \`${denial.role.name}\`${others}${alsoGrant}${canDoThis}`,
  );
};

const notGranted: readonly Because[] = permissionLeaves.map(({ permission }) =>
  shared(reasonOf("may.not-granted", `no role grants \`${permission}\` here`, permission, null)),
);
const noRole: Because = shared({ ...because("may.not-granted", "no role is assigned", null, null), facts: { ...noFacts, roles: 0 } });

/** D77, D94: denied, or granted by nothing. */
export const denyPermission = (
  question: Question,
  access: CompiledAccess,
  leaf: PermissionLeaf,
  path: AskedPath,
  state: LeafState | undefined,
): Verdict => {
  const kind = leaf.object ?? "job";
  if (state !== undefined && state.deniedBy !== null) return denyByDenial(question, access, kind, path, state, state.deniedBy);
  const hasRole = access.actor.roles.length > 0;
  const reason = hasRole ? (notGranted[leaf.index] ?? noRole) : noRole;
  if (!isKnown(question, access, kind, path)) return notFound(question, reason);
  return refusedFor(
    question,
    reason,
    hasRole
      ? `add \`${leaf.permission}\` to one of the roles of this account${canDoThis}`
      : `assign a role that grants \`${leaf.permission}\`${canDoThis}`,
  );
};

const folderEndings: readonly string[] = permissionLeaves.map((leaf) => ` (\`${leaf.permission}\`)`);

/** D92, D98: the path is in no folder of the pool that was walked; `isName`: it is on the way to one, so it is known by name (E9). */
export const denyFolder = (
  question: Question,
  access: CompiledAccess,
  leaf: PermissionLeaf,
  path: string,
  walked: FolderPool,
  isName: boolean,
): Verdict => {
  const text = `Access denied for folder: ${withoutFolderMark(path)}${folderEndings[leaf.index] ?? ""}`;
  const reason = reasonOf("may.folder", text, leaf.permission, withoutFolderMark(path));
  if (!isName && knowledgeOfComparable(path, access, question.controller, leaf.object ?? "job", walked) === "nothing")
    return notFound(question, reason);
  const scope = question.controller === undefined ? "" : ` for all controllers or for \`${question.controller}\``;
  return refused(reason, text, `add the folder \`${folderOf(path)}\` to one of the roles of this account${scope}${canDoThis}`);
};

/** E9: a permission on objects in folders, asked without naming one. */
export const denyWithoutPath = (leaf: PermissionLeaf): Verdict => {
  const text = `\`${leaf.permission}\` is asked on an object in a folder, and none was named`;
  return refused(reasonOf("may.folder-missing", text, leaf.permission, null), text, "name the object's path");
};

/** E9: a path that cannot be compared names nothing that exists. */
export const denyMalformedPath = (question: Question): Verdict =>
  notFound(question, reasonOf("may.folder-malformed", `\`${question.path ?? ""}\` is not a path`, null, question.path ?? ""));
