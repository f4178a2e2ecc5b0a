/** A run as the API shows it, how a command waits for its end, and the sentence that says how it ended. */
import type { Outcome, VerdictRecord } from "#proof/launch-order.ts";
import type { ApiClient } from "#cli/api-client.ts";
import { plainText, type Output } from "#cli/output.ts";

export interface RunView {
  readonly id: string;
  readonly submission: string;
  readonly job: string;
  readonly jobRevision: number;
  readonly node: string;
  readonly state: string;
  readonly result: string | null;
  readonly submitter: { readonly accessId: string; readonly name: string };
  readonly actor: { readonly accessId: string; readonly name: string };
  readonly runAs: string | null;
  readonly attempt: number;
  readonly exitCode: number | null;
  readonly queuedAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly logBytes: number;
  readonly cancelRequested: { readonly by: string; readonly reason: string } | null;
  readonly outcome: Outcome | null;
  readonly verdicts: readonly VerdictRecord[];
}

/** Waits for the end by the run's own event stream; a broken stream is opened again. */
export const waitForRun = async (client: ApiClient, id: string, output: Output): Promise<RunView> => {
  const begin = performance.now();
  for (;;) {
    let run = await client.call<RunView>("GET", `/api/v1/runs/${id}`);
    if (run.state === "ended") {
      output.progress(null);
      return run;
    }
    const ticker = setInterval(
      () => output.progress(`${id} is ${run.state} on ${run.node}, ${Math.round((performance.now() - begin) / 1000)} s`),
      1000,
    );
    try {
      for await (const event of client.events(`/api/v1/runs/${id}/events`)) {
        if (event.event !== "run") continue;
        run = JSON.parse(event.data) as RunView;
        if (run.state === "ended") break;
      }
    } finally {
      clearInterval(ticker);
    }
  }
};

/** One sentence: how it ended, and why when it did not succeed. */
export const describeResult = (output: Output, run: RunView): string => {
  const outcome = run.outcome;
  const took =
    outcome?.durationMs === null || outcome?.durationMs === undefined
      ? ""
      : ` in ${(outcome.durationMs / 1000).toFixed(outcome.durationMs < 10_000 ? 2 : 0)} s`;
  const as = run.runAs === null ? "" : ` as ${plainText(run.runAs)}`;
  switch (run.result) {
    case "succeeded":
      return `${output.paint("green", "succeeded")}${as} on ${run.node}${took}`;
    case "failed": {
      const why = outcome?.launchProblem
        ? `${outcome.launchProblem.code}: ${plainText(outcome.launchProblem.message)}`
        : outcome?.signal
          ? `ended by ${outcome.signal}`
          : `exit code ${outcome?.exitCode ?? "?"}`;
      return `${output.paint("red", "failed")}${as} on ${run.node}${took}: ${why}`;
    }
    case "timed-out":
      return `${output.paint("red", "timed out")}${as} on ${run.node}${took}`;
    case "cancelled": {
      const by = outcome?.cancelled ?? run.cancelRequested;
      return `${output.paint("yellow", "cancelled")} on ${run.node}${by === null ? "" : ` by ${plainText(by.by)}${by.reason === "" ? "" : `: ${plainText(by.reason)}`}`}`;
    }
    case "refused": {
      const refused = run.verdicts.findLast((verdict) => verdict.effect === "deny");
      const problem = outcome?.launchProblem;
      return `${output.paint("red", "refused")} on ${run.node}: ${problem ? `${problem.code}: ${plainText(problem.message)}\n  hint: ${plainText(problem.hint)}` : plainText(refused?.text ?? "see `behalf explain run`")}`;
    }
    default:
      return `${output.paint("yellow", run.result ?? run.state)} on ${run.node}: its exit could not be known; it is not counted as a success`;
  }
};
