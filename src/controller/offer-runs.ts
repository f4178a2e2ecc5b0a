/**
 * Offers queued runs to one connected node: decides again with today's facts, builds the launch orders, mints the tokens, commits `offered`, and only
 * then lets the tokens leave (S2). What does not belong here: which runs, and when (`dispatcher.ts`).
 */
import { decide } from "#access/decide.ts";
import type { Principal } from "#identity/principal.ts";
import { endQueued, markOffered, queueAgain, readRunsToOffer, type RunToOffer } from "#jobs/dispatch-store.ts";
import { problem, ProblemError, type Problem } from "#kernel/problem.ts";
import { mintDelegationToken, orderDigestIn } from "#proof/delegation-token.ts";
import type { VerdictRecord } from "#proof/launch-order.ts";
import type { Stage, Writer } from "#store/store.ts";
import type { AgentSession } from "#controller/agent-session.ts";
import type { ControllerContext } from "#controller/controller-context.ts";
import { liveRunOf, tokenDigestFact, tokenDigestOf, type LiveRun } from "#controller/live-run.ts";
import type { JobRevision } from "#controller/ports.ts";
import { launchOrderOf } from "#controller/rules/launch-order-of.ts";
import { refusedOutcome } from "#controller/settle-run.ts";

export interface Offer {
  readonly run: RunToOffer;
  readonly live: LiveRun;
  readonly token: string;
  readonly digest: string;
  readonly journalId: string;
  readonly verdicts: readonly VerdictRecord[];
  readonly expiresAt: number;
}

interface Refusal {
  readonly run: RunToOffer;
  readonly problem: Problem;
  readonly verdicts: readonly VerdictRecord[];
}

/** A run as it is about to be offered, or why it is not. */
export type Prepared = Offer | Refusal;

interface SubmitterClaim {
  readonly amr: readonly string[];
  readonly authTime: number;
}

/** The proof that was given at submission. */
const readClaim = (json: string): SubmitterClaim | null => {
  try {
    const claim = JSON.parse(json) as { amr?: unknown; authTime?: unknown; auth_time?: unknown };
    const authTime = claim.authTime ?? claim.auth_time;
    if (!Array.isArray(claim.amr) || !claim.amr.every((method) => typeof method === "string") || typeof authTime !== "number") return null;
    return { amr: claim.amr, authTime };
  } catch {
    return null;
  }
};

const readArguments = (json: string): Readonly<Record<string, string>> | null => {
  try {
    const values = JSON.parse(json) as Record<string, unknown>;
    return Object.values(values).every((value) => typeof value === "string") ? (values as Record<string, string>) : null;
  } catch {
    return null;
  }
};

/** The question that is asked at submission and again at every offer. */
export const runQuestion = (
  jobPath: string,
  controller: string,
): { readonly permission: string; readonly path: string; readonly controller: string } => ({
  permission: "controller:runs:create",
  path: jobPath,
  controller,
});

const verdictOf = (
  context: ControllerContext,
  run: RunToOffer,
  principal: Principal | null,
  decidedAt: string,
): { readonly refused: Problem | null; readonly verdicts: VerdictRecord[] } => {
  const who = { part: "who" as const, question: `who is \`${run.submitter}\` today`, decidedAt };
  if (principal === null) {
    const text = `\`${run.submitterName}\` is unknown or disabled today`;
    const denial = { ...who, effect: "deny" as const, rule: "who.unknown", text, facts: { name: run.submitterName } };
    return { refused: problem("controller.submitter-unknown", text), verdicts: [denial] };
  }
  const question = runQuestion(run.jobPath, context.settings.name);
  const verdict = decide(question, principal.access);
  const verdicts: VerdictRecord[] = [
    {
      ...who,
      effect: "permit",
      rule: "who.known",
      text: `\`${principal.name}\` is known to service \`${principal.service}\` today`,
      facts: { name: principal.name, service: principal.service },
    },
    {
      part: "may",
      question: `may \`${principal.name}\` \`${question.permission}\` on \`${question.path}\` at controller \`${question.controller}\``,
      effect: verdict.effect,
      rule: verdict.because.rule,
      text: verdict.because.text,
      ...(verdict.because.facts === undefined ? {} : { facts: verdict.because.facts }),
      decidedAt,
    },
  ];
  return { refused: verdict.effect === "deny" ? verdict.problem : null, verdicts };
};

const prepare = (
  context: ControllerContext,
  session: AgentSession,
  journalId: string,
  run: RunToOffer,
  principal: Principal | null,
  revision: JobRevision | null,
): Prepared => {
  const nowMs = context.clock.nowMs();
  const { refused, verdicts } = verdictOf(context, run, principal, new Date(nowMs).toISOString());
  if (refused !== null || principal === null)
    return { run, problem: refused ?? problem("controller.submitter-unknown", "submitter unknown"), verdicts };
  if (revision === null)
    return { run, problem: problem("controller.job-missing", `revision ${run.jobRevision} of \`${run.jobPath}\` is gone`), verdicts };
  const attempt = run.attempt + 1;
  if (attempt > context.settings.maxAttempts)
    return { run, problem: problem("controller.attempts-used-up", `the run was offered ${run.attempt} times and never began`), verdicts };
  const claim = readClaim(run.submitterClaim);
  const values = readArguments(run.arguments);
  if (claim === null || values === null)
    return { run, problem: problem("controller.submission-unreadable", "the stored submission cannot be read"), verdicts };
  const submitter = { accessId: principal.accessId, name: principal.name, groups: principal.groups };
  const order = launchOrderOf({
    realm: context.realm(),
    node: { id: session.node.id, name: session.node.name, keyThumbprint: session.node.keyThumbprint },
    run: run.id,
    attempt,
    submission: run.submissionId,
    job: revision.job,
    revision: run.jobRevision,
    author: revision.author,
    arguments: values,
    submitter,
    actor: run.actor === run.submitter ? submitter : { accessId: run.actor, name: run.actorName, groups: [] },
    amr: claim.amr,
    authTime: claim.authTime,
    auditHead: context.audit.head(),
    nowMs,
    lifeMs: context.settings.tokenLifeMs,
  });
  let token: string;
  try {
    token = mintDelegationToken(order, context.signer());
  } catch (error) {
    if (error instanceof ProblemError) return { run, problem: error.problem, verdicts };
    throw error;
  }
  const digest = orderDigestIn(token);
  const tokenDigest = tokenDigestOf(token);
  const [who, may, ...rest] = verdicts;
  const kept =
    who === undefined || may === undefined ? verdicts : [who, { ...may, facts: { ...may.facts, [tokenDigestFact]: tokenDigest } }, ...rest];
  const live = liveRunOf(
    {
      id: run.id,
      node: session.node.name,
      state: "offered",
      attempt,
      journalId,
      orderDigest: digest,
      jobPath: run.jobPath,
      jobRevision: run.jobRevision,
      folder: run.folder,
      submitter: run.submitter,
      submissionId: run.submissionId,
      cancel: null,
      result: null,
      receipt: null,
      dispatchVerdicts: null,
    },
    revision.job,
    tokenDigest,
  );
  return { run, live, token, digest, journalId, verdicts: kept, expiresAt: order.exp * 1000 };
};

const announce = (
  context: ControllerContext,
  run: RunToOffer,
  node: string,
  change: { readonly state: "offered"; readonly attempt: number } | { readonly state: "ended"; readonly attempt: number },
): void =>
  context.changed({
    run: run.id,
    submission: run.submissionId,
    jobPath: run.jobPath,
    folder: run.folder,
    submitter: run.submitter,
    node,
    state: change.state,
    result: change.state === "ended" ? "refused" : null,
    attempt: change.attempt,
    atMs: context.clock.nowMs(),
  });

/** What today's facts make of these runs. Writes nothing. Rejects when the facts cannot be had. */
export const prepareOffers = async (
  context: ControllerContext,
  session: AgentSession,
  runs: readonly RunToOffer[],
): Promise<Prepared[]> => {
  const { journalId } = session;
  if (journalId === null) return [];
  // Principals are asked once per batch: a batch is one moment.
  const principals = new Map<string, Principal | null>();
  const prepared: Prepared[] = [];
  for (const run of runs) {
    let principal = principals.get(run.submitter);
    if (principal === undefined) {
      principal = await context.principalOf(run.submitter);
      principals.set(run.submitter, principal);
    }
    prepared.push(prepare(context, session, journalId, run, principal, await context.jobs.getRevision(run.jobPath, run.jobRevision)));
  }
  return prepared;
};

/** Writes the offers and refusals; returns those that are this transaction's: a run that is no longer queued is passed over. */
export const writeOffers = async (
  context: ControllerContext,
  node: string,
  prepared: readonly Prepared[],
  tx: Writer,
  stage: Stage,
): Promise<Prepared[]> => {
  const moved: Prepared[] = [];
  for (const one of prepared) {
    const { run } = one;
    if ("problem" in one) {
      const endedAt = context.clock.nowMs();
      const ended = await endQueued(tx, {
        id: run.id,
        result: "refused",
        endedAt,
        outcome: JSON.stringify(refusedOutcome(one.problem, new Date(endedAt).toISOString())),
        dispatchVerdicts: JSON.stringify(one.verdicts),
      });
      if (!ended) continue;
      context.audit.stageNote(stage, {
        actor: run.submitter,
        action: "runs.refuse",
        object: run.id,
        detail: { jobPath: run.jobPath, node, code: one.problem.code },
      });
    } else {
      const offered = await markOffered(tx, {
        id: run.id,
        attempt: one.live.attempt,
        journalId: one.journalId,
        orderDigest: one.digest,
        offeredAt: context.clock.nowMs(),
        tokenExpiresAt: one.expiresAt,
        dispatchVerdicts: JSON.stringify(one.verdicts),
      });
      if (!offered) continue;
      context.audit.stageNote(stage, {
        actor: run.submitter,
        action: "runs.offer",
        object: run.id,
        detail: {
          attempt: one.live.attempt,
          node,
          jobPath: run.jobPath,
          jobRevision: run.jobRevision,
          orderDigest: one.digest,
        },
      });
    }
    moved.push(one);
  }
  return moved;
};

/** Lets committed offers leave. Returns those that could not: their connection is gone. */
export const sendOffers = (context: ControllerContext, session: AgentSession, committed: readonly Prepared[]): Offer[] => {
  const unsent: Offer[] = [];
  for (const one of committed) {
    if ("problem" in one) {
      announce(context, one.run, session.node.name, { state: "ended", attempt: one.run.attempt });
      continue;
    }
    // INVARIANT: committed before it leaves. A token that never left is void: its attempt is over.
    if (session.offer(one.live, one.token)) announce(context, one.run, session.node.name, { state: "offered", attempt: one.live.attempt });
    else unsent.push(one);
  }
  return unsent;
};

/** Offers that never left: their runs wait again, for one more attempt. */
export const takeBack = async (context: ControllerContext, unsent: readonly Offer[]): Promise<void> => {
  if (unsent.length === 0) return;
  await context.store.write(async (tx) => {
    for (const { live } of unsent) await queueAgain(tx, { id: live.run, attempt: live.attempt });
  });
};

/**
 * Offers these queued runs to the node; runs that are no longer queued are passed over. Rejects when today's facts or the store cannot be
 * had: everything stays queued then.
 */
export const offerRuns = async (context: ControllerContext, session: AgentSession, ids: readonly string[]): Promise<void> => {
  const prepared = await prepareOffers(context, session, await readRunsToOffer(context.store.read, ids));
  if (prepared.length === 0) return;
  const committed = await context.store.write((tx, stage) => writeOffers(context, session.node.name, prepared, tx, stage));
  await takeBack(context, sendOffers(context, session, committed));
};
