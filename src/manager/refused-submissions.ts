/**
 * Submissions that were refused at the door, in the audit trail: who asked for which job, so that the record says so and a what-if can decide them
 * again. What does not belong here: deciding, and what was accepted (`jobs/recorded-submissions.ts`).
 *
 * SECURITY: whoever is refused can cause no more than a few records a minute: a job once, and only so many jobs (`submissions.test.ts`, "W9").
 */
import { readRefusals } from "#audit/read-refusals.ts";
import type { AuditTrail } from "#audit/audit-trail.ts";
import type { Principal } from "#identity/principal.ts";
import type { RecordedSubmission } from "#jobs/recorded-submissions.ts";
import type { Clock } from "#kernel/clock.ts";
import type { Problem } from "#kernel/problem.ts";
import type { Reader } from "#store/store.ts";

/** As of an accepted one (`jobs/submit.ts`). */
const action = "runs.create";
const windowMs = 60_000;
const mostJobs = 30;

/** One that has no submission, since it was refused. */
export type RefusedSubmission = Omit<RecordedSubmission, "id"> & { readonly id: null };

export interface RefusedSubmissions {
  /** Resolves once it is recorded, or is one too many of this minute. */
  record(principal: Principal, asked: { readonly job: string; readonly controller: string }, refusal: Problem): Promise<void>;
}

export const openRefusedSubmissions = ({ audit, clock }: { readonly audit: AuditTrail; readonly clock: Clock }): RefusedSubmissions => {
  let beganAtMs = 0;
  let recorded = new Map<string, Set<string>>();
  const isTooMuch = (accessId: string, job: string): boolean => {
    const nowMs = clock.nowMs();
    if (nowMs < beganAtMs || nowMs - beganAtMs >= windowMs) {
      beganAtMs = nowMs;
      recorded = new Map();
    }
    const jobs = recorded.get(accessId) ?? new Set();
    if (jobs.has(job) || jobs.size >= mostJobs) return true;
    recorded.set(accessId, jobs.add(job));
    return false;
  };
  return {
    record: async (principal, { job, controller }, refusal) => {
      if (isTooMuch(principal.accessId, job)) return;
      const detail = { submitter: principal.accessId, submitterName: principal.name, controller };
      await audit.refused({ actor: principal.accessId, action, object: job, detail }, refusal);
    },
  };
};

const textOf = (detail: Readonly<Record<string, unknown>>, field: string): string | null => {
  const value = detail[field];
  return typeof value === "string" ? value : null;
};

/** Those since `fromMs`, newest first, at most `most`. Which of the jobs there are, and who may know of them, is asked above. */
export const readRefusedSubmissions = async (
  reader: Reader,
  { fromMs, most }: { readonly fromMs: number; readonly most: number },
): Promise<readonly RefusedSubmission[]> =>
  (await readRefusals(reader, { action, fromMs, most })).flatMap(({ actor, object, atMs, detail }) => {
    const controller = textOf(detail, "controller");
    // A submission that was refused by its content has no controller in its record: it may be asked for.
    return controller === null
      ? []
      : [
          {
            id: null,
            job: object,
            controller,
            submitter: textOf(detail, "submitter") ?? actor,
            submitterName: textOf(detail, "submitterName") ?? actor,
            createdAtMs: atMs,
          },
        ];
  });
