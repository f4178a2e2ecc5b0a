/**
 * The launch order of one run, from the facts of the moment (S1, S2). What belongs here: which fact stands where. What does not:
 * deciding whether it may be made, and signing it. Pure.
 */
import type { Job } from "#jobs/rules/job.ts";
import type { LaunchOrder, PrincipalClaim } from "#proof/launch-order.ts";

export interface OrderFacts {
  readonly realm: LaunchOrder["realm"];
  readonly node: LaunchOrder["node"];
  readonly run: string;
  readonly attempt: number;
  readonly submission: string;
  readonly job: Job;
  readonly revision: number;
  readonly author: string;
  readonly arguments: Readonly<Record<string, string>>;
  readonly submitter: PrincipalClaim;
  readonly actor: PrincipalClaim;
  readonly amr: readonly string[];
  readonly authTime: number;
  readonly auditHead: LaunchOrder["auditHead"];
  readonly nowMs: number;
  readonly lifeMs: number;
}

/** Longest life of a delegation token (S2). */
export const longestTokenLifeMs = 300_000;

/** The order as it is signed. Times are whole seconds. */
export const launchOrderOf = (facts: OrderFacts): LaunchOrder => {
  const iat = Math.floor(facts.nowMs / 1000);
  const { job } = facts;
  return {
    version: 1,
    realm: facts.realm,
    node: facts.node,
    run: facts.run,
    attempt: facts.attempt,
    submission: facts.submission,
    job: { path: job.path, revision: facts.revision, author: facts.author },
    program: job.program,
    arguments: facts.arguments,
    environment: job.environment,
    workingDirectory: job.workingDirectory,
    umask: job.umask,
    as: job.as,
    requires: job.requires,
    limits: { timeoutMs: job.timeoutMs, graceMs: job.graceMs, outputBytes: job.outputBytes },
    submitter: facts.submitter,
    actor: facts.actor,
    amr: facts.amr,
    authTime: facts.authTime,
    auditHead: facts.auditHead,
    iat,
    exp: iat + Math.max(1, Math.floor(Math.min(facts.lifeMs, longestTokenLifeMs) / 1000)),
  };
};
