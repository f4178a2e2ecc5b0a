/**
 * MAY, answered: `decide(question, access)` is the one door that every route, list, rule and command asks. A check looks up one
 * cell and walks up the path; a plain permit without folders is a shared value. What does not belong here: making the
 * access (`compile.ts`), the proof tree (`explain.ts`), the words of refusals (`refusals.ts`), signing in (`decide-login.ts`).
 *
 * SECURITY: whatever cannot be evaluated denies (`decide.test.ts`, "E12"). The verdict speaks of the actor's own roles and of the path
 * he named, never of whether the object exists, so its `because` may be shown to him (W7).
 */
import type { CompiledAccess } from "#access/compile.ts";
import { explainParts } from "#access/explain.ts";
import { renderEntry, walk, type FolderEntry } from "#access/folder-index.ts";
import { comparablePath } from "#access/folders.ts";
import { scopeWords } from "#access/may-rules.ts";
import { leafOf, type PermissionLeaf } from "#access/permissions.ts";
import type { Question } from "#access/question.ts";
import type { Decider, LeafState } from "#access/role-part.ts";
import {
  because as reasonOf,
  denyFolder,
  denyMalformedPath,
  denyPermission,
  denyUnknown,
  denyUnreadable,
  denyWithoutPath,
  shared,
} from "#access/refusals.ts";
import type { Verdict } from "#access/verdict.ts";
import type { Because } from "#kernel/problem.ts";

const grantWords = (decider: Decider): string =>
  (decider.words ??= `role \`${decider.role.name}\` grants \`${decider.text}\` for ${scopeWords(decider.scope)}`);

const folderWords = (entry: FolderEntry): string =>
  (entry.words ??= `; folder \`${renderEntry(entry)}\` of role \`${entry.role.name}\` for ${scopeWords(entry.scope)} holds it`);

const permitFor = (leaf: PermissionLeaf, state: LeafState, decider: Decider): Verdict => {
  const made: Verdict = Object.freeze({
    effect: "permit",
    obligations: leaf.obligations,
    because: shared(reasonOf("may.granted", `${grantWords(decider)}; folders are not limited`, decider, null)),
  });
  state.permit = made;
  return made;
};

const permitInFolder = (leaf: PermissionLeaf, decider: Decider, entry: FolderEntry): Verdict => ({
  effect: "permit",
  obligations: leaf.obligations,
  because: reasonOf("may.granted", grantWords(decider) + folderWords(entry), decider, entry),
});

const evaluate = (question: Question, access: CompiledAccess): Verdict => {
  if (access.unreadable !== null) return denyUnreadable(question, access.unreadable);
  const path = question.path === undefined ? undefined : comparablePath(question.path);
  const leaf = leafOf(question.permission);
  if (leaf === undefined) return denyUnknown(question, access, path);
  const scope =
    question.controller === undefined || leaf.defaultScopeOnly
      ? access.default
      : (access.controllers.get(question.controller) ?? access.default);
  const state = scope.leaves[leaf.index];
  if (state === undefined || state.deniedBy !== null || state.grantedBy === null)
    return denyPermission(question, access, leaf, path, state);
  if (path === null) return denyMalformedPath(question);
  if (path === undefined) {
    if (leaf.object !== null) return denyWithoutPath(leaf);
  } else if (!scope.folders.empty) {
    const entry = walk(scope.folders, path);
    return entry === null || entry === "name"
      ? denyFolder(question, access, leaf, path, scope.folders, entry === "name")
      : permitInFolder(leaf, state.grantedBy, entry);
  }
  return state.permit ?? permitFor(leaf, state, state.grantedBy);
};

/**
 * Whether the actor may do this, here (D75-D99 with E1-E13). A permission on objects in folders asked without a path is a
 * refusal (E9): filter lists by asking for each object. With `trace` the whole proof tree, evaluated anew from what the roles say, is in `because`.
 */
export const decide = (question: Question, access: CompiledAccess): Verdict => {
  const verdict = evaluate(question, access);
  if (question.trace !== true) return verdict;
  const { rule, text, facts } = verdict.because;
  const because: Because = { rule, text, facts: facts ?? {}, children: explainParts(question, access.actor) };
  if (verdict.effect === "permit") return { effect: "permit", obligations: verdict.obligations, because };
  const { problem } = verdict;
  return { effect: "deny", problem: problem.because === undefined ? problem : { ...problem, because }, because };
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
    leaf === undefined || question.controller === undefined || leaf.defaultScopeOnly
      ? access.default
      : (access.controllers.get(question.controller) ?? access.default);
  const first = scope.folders.entries[0]?.path ?? "/";
  if (leaf === undefined || leaf.object === null) return decide(question, access);
  return decide({ ...question, path: first === "/" ? "/" : `${first}/` }, access);
};
