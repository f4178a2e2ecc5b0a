/**
 * What every change of the policy must pass before it lands, whichever way it comes: an administrator remains, nobody takes his own right to
 * undo it unasked, no job is orphaned unasked, and the stored policy tests hold. All of it is looked at in the change's own transaction,
 * on what the change would leave. What does not belong here: the rules themselves (`access/orphans.ts`, `access/policy-test.ts`).
 */
import { loginPermission } from "#access/decide-login.ts";
import { decide } from "#access/decide.ts";
import { mayKnow } from "#access/may-know.ts";
import { roleKeeper } from "#access/may-rules.ts";
import { findOrphans, type Orphans, type OwnedJob } from "#access/orphans.ts";
import { runPolicyTest, type CaseResult, type PolicyTest, type TestedPolicy, type TestResult } from "#access/policy-test.ts";
import { openAccessBook, type AccessBook, type Holder, type Policy } from "#access/policy.ts";
import { covers } from "#access/permissions.ts";
import { simulate } from "#access/simulate.ts";
import { problem, ProblemError, type Problem } from "#kernel/problem.ts";
import type { Writer } from "#store/store.ts";
import { findLockOut } from "#identity/administrator-guard.ts";
import { requireConfirmation, type ChangeOptions } from "#identity/confirmation.ts";
import type { Doer, IdentityContext } from "#identity/identity-context.ts";
import { loadPolicy, PolicyCapture, type Touched } from "#identity/policy-snapshot.ts";
import { loadPolicyTests } from "#identity/policy-test-store.ts";
import { accountNameKey } from "#identity/rules/account-name.ts";
import { initialServiceName } from "#identity/rules/identity-settings.ts";
import { toConfirm, type Notice } from "#identity/rules/notice.ts";

/** Gathers what several changes that land together say; the guards look once, at the end. */
export interface ChangesTogether {
  readonly notices: Notice[];
  readonly capture: PolicyCapture;
}

/** What a change comes to, as far as it goes: whoever it does not touch is in neither policy. */
export interface Assessment {
  readonly before: Policy;
  readonly after: Policy;
  /** Those of the change itself, then those of the guards. */
  readonly notices: readonly Notice[];
  readonly guardNotices: readonly Notice[];
  /** Nobody would be left who administers accounts. */
  readonly lockOut: Problem | null;
  readonly tests: readonly TestResult[];
  /** Whether the one who makes it may be told why others may or may not. */
  readonly mayExplain: boolean;
}

/** What tests may name, in a policy. */
export const testedPolicy = (policy: Policy): TestedPolicy => {
  const byName = new Map([...policy.holders.values()].map((holder) => [holder.nameKey, holder]));
  const roles = new Map(
    [...policy.roles.values()].filter((role) => role.service === initialServiceName).map((role) => [accountNameKey(role.name), role]),
  );
  return {
    findHolder: (actor) => policy.holders.get(actor) ?? (/^(?:os|user):/.test(actor) ? null : (byName.get(accountNameKey(actor)) ?? null)),
    findRole: (name) => roles.get(accountNameKey(name)) ?? null,
  };
};

/** Whom tests ask about: names, access IDs and `os:<uid>`. */
export const testedActors = (tests: readonly PolicyTest[]): readonly string[] =>
  tests.flatMap((test) => test.cases.flatMap((one) => ("actor" in one.who ? [one.who.actor] : [])));

export const runPolicyTests = (tests: readonly PolicyTest[], policy: Policy): readonly TestResult[] => {
  if (tests.length === 0) return [];
  const tested = testedPolicy(policy);
  return tests.map((test) => runPolicyTest(test, tested));
};

const holds = (holder: Holder | undefined, permission: string, book: AccessBook): boolean => {
  const access = holder === undefined ? null : book.accessOf(holder);
  return access !== null && decide({ permission }, access).effect === "permit";
};

/** Whoever changes the policy can undo it as long as he administers accounts, and can sign in to do so. */
const canUndo = (holder: Holder | undefined, book: AccessBook): boolean =>
  holds(holder, roleKeeper, book) && (holder?.accessId.startsWith("os:") === true || holds(holder, loginPermission, book));

/** What the change takes from the one who makes it. */
const selfNotices = (actor: Doer, before: Policy, after: Policy, book: AccessBook): readonly Notice[] => {
  const was = before.holders.get(actor.accessId);
  const is = after.holders.get(actor.accessId);
  if (was === undefined) return [];
  if (is === undefined && !actor.accessId.startsWith("os:"))
    return [toConfirm("self.deleted", "this deletes your own account and signs you out")];
  if (was.enabled && is?.enabled === false) return [toConfirm("self.disabled", "this disables your own account and signs you out")];
  return canUndo(was, book) && !canUndo(is, book)
    ? [toConfirm("self.loses-administration", "after this you may no longer administer accounts yourself")]
    : [];
};

const mostNamed = 3;
/** More pairs of role sets than this are not compared to find out whether a look at the jobs can be spared. */
const mostPairs = 100;

/** SECURITY: names jobs that the one who is told may know of; the others are counted (W7). */
const namedJobs = (
  paths: readonly string[],
  told: Holder | undefined,
  controllers: ReadonlyMap<string, string>,
  book: AccessBook,
): string => {
  const access = told === undefined ? null : book.accessOf(told);
  const known = access === null ? [] : paths.filter((path) => mayKnow(path, access, controllers.get(path)));
  const named = known.slice(0, mostNamed).map((path) => `\`${path}\``);
  const more = paths.length - named.length;
  if (named.length === 0) return more === 1 ? "a job" : `${more} jobs`;
  return `${named.join(", ")}${more === 0 ? "" : ` and ${more} more`}`;
};

interface FoundOrphans {
  readonly jobs: readonly OwnedJob[];
  readonly orphans: Orphans;
}

const noOrphans: Orphans = { authors: [], withoutRunner: [], withoutKeyUser: [] };

const orphanNotices = ({ jobs, orphans }: FoundOrphans, told: Holder | undefined, book: AccessBook): readonly Notice[] => {
  const controllers = new Map(jobs.map((job) => [job.path, job.controller]));
  const name = (paths: readonly string[]): string => namedJobs(paths, told, controllers, book);
  const { authors, withoutRunner, withoutKeyUser } = orphans;
  return [
    ...authors.map((one) =>
      toConfirm(
        "job.author-may-not-run",
        `\`${one.name}\` saved ${name(one.jobs)} and could no longer run ${one.jobs.length === 1 ? "it" : "them"}`,
      ),
    ),
    ...(withoutRunner.length === 0 ? [] : [toConfirm("job.without-runner", `nobody could run ${name(withoutRunner)} any more`)]),
    ...(withoutKeyUser.length === 0
      ? []
      : [toConfirm("job.without-key-user", `nobody could use the credential that ${name(withoutKeyUser)} names any more`)]),
  ];
};

const canOrphan = (before: Policy, after: Policy, book: AccessBook): boolean => {
  const { changed, uncompared } = simulate(before, after, { book, most: mostPairs });
  return (
    uncompared > 0 ||
    changed.some(({ losses }) =>
      losses.some(({ permission }) => covers(permission, "controller:runs:create") || covers(permission, "manager:credentials:use")),
    )
  );
};

const orphansOf = async (context: IdentityContext, tx: Writer, before: Policy, after: Policy, book: AccessBook): Promise<FoundOrphans> => {
  if (context.ownedJobs === undefined || !canOrphan(before, after, book)) return { jobs: [], orphans: noOrphans };
  const jobs = await context.ownedJobs(tx);
  const orphans = findOrphans(before, after, jobs, book);
  // Somebody whom the change does not touch may be left for them; usually those whom it does touch are enough.
  const isSure = orphans.withoutRunner.length === 0 && orphans.withoutKeyUser.length === 0;
  return { jobs, orphans: isSure ? orphans : findOrphans(before, await loadPolicy(tx, context.realm.name), jobs, book) };
};

/** Looks at what a change would leave, at its end and in its transaction. Refuses nothing. */
export const assessChange = async (
  context: IdentityContext,
  tx: Writer,
  actor: Doer,
  { capture, notices }: { readonly capture: PolicyCapture; readonly notices: readonly Notice[] },
): Promise<Assessment> => {
  const tests = await loadPolicyTests(tx);
  const before = capture.before();
  const { after, tested } = await capture.after(tx, testedActors(tests));
  const book = openAccessBook();
  const told = before.holders.get(actor.accessId);
  const orphans = await orphansOf(context, tx, before, after, book);
  const guardNotices = [...selfNotices(actor, before, after, book), ...orphanNotices(orphans, told, book)];
  return {
    before,
    after,
    notices: [...notices, ...guardNotices],
    guardNotices,
    lockOut: await findLockOut(tx, context.realm.name),
    tests: runPolicyTests(tests, tested),
    mayExplain: holds(told, "manager:explain:others", book) && holds(told, "manager:administration:accounts:view", book),
  };
};

const failureHint = ({ outcome }: CaseResult, name: string): string =>
  outcome === "unknown-account" || outcome === "unknown-role"
    ? `the test names what would not exist: change the test in the same \`behalf apply\`, or delete it first with \`behalf delete policytest ${name}\``
    : "correct the change, or change the test in the same `behalf apply`";

/** The failing cases of tests as problems, at most 20. Without `mayExplain` they say which, not why nor where it was written (W7). */
export const testProblems = (tests: readonly TestResult[], mayExplain: boolean): readonly Problem[] =>
  tests
    .flatMap((test) => test.cases.filter((one) => !one.passed).map((one) => ({ test, one })))
    .slice(0, 20)
    .map(({ test, one }) =>
      problem(
        "policy.test-failed",
        `policy test \`${test.name}\` would fail${mayExplain && one.source !== null ? ` (${one.source})` : ""}: \`${one.text}\`${mayExplain ? `: ${one.message}` : ""}`,
        {
          hint: failureHint(one, test.name),
          ...(mayExplain && one.because !== null ? { because: one.because } : {}),
        },
      ),
    );

/**
 * Throws what keeps a change from landing: `identity.last-administrator`, then `policy.test-failed` with every failing case, then
 * `identity.confirmation-needed` with everything that must be confirmed at once.
 */
export const requireLanding = (assessment: Assessment, options: ChangeOptions): void => {
  if (assessment.lockOut !== null) throw new ProblemError(assessment.lockOut);
  const [first, ...also] = testProblems(assessment.tests, assessment.mayExplain);
  if (first !== undefined) throw new ProblemError(also.length === 0 ? first : { ...first, also });
  requireConfirmation(assessment.notices, options);
};

/** Ends a change: every notice of it and of the guards, or a throw. */
export type EndChange = (notices: readonly Notice[], options: ChangeOptions) => Promise<readonly Notice[]>;

/** Begins a guarded change, before anything of it is written. INVARIANT: whatever changes roles, accounts or assignments ends with the answer. */
export const beginChange = async (context: IdentityContext, tx: Writer, actor: Doer, touched: Touched): Promise<EndChange> => {
  const { together } = context;
  const capture = together?.capture ?? new PolicyCapture(context.realm.name, actor.accessId);
  await capture.touch(tx, touched);
  if (together !== undefined)
    return async (notices) => {
      together.notices.push(...notices);
      return notices;
    };
  return async (notices, options) => {
    const assessment = await assessChange(context, tx, actor, { capture, notices });
    requireLanding(assessment, options);
    return assessment.notices;
  };
};
