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
import { renderEntry, walk, type FolderEntry } from "#access/folder-index.ts";
import { comparablePath, folderOf, withoutFolderMark } from "#access/folders.ts";
import { knowledgeOfComparable } from "#access/may-know.ts";
import { leafOf, type ObjectKind, type PermissionLeaf } from "#access/permissions.ts";
import { nearestPermission } from "#access/permission-spelling.ts";
import { roleKeeper, scopeWords, type MayRule } from "#access/may-rules.ts";
import type { Question } from "#access/question.ts";
import type { Verdict } from "#access/verdict.ts";
import type { Because } from "#kernel/problem.ts";
import { problemCodeEntry } from "#kernel/problem-codes.ts";

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

const because = (rule: MayRule, text: string, decider: Decider | null, folder: FolderEntry | null): Because => ({
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

const grantWords = (decider: Decider): string =>
  (decider.words ??= `role \`${decider.role.name}\` grants \`${decider.text}\` for ${scopeWords(decider.scope)}`);

const folderWords = (entry: FolderEntry): string =>
  (entry.words ??= `; folder \`${renderEntry(entry)}\` of role \`${entry.role.name}\` for ${scopeWords(entry.scope)} holds it`);

const permitFor = (leaf: PermissionLeaf, state: LeafState, decider: Decider): Verdict => {
  const reason = because("may.granted", `${grantWords(decider)}; folders are not limited`, decider, null);
  const made: Verdict = Object.freeze({
    effect: "permit",
    obligations: leaf.obligations,
    because: Object.freeze({ ...reason, facts: Object.freeze(reason.facts) }),
  });
  state.permit = made;
  return made;
};

const permitInFolder = (leaf: PermissionLeaf, decider: Decider, entry: FolderEntry): Verdict => ({
  effect: "permit",
  obligations: leaf.obligations,
  because: because("may.granted", grantWords(decider) + folderWords(entry), decider, entry),
});

const where = (question: Question): string =>
  (question.path === undefined ? "" : ` on \`${question.path}\``) +
  (question.controller === undefined ? "" : ` of controller \`${question.controller}\``);

const notFoundHint = problemCodeEntry("access.not-found").hint;

/**
 * A refusal: 404 where the actor may not know that the object is there, 403 with the smallest change otherwise (E11, W7). `path` is
 * in comparable form; null where the question's cannot be compared.
 */
const deny = (
  question: Question,
  access: CompiledAccess,
  kind: ObjectKind,
  path: string | null | undefined,
  reason: Because,
  message: string,
  hint: string,
): Verdict => {
  const knowledge =
    path === undefined ? "content" : path === null ? "nothing" : knowledgeOfComparable(path, access, question.controller, kind);
  if (knowledge === "content" || (knowledge === "name" && reason.rule === "may.folder"))
    return { effect: "deny", problem: { code: "access.denied", message, hint, because: reason }, because: reason };
  return {
    effect: "deny",
    problem: { code: "access.not-found", message: `there is no \`${question.path ?? ""}\` that you may see`, hint: notFoundHint },
    because: reason,
  };
};

const folderHint = (question: Question, path: string): string =>
  `add the folder \`${folderOf(path)}\` to one of the roles of this account${
    question.controller === undefined ? "" : ` for all controllers or for \`${question.controller}\``
  }; an account with \`${roleKeeper}\` can do this`;

const denyUnreadable = (
  question: Question,
  access: CompiledAccess,
  why: string,
  kind: ObjectKind,
  path: string | null | undefined,
): Verdict => {
  const reason = because("may.policy-unreadable", `the policy cannot be read: ${why}`, null, null);
  return deny(
    question,
    access,
    kind,
    path,
    reason,
    `\`${question.permission}\` is refused: ${why}`,
    `repair the roles of the account; an account with \`${roleKeeper}\` can do this`,
  );
};

const denyUnknown = (question: Question, access: CompiledAccess, path: string | null | undefined): Verdict => {
  const reason = because("may.unknown-permission", `\`${question.permission}\` is not a single permission of the tree`, null, null);
  const near = nearestPermission(question.permission);
  return deny(
    question,
    access,
    "job",
    path,
    reason,
    reason.text,
    near === null ? "ask for a permission of the tree" : `did you mean \`${near}\`?`,
  );
};

const denyPermission = (
  question: Question,
  access: CompiledAccess,
  kind: ObjectKind,
  path: string | null | undefined,
  state: LeafState | undefined,
): Verdict => {
  const denial = state?.deniedBy ?? null;
  const asked = `\`${question.permission}\`${where(question)} is refused: `;
  if (denial !== null && state !== undefined) {
    const others = state.denials === 1 ? "" : ` and ${state.denials - 1} more that deny it`;
    const alsoGrant = state.grantedBy === null ? `, and add \`${question.permission}\` to one of the roles` : "";
    const words = (denial.words ??= `role \`${denial.role.name}\` denies \`${denial.text}\` for ${scopeWords(denial.scope)}`);
    const hint = `remove the denial \`-${denial.text}\` from role \`${denial.role.name}\`${others}${alsoGrant}; an account with \`${roleKeeper}\` can do this`;
    return deny(question, access, kind, path, because("may.denied", words, denial, null), asked + words, hint);
  }
  if (access.actor.roles.length === 0) {
    const hint = `assign a role that grants \`${question.permission}\`; an account with \`${roleKeeper}\` can do this`;
    return deny(
      question,
      access,
      kind,
      path,
      because("may.not-granted", "no role is assigned", null, null),
      `${asked}no role is assigned`,
      hint,
    );
  }
  const words = `no role grants \`${question.permission}\` here`;
  const hint = `add \`${question.permission}\` to one of the roles of this account; an account with \`${roleKeeper}\` can do this`;
  return deny(question, access, kind, path, because("may.not-granted", words, null, null), asked + words, hint);
};

const denyFolder = (
  rule: MayRule,
  question: Question,
  access: CompiledAccess,
  kind: ObjectKind,
  path: string | null | undefined,
): Verdict => {
  const text =
    path === undefined
      ? `\`${question.permission}\` is asked on an object in a folder, and none was named`
      : path === null
        ? `\`${question.path ?? ""}\` is not a path`
        : `Access denied for folder: ${withoutFolderMark(path)} (\`${question.permission}\`)`;
  const hint =
    path === undefined ? "name the object's path" : path === null ? "write a path as `/finance/close-books`" : folderHint(question, path);
  return deny(question, access, kind, path, because(rule, text, null, null), text, hint);
};

const evaluate = (question: Question, access: CompiledAccess): Verdict => {
  const leaf = leafOf(question.permission);
  const path = question.path === undefined ? undefined : comparablePath(question.path);
  const kind = leaf?.object ?? "job";
  if (access.unreadable !== null) return denyUnreadable(question, access, access.unreadable, kind, path);
  if (leaf === undefined) return denyUnknown(question, access, path);
  const scope =
    question.controller === undefined || leaf.defaultScopeOnly
      ? access.default
      : (access.controllers.get(question.controller) ?? access.default);
  const state = scope.leaves[leaf.index];
  if (state === undefined || state.deniedBy !== null || state.grantedBy === null)
    return denyPermission(question, access, kind, path, state);
  if (path === undefined)
    return leaf.object === null
      ? (state.permit ?? permitFor(leaf, state, state.grantedBy))
      : denyFolder("may.folder-missing", question, access, kind, path);
  if (path === null) return denyFolder("may.folder-malformed", question, access, kind, path);
  if (scope.folders.empty) return state.permit ?? permitFor(leaf, state, state.grantedBy);
  const entry = walk(scope.folders, path);
  return entry === null || entry === "name"
    ? denyFolder("may.folder", question, access, kind, path)
    : permitInFolder(leaf, state.grantedBy, entry);
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
  const shown =
    verdict.problem.because === undefined
      ? verdict.problem
      : { ...verdict.problem, because: { ...verdict.because, children: tree.children ?? [] } };
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
    leaf === undefined || question.controller === undefined || leaf.defaultScopeOnly
      ? access.default
      : (access.controllers.get(question.controller) ?? access.default);
  const first = scope.folders.entries[0]?.path ?? "/";
  if (leaf === undefined || leaf.object === null) return decide(question, access);
  return decide({ ...question, path: first === "/" ? "/" : `${first}/` }, access);
};
