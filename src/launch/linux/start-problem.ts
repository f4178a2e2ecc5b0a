/**
 * Why a job's own program never began, from what the prelude told and how the process ended (O7). Exit codes alone say nothing: a job may
 * end with 1, 126 or 127 itself. Pure.
 */
import { problem, type Problem } from "#kernel/problem.ts";
import { errorNumber } from "#launch/linux/libc.ts";
import type { PreludeSpec } from "#launch/linux/prelude.ts";
import { readStatus } from "#launch/linux/prelude.ts";
import type { ProgramExit } from "#launch/linux/spawn-program.ts";

const shown = (text: string): string => text.slice(0, 200).replaceAll(/[\p{C}`]/gu, "?");

const exhausted: readonly (keyof typeof errorNumber)[] = ["EMFILE", "ENFILE", "EAGAIN", "ENOMEM"];

/** Why no process could be made: the node has no room for one at present, or something else that its log has. */
export const unstartedProblem = (error: unknown): Problem => {
  const errno = Math.abs(Number((error as { readonly errno?: unknown } | null)?.errno ?? 0));
  const short = exhausted.find((name) => errorNumber[name] === errno);
  return short === undefined
    ? problem("launch.start-failed", "the node could not start a process", {
        hint: "run the job again; the launcher's log on the node has the cause",
      })
    : problem("launch.node-exhausted", `the node has no room for another process at present: \`${short}\``);
};

/** Null: the job began. */
export const startProblem = (
  statusText: string,
  exit: ProgramExit,
  spec: Pick<PreludeSpec, "account" | "program" | "workingDirectory" | "run">,
): Problem | null => {
  const status = readStatus(statusText);
  if (status.began) return null;
  const { account } = spec;
  switch (status.word) {
    case "exec": {
      const file = spec.program.kind === "program" ? shown(spec.program.file) : "/bin/sh";
      return status.number === 127
        ? problem("launch.program-not-found", `the program \`${file}\` was not found by account \`${account.user}\``, {
            hint: "correct `run.program` or the PATH in the job's environment; a script's interpreter counts too",
          })
        : problem("launch.program-not-executable", `the program \`${file}\` cannot be executed by account \`${account.user}\``, {
            hint: `as that account: \`test -x '${file}'\`; make the file executable for \`${account.user}\`, or name its interpreter as the program`,
          });
    }
    case "directory":
      return problem(
        "launch.directory-unreadable",
        `the working directory \`${shown(spec.workingDirectory ?? "")}\` cannot be entered by account \`${account.user}\``,
        {
          hint: `give \`${account.user}\` access to the directory and all above it, or set another \`workingDirectory\``,
        },
      );
    case "identity":
      return problem("launch.identity-not-taken", `the process did not become exactly account \`${account.user}\` (uid ${account.uid})`);
    case "tree":
      return problem("launch.tree-not-held", "the process could not be put into its control group");
    case "tmp":
      return problem("launch.start-failed", `the private TMPDIR of \`${spec.run}\` could not be made by account \`${account.user}\``);
    default: {
      const how = exit === null ? "it is not known how" : exit.signal !== null ? `by ${exit.signal}` : `with exit code ${exit.exitCode}`;
      return problem("launch.start-failed", `the start ended before the job began (${how})`, {
        hint: "look at the run's error output and the launcher's log on the node; a variable with a name that the shell reserves ends a start too",
      });
    }
  }
};
