/** The command tree. One file per command; this one names them, their common options, and how failures end. */
import { Command, CommanderError } from "commander";
import { fileProblemOf } from "#kernel/file-problem.ts";
import { problem, ProblemError } from "#kernel/problem.ts";
import { version } from "#kernel/version.ts";
import { addAccountCommands } from "#cli/account.ts";
import { addApplyCommand } from "#cli/apply.ts";
import { addAuditCommands } from "#cli/audit.ts";
import { addCompleteCommand } from "#cli/complete.ts";
import { addCompletionCommand } from "#cli/completion.ts";
import type { Act } from "#cli/command.ts";
import { createContext, type GlobalOptions } from "#cli/context.ts";
import { addCredentialCommands } from "#cli/credential.ts";
import { addDeleteCommand } from "#cli/delete.ts";
import { addDoctorCommand } from "#cli/doctor.ts";
import { ExitCode } from "#cli/exit-code.ts";
import { addExplainCommand } from "#cli/explain.ts";
import { addGetCommand } from "#cli/get.ts";
import { addImportCommands } from "#cli/import.ts";
import { addLoginCommands } from "#cli/login.ts";
import { addNodeCommands } from "#cli/node.ts";
import { createOutput, exitCodeOf, renderProblem } from "#cli/output.ts";
import { addPartCommands } from "#cli/parts.ts";
import { addPolicyCommands } from "#cli/policy.ts";
import { addRealmCommands } from "#cli/realm.ts";
import { addRoleCommands } from "#cli/role.ts";
import { addRunCommand } from "#cli/run.ts";
import { addRunsCommands } from "#cli/runs.ts";
import { addUpCommand } from "#cli/up.ts";

const act: Act =
  (action) =>
  async (...all) => {
    const command = all.at(-1) as Command;
    await action(createContext(command.optsWithGlobals<GlobalOptions>()), ...(all.slice(0, -1) as never[]));
  };

/** Builds the whole command tree (also what completion and the golden help are made from). */
export const buildProgram = (): Command => {
  const program = new Command("behalf")
    .description("Run every job on behalf of the right user: who may act, what they may do, on which node, and as whom the job runs.")
    .version(version, "-V, --version", "print the version")
    .option("--json", "answer with one JSON document")
    .option("--no-color", "no colours, even on a terminal")
    .option("--url <url>", "the manager to talk to (else BEHALF_URL, else the nearest .behalf folder's own)")
    .option("--data <dir>", "the data folder (else BEHALF_DATA, else the nearest .behalf, else ./.behalf)")
    .option("--ca <file>", "trust this certificate authority for an https URL (else BEHALF_CA)")
    .helpOption("-h, --help", "show help")
    .helpCommand("help [command]", "show help for a command")
    .configureHelp({ helpWidth: 110, showGlobalOptions: false })
    .addHelpText("after", "\nExit codes: 0 ok, 1 failed, 2 usage, 3 denied, 4 not found, 5 conflict, 6 unreachable.");
  for (const add of [
    addUpCommand,
    addPartCommands,
    addLoginCommands,
    addApplyCommand,
    addGetCommand,
    addDeleteCommand,
    addRunCommand,
    addRunsCommands,
    addExplainCommand,
    addPolicyCommands,
    addCredentialCommands,
    addNodeCommands,
    addRealmCommands,
    addAccountCommands,
    addRoleCommands,
    addImportCommands,
    addAuditCommands,
    addDoctorCommand,
    addCompletionCommand,
    addCompleteCommand,
  ]) {
    add(program, act);
  }
  const settle = (command: Command): void => {
    command.exitOverride().configureOutput({ outputError: () => {} });
    for (const child of command.commands) settle(child);
  };
  settle(program);
  return program;
};

const usageProblem = (error: CommanderError): ProblemError => {
  const message =
    error.message
      .replace(/^error: /, "")
      .replaceAll("'", "`")
      .split("\n")[0] ?? "wrong usage";
  const suggestion = /\(Did you mean (.+?)\?\)/.exec(error.message)?.[1];
  return new ProblemError(
    problem("cli.usage", message, suggestion === undefined ? {} : { hint: `did you mean \`${suggestion}\`? See \`behalf --help\`` }),
  );
};

/** Runs one command line; answers the exit code. */
export const runProgram = async (args: readonly string[]): Promise<number> => {
  const json = args.includes("--json");
  const output = createOutput({ json, noColour: args.includes("--no-color") });
  try {
    const program = buildProgram();
    if (args.length === 0) {
      program.outputHelp();
      return 2;
    }
    await program.parseAsync([...args], { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof ExitCode) return error.code;
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    if (error instanceof CommanderError && error.code === "commander.help") return 2;
    const refused = error instanceof CommanderError ? usageProblem(error) : error;
    const shown = refused instanceof ProblemError ? refused.problem : fileProblemOf(refused);
    if (shown !== null) {
      if (json) output.printJson({ problem: shown });
      else process.stderr.write(`${renderProblem(output, shown)}\n`);
      return exitCodeOf(shown);
    }
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return 1;
  }
};
