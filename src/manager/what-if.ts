/**
 * What if: a draft is applied and rolled back, and the two policies are compared: who gains what, who loses what, in which folders with jobs, and
 * which recorded submissions would be decided otherwise. Only the trying holds the write queue; the comparing gives way to everything else.
 *
 * INVARIANT: both sides are decided with today's facts, so that the answer shows the effect of the draft alone.
 */
import type { Because } from "#kernel/problem.ts";
import { fail } from "#kernel/problem.ts";
import type { CompiledAccess } from "#access/compile.ts";
import { decide } from "#access/decide.ts";
import { folderOf } from "#access/folders.ts";
import { permissionNodeOf, permissionLeaves } from "#access/permissions.ts";
import { isInRegion, simulateInSteps, type AccessChange, type Simulation } from "#access/simulate.ts";
import type { TestResult } from "#access/policy-test.ts";
import type { Principal } from "#identity/principal.ts";
import { notice, type Notice } from "#identity/rules/notice.ts";
import { readJobPaths, readRecordedSubmissions, type RecordedSubmission } from "#jobs/recorded-submissions.ts";
import { problemCodes } from "#kernel/problem-codes.ts";
import { mainController } from "#manager/routes/jobs.ts";
import { readRefusedSubmissions, type RefusedSubmission } from "#manager/refused-submissions.ts";
import { tryDraft, type Applied, type Draft } from "#manager/apply-definitions.ts";
import type { Services } from "#manager/services.ts";

/** Newest first; older ones of the window are left out, and the answer says so. */
const mostSubmissions = 100_000;
const mostOtherwise = 1000;
const mostLines = 2000;
const mostFolders = 200;
/** How many compare at the same time: each may take a second of this process and holds both policies. */
const mostAtOnce = 4;
/** Other requests get their turn at least this often. */
const turnMs = 20;
const dayMs = 86_400_000;

export interface HolderLine {
  readonly accessId: string;
  readonly name: string;
  readonly change: AccessChange;
}

/** A folder that holds jobs which the reader may see, and in which somebody gains or loses something. */
export interface FolderLine {
  readonly folder: string;
  readonly jobs: number;
  readonly gains: readonly { readonly accessId: string; readonly name: string; readonly permissions: readonly string[] }[];
  readonly losses: readonly { readonly accessId: string; readonly name: string; readonly permissions: readonly string[] }[];
}

export interface OtherDecision {
  readonly submission: RecordedSubmission | RefusedSubmission;
  readonly before: "permit" | "deny";
  readonly after: "permit" | "deny";
  /** Why it would be decided so. */
  readonly because: Because;
}

/** Something that keeps the draft from landing, or must be confirmed before it does. */
export interface Guard {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** False: no confirmation helps. */
  readonly confirm: boolean;
}

export interface WhatIf {
  readonly changes: readonly Applied[];
  readonly gains: readonly HolderLine[];
  readonly losses: readonly HolderLine[];
  readonly totals: { readonly accounts: number; readonly gains: number; readonly losses: number; readonly uncompared: number };
  readonly folders: readonly FolderLine[];
  readonly submissions: { readonly compared: number; readonly otherwise: readonly OtherDecision[]; readonly otherwiseTotal: number };
  readonly guards: readonly Guard[];
  readonly tests: readonly TestResult[];
  readonly notices: readonly Notice[];
}

/** Lets the rest of the process run where this has taken its share. */
const openTurns = (): (() => Promise<void>) => {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < turnMs) return;
    await new Promise((resolve) => setImmediate(resolve));
    since = performance.now();
  };
};

const giveWay = async <T>(steps: Generator<undefined, T, undefined>, turn: () => Promise<void>): Promise<T> => {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await turn();
  }
};

const linesOf = (simulation: Simulation, which: "gains" | "losses"): HolderLine[] =>
  simulation.changed.flatMap(({ accessId, name, [which]: changes }) => changes.map((change) => ({ accessId, name, change })));

const isAboutJobs = ({ permission }: AccessChange): boolean => {
  const node = permissionNodeOf(permission);
  return node !== undefined && permissionLeaves.slice(node.firstLeaf, node.afterLastLeaf).some((leaf) => leaf.object === "job");
};

/** Whether it holds of the jobs directly in the folder. */
const reaches = (change: AccessChange, folder: string): boolean =>
  isAboutJobs(change) &&
  (change.controller === null ? !change.exceptControllers.includes(mainController) : change.controller === mainController) &&
  isInRegion(change.region, folder === "/" ? "/" : `${folder}/`);

const folderLines = async (
  services: Services,
  principal: Principal,
  simulation: Simulation,
  turn: () => Promise<void>,
): Promise<{ readonly lines: readonly FolderLine[]; readonly more: boolean }> => {
  if (simulation.changed.length === 0) return { lines: [], more: false };
  const visible = (await readJobPaths(services.store.read)).filter(
    (path) => decide({ permission: "controller:jobs:view", path, controller: mainController }, principal.access).effect === "permit",
  );
  const lines: FolderLine[] = [];
  for (const [folder, jobs] of Map.groupBy(visible, folderOf)) {
    await turn();
    // Accounts whose roles change in the same way share their changes.
    const known = new Map<readonly AccessChange[], readonly string[]>();
    const permissionsIn = (changes: readonly AccessChange[]): readonly string[] => {
      const before = known.get(changes);
      if (before !== undefined) return before;
      const permissions = changes.filter((change) => reaches(change, folder)).map((change) => change.permission);
      known.set(changes, permissions);
      return permissions;
    };
    const inFolder = (which: "gains" | "losses"): FolderLine["gains"] =>
      simulation.changed.flatMap(({ accessId, name, [which]: changes }) => {
        const permissions = permissionsIn(changes);
        return permissions.length === 0 ? [] : [{ accessId, name, permissions }];
      });
    const gains = inFolder("gains");
    const losses = inFolder("losses");
    if (gains.length + losses.length === 0) continue;
    if (lines.length === mostFolders) return { lines, more: true };
    lines.push({ folder, jobs: jobs.length, gains: gains.slice(0, mostFolders), losses: losses.slice(0, mostFolders) });
  }
  return { lines, more: false };
};

const nobody: Because = { rule: "who.unknown", text: "the submitter is disabled or no longer there" };

const decideAgain = (
  access: CompiledAccess | null,
  { job, controller }: Pick<RecordedSubmission, "job" | "controller">,
): { effect: "permit" | "deny"; because: Because } =>
  access === null ? { effect: "deny", because: nobody } : decide({ permission: "controller:runs:create", path: job, controller }, access);

const decideSubmissions = async (
  services: Services,
  principal: Principal,
  simulation: Simulation,
  days: number,
  turn: () => Promise<void>,
): Promise<WhatIf["submissions"] & { readonly more: boolean }> => {
  const { read } = services.store;
  const since = { fromMs: services.clock.nowMs() - days * dayMs, most: mostSubmissions };
  const accepted = days === 0 ? [] : await readRecordedSubmissions(read, since);
  const refused = days === 0 ? [] : await readRefusedSubmissions(read, since);
  // Whoever asked for a job that is not there would be refused whatever the policy says.
  const paths = refused.length === 0 ? null : new Set(await readJobPaths(read));
  const recorded = [...accepted, ...refused.filter(({ job }) => paths?.has(job) === true)].toSorted(
    (left, right) => right.createdAtMs - left.createdAtMs,
  );
  const otherwise: OtherDecision[] = [];
  let compared = 0;
  let otherwiseTotal = 0;
  const visible = new Map<string, boolean>();
  for (const submission of recorded) {
    await turn();
    const { job: path, controller } = submission;
    const key = `${controller}\n${path}`;
    const isVisible =
      visible.get(key) ?? decide({ permission: "controller:runs:view", path, controller }, principal.access).effect === "permit";
    visible.set(key, isVisible);
    if (!isVisible) continue;
    compared += 1;
    const [was, is] = [simulation.before(submission.submitter), simulation.after(submission.submitter)];
    // Whose roles say the same on both sides has the very same access.
    if (was === is) continue;
    const before = decideAgain(was, submission);
    const after = decideAgain(is, submission);
    if (before.effect === after.effect) continue;
    otherwiseTotal += 1;
    if (otherwise.length < mostOtherwise)
      otherwise.push({ submission, before: before.effect, after: after.effect, because: after.because });
  }
  return { compared, otherwise, otherwiseTotal, more: accepted.length === mostSubmissions || refused.length === mostSubmissions };
};

let running = 0;

/** Tries a draft and compares. Throws what keeps the draft from being tried at all: wrong documents, unknown names, conflicts. */
export const whatIf = async (services: Services, principal: Principal, draft: Draft, days: number): Promise<WhatIf> => {
  if (running >= mostAtOnce) fail("general.overloaded", `${mostAtOnce} other drafts are being compared`, { retryAfterSeconds: 2 });
  running += 1;
  try {
    const { applied, assessment } = await tryDraft(services, principal, { edits: async () => [], ...draft });
    if (assessment === null) return fail("general.internal", "a draft was tried and not assessed");
    const turn = openTurns();
    const simulation = await giveWay(simulateInSteps(assessment.before, assessment.after), turn);
    const gains = linesOf(simulation, "gains");
    const losses = linesOf(simulation, "losses");
    const folders = await folderLines(services, principal, simulation, turn);
    const { more, ...submissions } = await decideSubmissions(services, principal, simulation, days, turn);
    const told = new Set(applied.flatMap((one) => one.notices));
    const confirmHint = problemCodes["identity.confirmation-needed"].hint;
    return {
      changes: applied,
      gains: gains.slice(0, mostLines),
      losses: losses.slice(0, mostLines),
      totals: {
        accounts: simulation.changed.length,
        gains: gains.length,
        losses: losses.length,
        uncompared: simulation.uncompared,
      },
      folders: folders.lines,
      submissions,
      guards: [
        ...(assessment.lockOut === null
          ? []
          : [{ code: assessment.lockOut.code, message: assessment.lockOut.message, hint: assessment.lockOut.hint, confirm: false }]),
        ...assessment.notices
          .filter((one) => one.confirm)
          .map(({ rule, text }) => ({ code: rule, message: text, hint: confirmHint, confirm: true })),
      ],
      tests: assessment.tests,
      notices: [
        // What is said of a change is said with it.
        ...assessment.notices.filter((one) => !one.confirm && !told.has(one.text)),
        ...(more ? [notice("what-if.older-left-out", `only the newest ${mostSubmissions} submissions were decided again`)] : []),
        ...(folders.more ? [notice("what-if.folders-left-out", `only ${mostFolders} folders with jobs are listed`)] : []),
        ...(simulation.uncompared > 0
          ? [
              notice(
                "what-if.accounts-left-out",
                `the roles of ${simulation.uncompared} more accounts change; what they gain and lose is not listed`,
              ),
            ]
          : []),
      ],
    };
  } finally {
    running -= 1;
  }
};
