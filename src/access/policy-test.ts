/**
 * Policy tests as code: what a case says, in one line or in fields, and whether it holds in a policy. A case that cannot be answered
 * (an unknown account, an unknown role) fails; it is never skipped. What does not belong here: keeping tests, and when they are run.
 */
import { compileAccess } from "#access/compile.ts";
import { decide } from "#access/decide.ts";
import { explain } from "#access/explain.ts";
import { comparablePath } from "#access/folders.ts";
import type { MayRule } from "#access/may-rules.ts";
import { leafOf } from "#access/permissions.ts";
import { readLeaf } from "#access/permission-spelling.ts";
import type { Holder } from "#access/policy.ts";
import type { Actor, Question, Role } from "#access/question.ts";
import { problem, type Because, type Problem } from "#kernel/problem.ts";
import { ok, refuse, type Result } from "#kernel/result.ts";

/** A case as people write it in fields. */
export interface CaseFields {
  /** Account name, access ID or `os:<uid>`. */
  readonly actor?: string | undefined;
  /** Names of roles of somebody who need not exist. */
  readonly roles?: readonly string[] | undefined;
  readonly may?: string | undefined;
  readonly mayNot?: string | undefined;
  readonly on?: string | undefined;
  /** Absent: it must hold on every controller. */
  readonly controller?: string | undefined;
  /** A rule id such as `may.denied`, or the name of the role that decides, or both. */
  readonly because?: string | { readonly rule?: string | undefined; readonly role?: string | undefined } | undefined;
}

export interface PolicyTestCase {
  readonly who: { readonly actor: string } | { readonly roles: readonly string[] };
  readonly expects: "may" | "may not";
  readonly permission: string;
  readonly path: string | null;
  readonly controller: string | null;
  readonly rule: MayRule | null;
  readonly role: string | null;
}

/** Where a case was written. */
export interface CasePlace {
  /** As the command line named it; null: the documents came without a name. */
  readonly file: string | null;
  /** From 1. */
  readonly line: number;
}

export interface PolicyTest {
  readonly name: string;
  readonly description: string | null;
  readonly cases: readonly PolicyTestCase[];
  /** Of each case where it was written; absent: not known. */
  readonly places?: readonly CasePlace[];
}

export interface CaseResult {
  /** The case in one line. */
  readonly text: string;
  /** Where it was written, such as `tests.yaml:14`; null: not known. */
  readonly source: string | null;
  readonly passed: boolean;
  readonly outcome: "as-expected" | "decided-otherwise" | "other-reason" | "unknown-account" | "unknown-role";
  /** What was decided, by what; the whole tree. Null: there was nobody to ask about. */
  readonly because: Because | null;
  /** One plain sentence: of a failure what is wrong, else what was decided. */
  readonly message: string;
  /** Of a failure: the smallest change of the roles that would mend it; null: none is known. */
  readonly change: string | null;
}

export interface TestResult {
  readonly name: string;
  readonly description: string | null;
  readonly passed: boolean;
  readonly cases: readonly CaseResult[];
}

/** Who and what a test may name. */
export interface TestedPolicy {
  /** By name in the fold of names, access ID or `os:<uid>`. */
  readonly findHolder: (actor: string) => Holder | null;
  readonly findRole: (name: string) => Role | null;
}

const rules: Readonly<Record<MayRule, true>> = {
  "may.granted": true,
  "may.denied": true,
  "may.not-granted": true,
  "may.folder": true,
  "may.folder-missing": true,
  "may.folder-malformed": true,
  "may.unknown-permission": true,
  "may.policy-unreadable": true,
};

const isRule = (text: string): text is MayRule => Object.hasOwn(rules, text);

const example = "close-clerk may controller:runs:create on /finance/close-books";
const linePattern = /^(?:(role) )?(\S+) (may not|mayNot|may) (\S+)(?: on (\/.*?))?(?: of (\S+))?(?: because (\S+))?$/;

/** Reads `ACTOR may|may not PERMISSION [on PATH] [of CONTROLLER] [because RULE-OR-ROLE]`; `role NAME may …` asks about somebody with that role. */
export const readCaseLine = (text: string): Result<CaseFields> => {
  const found = linePattern.exec(text.trim().replaceAll(/[ \t]+/g, " "));
  if (found === null)
    return refuse(problem("input.invalid-value", "the case is not written as a case is", { hint: `write it as \`${example}\`` }));
  const [, role, who = "", verb, permission = "", on, controller, because] = found;
  return ok({
    ...(role === undefined ? { actor: who } : { roles: [who] }),
    ...(verb === "may" ? { may: permission } : { mayNot: permission }),
    ...(on === undefined ? {} : { on }),
    ...(controller === undefined ? {} : { controller }),
    ...(because === undefined ? {} : { because }),
  });
};

const invalid = (path: string, message: string, hint?: string): Problem =>
  problem("input.invalid-value", message, { at: { path }, ...(hint === undefined ? {} : { hint }) });

const readReason = (given: CaseFields["because"]): Result<{ readonly rule: MayRule | null; readonly role: string | null }> => {
  if (given === undefined) return ok({ rule: null, role: null });
  const fields = typeof given !== "string" ? given : given.startsWith("may.") ? { rule: given } : { role: given };
  if (fields.rule !== undefined && !isRule(fields.rule))
    return refuse(invalid("because", "`because` names no rule by which the engine decides", `one of: ${Object.keys(rules).join(", ")}`));
  return ok({ rule: fields.rule ?? null, role: fields.role ?? null });
};

/** Reads a case from its fields. Its account and roles need not exist: that is for the run to say. */
export const readCase = (given: CaseFields): Result<PolicyTestCase> => {
  const { actor, roles, may, mayNot, on, controller } = given;
  if ((actor === undefined) === (roles === undefined))
    return refuse(invalid("actor", "a case names either an `actor` or the `roles` of somebody"));
  if ((may === undefined) === (mayNot === undefined)) return refuse(invalid("may", "a case says either `may` or `mayNot`"));
  const field = may === undefined ? "mayNot" : "may";
  const leaf = readLeaf(may ?? mayNot ?? "");
  if (!leaf.ok) return refuse({ ...leaf.problem, at: { path: field } });
  const { object } = leafOf(leaf.value) ?? { object: null };
  if (on === undefined && object !== null)
    return refuse(invalid("on", `\`${leaf.value}\` is about objects in folders, and the case names none`, `write it as \`${example}\``));
  if (on !== undefined && object === null)
    return refuse(invalid("on", `\`${leaf.value}\` is not about objects in folders`, "leave `on` out"));
  if (on !== undefined && comparablePath(on) === null)
    return refuse(invalid("on", "`on` is not a path", "name an object as `/finance/close-books`, a folder as `/finance/`"));
  const reason = readReason(given.because);
  if (!reason.ok) return reason;
  return ok({
    who: actor === undefined ? { roles: roles ?? [] } : { actor },
    expects: may === undefined ? "may not" : "may",
    permission: leaf.value,
    path: on ?? null,
    controller: controller ?? null,
    ...reason.value,
  });
};

/** The case in one line, as it can be written. Several roles, or a rule and a role, are told in words. */
export const renderCase = (one: PolicyTestCase): string => {
  const who =
    "actor" in one.who ? one.who.actor : one.who.roles.length === 1 ? `role ${one.who.roles[0] ?? ""}` : `roles ${one.who.roles.join("+")}`;
  const reasons = [one.rule, one.role].filter((reason) => reason !== null);
  return [
    `${who} ${one.expects} ${one.permission}`,
    ...(one.path === null ? [] : [`on ${one.path}`]),
    ...(one.controller === null ? [] : [`of ${one.controller}`]),
    ...(reasons.length === 0 ? [] : [`because ${reasons.join(" and ")}`]),
  ].join(" ");
};

/** What came of a case, wherever it was written. */
type Answered = Omit<CaseResult, "source">;

const failed = (
  text: string,
  outcome: CaseResult["outcome"],
  message: string,
  because: Because | null,
  change: string | null,
): Answered => ({
  text,
  passed: false,
  outcome,
  because,
  message,
  change,
});

/** Without a controller the case is asked in general and for each controller that the roles name: one that nobody names is as in general (E4). */
const questionsOf = (one: PolicyTestCase, actor: Actor): readonly Question[] => {
  const question: Question = { permission: one.permission, ...(one.path === null ? {} : { path: one.path }) };
  if (one.controller !== null) return [{ ...question, controller: one.controller }];
  const named = new Set(actor.roles.flatMap((role) => role.scopes.map((scope) => scope.controller)).filter((name) => name !== "default"));
  return [
    question,
    ...(leafOf(one.permission)?.defaultScopeOnly === true ? [] : [...named].map((controller) => ({ ...question, controller }))),
  ];
};

const changeIn = (tree: Because): string | null => tree.children?.find((child) => child.rule === "may.smallest-change")?.text ?? null;

const runForActor = (one: PolicyTestCase, text: string, actor: Actor): Answered => {
  const access = compileAccess(actor);
  const wanted = one.expects === "may" ? "permit" : "deny";
  const questions = questionsOf(one, actor);
  const other = questions.find((question) => decide(question, access).effect !== wanted);
  if (other !== undefined) {
    const tree = explain(other, actor);
    return failed(text, "decided-otherwise", tree.text, tree, changeIn(tree));
  }
  const tree = explain(questions[0] ?? { permission: one.permission }, actor);
  const decidedBy = tree.facts?.["role"] ?? null;
  if (one.rule !== null && tree.rule !== one.rule)
    return failed(text, "other-reason", `decided as expected, but by rule \`${tree.rule}\`: ${tree.text}`, tree, null);
  if (one.role !== null && decidedBy !== one.role)
    return failed(
      text,
      "other-reason",
      `decided as expected, but by ${decidedBy === null ? "no role" : `role \`${String(decidedBy)}\``}: ${tree.text}`,
      tree,
      null,
    );
  return { text, passed: true, outcome: "as-expected", because: tree, message: tree.text, change: null };
};

const runCase = (one: PolicyTestCase, policy: TestedPolicy): Answered => {
  const text = renderCase(one);
  if ("roles" in one.who) {
    const roles: Role[] = [];
    for (const name of one.who.roles) {
      const role = policy.findRole(name);
      if (role === null) return failed(text, "unknown-role", `there is no role \`${name}\``, null, "create the role, or change the case");
      roles.push(role);
    }
    return runForActor(one, text, {
      accessId: "user:nobody",
      name: `somebody with ${roles.map((role) => role.name).join(" and ")}`,
      roles,
    });
  }
  const holder = policy.findHolder(one.who.actor);
  if (holder === null)
    return failed(text, "unknown-account", `there is no account \`${one.who.actor}\``, null, "create the account, or change the case");
  if (holder.enabled) return runForActor(one, text, holder);
  const because: Because = {
    rule: "who.disabled",
    text: `\`${holder.name}\` is disabled and may do nothing`,
    facts: { name: holder.name },
  };
  if (one.expects === "may") return failed(text, "decided-otherwise", because.text, because, `enable the account \`${holder.name}\``);
  if (one.rule !== null || one.role !== null)
    return failed(text, "other-reason", `decided as expected, but because ${because.text}`, because, null);
  return { text, passed: true, outcome: "as-expected", because, message: because.text, change: null };
};

const renderPlace = (place: CasePlace | undefined): string | null =>
  place === undefined ? null : place.file === null ? `line ${place.line} of what was applied` : `${place.file}:${place.line}`;

/** Runs a test; every case is answered. */
export const runPolicyTest = (test: PolicyTest, policy: TestedPolicy): TestResult => {
  const cases = test.cases.map((one, index) => ({ ...runCase(one, policy), source: renderPlace(test.places?.[index]) }));
  return { name: test.name, description: test.description, passed: cases.every((one) => one.passed), cases };
};
