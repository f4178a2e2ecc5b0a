/**
 * Running again what has run: new requests with the arguments of then, for the nodes of then, decided and planned as they are today (E13). What
 * does not belong here: who may, which the caller has asked for each job.
 */
import type { Principal } from "#identity/principal.ts";
import type { VerdictRecord } from "#proof/launch-order.ts";
import type { JobsContext } from "#jobs/jobs-context.ts";
import { repeatsOf } from "#jobs/rules/repeat.ts";
import { readArguments, type RunSummary } from "#jobs/run-queries.ts";
import { findMissingNodes, submit, type SubmitAnswer, type SubmitOptions } from "#jobs/submit.ts";

export interface RunAgainOptions extends Omit<SubmitOptions, "partial"> {
  readonly comment?: string;
  /** Who and may, as decided for each job. */
  readonly verdicts: ReadonlyMap<string, readonly VerdictRecord[]>;
}

/** Submits the runs again, as few submissions as say the same, in one act. What cannot be accepted today is told with its reason; the others go on. */
export const runAgain = async (
  context: JobsContext,
  principal: Principal,
  /** In the order in which they shall run; at most `mostAtOnce`. */
  runs: readonly RunSummary[],
  { comment, verdicts, ...options }: RunAgainOptions,
): Promise<SubmitAnswer> => {
  const given = await readArguments(context.store.read, [...new Set(runs.map(({ submissionId }) => submissionId))]);
  const missing = await findMissingNodes(
    context,
    runs.map(({ node }) => node),
  );
  const repeats = repeatsOf(
    runs.map(({ id, job, node, submissionId }) => ({
      run: id,
      job,
      node,
      arguments: given.get(submissionId) ?? {},
      alone: missing.has(node),
    })),
  );
  const requests = repeats.map(({ again, ...repeat }) => ({
    ...repeat,
    on: again.map(({ node }) => node),
    again,
    verdicts: verdicts.get(repeat.job) ?? [],
    ...(comment === undefined ? {} : { comment }),
  }));
  return submit(context, principal, requests, { ...options, partial: true });
};
