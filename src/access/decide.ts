/**
 * MAY, answered: `decide(question, access)` is the one door that every route, list, rule and command asks. A check looks up one
 * cell and walks up the path; a plain permit without folders is a shared value. What does not belong here: making the
 * access (`compile.ts`), the proof tree (`explain.ts`), signing in (`decide-login.ts`).
 *
 * SECURITY: whatever cannot be evaluated denies (`decide.test.ts`, "E12"). The verdict speaks of the actor's own roles and of the path
 * he named, never of whether the object exists, so its `because` may be shown to him (W7).
 */
import type { CompiledAccess, Decider, LeafState } from "#access/compile.ts";
import { explain } from "#access/explain.ts";
import { entryHolding, renderEntry, type FolderEntry } from "#access/folder-index.ts";
import { comparablePath, folderOf, withoutFolderMark } from "#access/folders.ts";
import { knowledgeOf } from "#access/may-know.ts";
import { leafOf, type PermissionLeaf } from "#access/permissions.ts";
import { nearestPermission } from "#access/permission-spelling.ts";
import { roleKeeper, scopeWords, type MayRule } from "#access/may-rules.ts";
import type { Question } from "#access/question.ts";
import type { Verdict } from "#access/verdict.ts";
import { problem, type Because } from "#kernel/problem.ts";

const because = (rule: MayRule, text: string, decider: Decider | null, folder: FolderEntry | null): Because => ({
  rule,
  text,
  facts: {
    role: decider === null ? null : decider.role.name,
    service: decider === null ? null : decider.role.service,
    scope: decider === null ? null : decider.scope,
    permission: decider === null ? null : decider.text,
    folder: folder === null ? null : renderEntry(folder),
    folderRole: folder === null ? null : folder.role.name,
    folderScope: folder === null ? null : folder.scope,
  },
});

const grantWords = (decider: Decider): string =>
  (decider.words ??= `role \`${decider.role.name}\` grants \`${decider.text}\` for ${scopeWords(decider.scope)}`);

const folderWords = (entry: FolderEntry): string =>
  (entry.words ??= `; folder \`${renderEntry(entry)}\` of role \`${entry.role.name}\` for ${scopeWords(entry.scope)} holds it`);

const permitFor = (leaf: PermissionLeaf, state: LeafState, decider: Decider): Verdict => {
  const reason = because("may.granted", `${grantWords(decider)}; folders are not limited`, decider, null);
  const made: Verdict = Object.freeze({ effect: "permit", obligations: leaf.obligations, because: Object.freeze(reason) });
  state.permit = made;
  return made;
};

const permitInFolder = (leaf: PermissionLeaf, decider: Decider, entry: FolderEntry): Verdict => ({
  effect: "permit",
  obligations: leaf.obligations,
  because: because("may.granted", grantWords(decider) + folderWords(entry), decider, entry),
});

const where = (question: Question): string =>
  (question.path === undefined ? "" : ` on \`${question.path}\``) + (question.controller === undefined ? "" : ` of controller \`${question.controller}\``);

/** A refusal: 404 where the actor may not know that the object is there, 403 with the smallest change otherwise (E11, W7). */
const deny = (
  question: Question,
  access: CompiledAccess,
  leaf: PermissionLeaf | undefined,
  reason: Because,
  message: string,
  hint: string,
): Verdict => {
  const kind = leaf?.object ?? "job";
  const path = question.path;
  const knowledge = path === undefined ? "content" : knowledgeOf(path, access, question.controller, kind);
  const isKnown = knowledge === "content" || (knowledge === "name" && reason.rule === "may.folder");
  return {
    effect: "deny",
    problem: isKnown ? problem("access.denied", message, { hint, because: reason }) : problem("access.not-found", `there is no \`${path}\` that you may see`),
    because: reason,
  };
};

const folderHint = (question: Question, path: string): string =>
  `add the folder \`${folderOf(path)}\` to one of the roles of this account${
    question.controller === undefined ? "" : ` for all controllers or for \`${question.controller}\``
  }; an account with \`${roleKeeper}\` can do this`;

const evaluate = (question: Question, access: CompiledAccess): Verdict => {
  const leaf = leafOf(question.permission);
  if (access.unreadable !== null) {
    const reason = because("may.policy-unreadable", `the policy cannot be read: ${access.unreadable}`, null, null);
    return deny(question, access, leaf, reason, `\`${question.permission}\` is refused: ${access.unreadable}`, `repair the roles of the account; an account with \`${roleKeeper}\` can do this`);
  }
  if (leaf === undefined) {
    const reason = because("may.unknown-permission", `\`${question.permission}\` is not a single permission of the tree`, null, null);
    const near = nearestPermission(question.permission);
    return deny(question, access, leaf, reason, reason.text, near === null ? "ask for a permission of the tree" : `did you mean \`${near}\`?`);
  }
  const scope =
    question.controller === undefined || leaf.defaultScopeOnly ? access.default : (access.controllers.get(question.controller) ?? access.default);
  const state = scope.leaves[leaf.index];
  if (state === undefined || state.deniedBy !== null || state.grantedBy === null) return denyPermission(question, access, leaf, state);
  const path = question.path;
  if (path === undefined) {
    if (leaf.object === null) return state.permit ?? permitFor(leaf, state, state.grantedBy);
    const reason = because("may.folder-missing", `\`${question.permission}\` is asked on an object in a folder, and none was named`, null, null);
    return deny(question, access, leaf, reason, reason.text, "name the object's path");
  }
  const comparable = comparablePath(path);
  if (comparable === null) {
    const reason = because("may.folder-malformed", `\`${path}\` is not a path`, null, null);
    return deny(question, access, leaf, reason, reason.text, "write a path as `/finance/close-books`");
  }
  if (scope.folders.empty) return state.permit ?? permitFor(leaf, state, state.grantedBy);
  const entry = entryHolding(scope.folders, comparable);
  if (entry !== null) return permitInFolder(leaf, state.grantedBy, entry);
  const reason = because("may.folder", `Access denied for folder: ${withoutFolderMark(comparable)} (\`${question.permission}\`)`, null, null);
  return deny(question, access, leaf, reason, reason.text, folderHint(question, comparable));
};

const denyPermission = (question: Question, access: CompiledAccess, leaf: PermissionLeaf, state: LeafState | undefined): Verdict => {
  const denial = state?.deniedBy ?? null;
  if (denial !== null && state !== undefined) {
    const others = state.denials === 1 ? "" : ` and ${state.denials - 1} more that deny it`;
    const alsoGrant = state.grantedBy === null ? `, and add \`${question.permission}\` to one of the roles` : "";
    const reason = because("may.denied", `role \`${denial.role.name}\` denies \`${denial.text}\` for ${scopeWords(denial.scope)}`, denial, null);
    return deny(
      question,
      access,
      leaf,
      reason,
      `\`${question.permission}\`${where(question)} is refused: ${reason.text}`,
      `remove the denial \`-${denial.text}\` from role \`${denial.role.name}\`${others}${alsoGrant}; an account with \`${roleKeeper}\` can do this`,
    );
  }
  const roles = access.actor.roles;
  const reason = because("may.not-granted", roles.length === 0 ? "no role is assigned" : `no role grants \`${question.permission}\` here`, null, null);
  return deny(
    question,
    access,
    leaf,
    reason,
    `\`${question.permission}\`${where(question)} is refused: ${reason.text}`,
    roles.length === 0
      ? `assign a role that grants \`${question.permission}\`; an account with \`${roleKeeper}\` can do this`
      : `add \`${question.permission}\` to one of the roles of this account; an account with \`${roleKeeper}\` can do this`,
  );
};

/**
 * Whether the actor may do this, here (D75-D99 with E1-E13). A permission on objects in folders asked without a path is a
 * refusal (E9): filter lists by asking for each object. With `trace` the whole proof tree, evaluated anew from the roles, is in `because`.
 */
export const decide = (question: Question, access: CompiledAccess): Verdict => {
  const verdict = evaluate(question, access);
  if (question.trace !== true) return verdict;
  const tree = explain(question, access.actor);
  if (verdict.effect === "permit") return { ...verdict, because: { ...verdict.because, children: tree.children ?? [] } };
  const shown = verdict.problem.because === undefined ? verdict.problem : { ...verdict.problem, because: { ...verdict.because, children: tree.children ?? [] } };
  return { ...verdict, problem: shown, because: { ...verdict.because, children: tree.children ?? [] } };
};

/** All of several questions, such as both ends of a rename or every object a definition names (E9): the first refusal, else the last permit. */
export const decideAll = (questions: readonly [Question, ...Question[]], access: CompiledAccess): Verdict => {
  let verdict = decide(questions[0], access);
  for (let index = 1; index < questions.length && verdict.effect === "permit"; index += 1) {
    const question = questions[index];
    if (question !== undefined) verdict = decide(question, access);
  }
  return verdict;
};

/**
 * Whether the actor holds the permission on some folder at all: for menus and pages whose content is then filtered object by
 * object. Never a permit for an object.
 */
export const decideAnywhere = (question: Omit<Question, "path">, access: CompiledAccess): Verdict => {
  const leaf = leafOf(question.permission);
  const scope =
    leaf === undefined || question.controller === undefined || leaf.defaultScopeOnly ? access.default : (access.controllers.get(question.controller) ?? access.default);
  const first = scope.folders.entries[0]?.path ?? "/";
  if (leaf === undefined || leaf.object === null) return decide(question, access);
  return decide({ ...question, path: first === "/" ? "/" : `${first}/` }, access);
};
