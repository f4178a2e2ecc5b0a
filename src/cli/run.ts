/** `behalf run JOB`: one submission; with `--wait` or `--follow` it stays until every run has ended. */
import { fail } from "#kernel/problem.ts";
import type { AddCommand } from "#cli/command.ts";
import { ExitCode } from "#cli/exit-code.ts";
import { followLog } from "#cli/follow-log.ts";
import { renderTable } from "#cli/output.ts";
import type { RunView } from "#cli/run-view.ts";
import { describeResult, waitForRun } from "#cli/run-view.ts";

interface SubmissionAnswer {
  readonly id: string;
  readonly job: string;
  readonly runs: readonly { readonly id: string; readonly node: string }[];
}

const collect = (value: string, before: string[]): string[] => [...before, value];

const readArguments = (given: readonly string[]): Record<string, string> => {
  const values: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const text of given) {
    const equals = text.indexOf("=");
    if (equals < 1) fail("cli.usage", `\`${text}\` is not an argument`, { hint: "give it as `--arg NAME=VALUE`" });
    const name = text.slice(0, equals);
    if (name in values) fail("cli.usage", `the argument \`${name}\` is given twice`);
    values[name] = text.slice(equals + 1);
  }
  return values;
};

export const addRunCommand: AddCommand = (program, act) => {
  program
    .command("run")
    .description("submit a job; answers as soon as it is accepted, unless told to wait")
    .argument("<job>", "path of the job, e.g. /examples/whoami")
    .option("--on <node>", "node to run on instead of the job's own; several times", collect, [])
    .option("--arg <name=value>", "an argument for a declared parameter; several times", collect, [])
    .option("--comment <text>", "why, kept with the submission")
    .option("--idempotency-key <key>", "the same key again gives the same submission, not a second one")
    .option("-w, --wait", "wait until it has ended; the exit code says whether it succeeded")
    .option("-f, --follow", "wait and show its output as it is written")
    .action(
      act(
        async (
          { api, output },
          job: string,
          options: { on: string[]; arg: string[]; comment?: string; idempotencyKey?: string; wait?: boolean; follow?: boolean },
        ) => {
          const client = api();
          const submission = await client.call<SubmissionAnswer>(
            "POST",
            "/api/v1/submissions",
            {
              job,
              arguments: readArguments(options.arg),
              ...(options.on.length === 0 ? {} : { on: options.on }),
              ...(options.comment === undefined ? {} : { comment: options.comment }),
            },
            options.idempotencyKey === undefined ? {} : { "idempotency-key": options.idempotencyKey },
          );
          if (options.wait !== true && options.follow !== true) {
            if (output.json) return output.printJson(submission);
            output.print(
              renderTable(
                output,
                ["run", "node"],
                submission.runs.map((run) => [run.id, run.node]),
                "no runs",
              ),
            );
            output.note(output.paint("dim", `follow it with: behalf runs log --follow ${submission.runs[0]?.id ?? "RUN"}`));
            return;
          }
          const ended: RunView[] = [];
          for (const run of submission.runs) {
            if (options.follow === true && !output.json) {
              if (submission.runs.length > 1) output.note(output.paint("dim", `--- ${run.node}`));
              await followLog(client, run.id, { offset: 0, show: "all" });
            }
            ended.push(await waitForRun(client, run.id, output));
          }
          if (output.json) output.printJson({ ...submission, runs: ended });
          else for (const run of ended) output.note(describeResult(output, run));
          if (ended.some((run) => run.result !== "succeeded")) throw new ExitCode(ended.some((run) => run.result === "refused") ? 3 : 1);
        },
      ),
    );
};
