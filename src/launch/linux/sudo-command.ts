/**
 * The one command that an unprivileged launcher runs through sudo, the sudoers line that allows exactly it, and how a script gets to it.
 * The job and the kill helper use the same command, so one line is enough and it never says ALL for commands.
 *
 * sudo closes every descriptor above 2, resets the environment and adds its own variables: the script comes as standard input, opened again
 * by name, and `env -i` takes sudo's variables away.
 */
import { closeSync, existsSync, readFileSync } from "node:fs";
import { makeMemoryFile } from "#launch/linux/libc.ts";
import { makeScriptFile } from "#launch/linux/script-file.ts";
import { spawnProgram, type ProgramExit } from "#launch/linux/spawn-program.ts";

/** The one command; `/dev/stdin` is the script. */
const scriptCommand = ["/usr/bin/env", "-i", "/bin/sh", "/dev/stdin"] as const;

export const sudoFile = "/usr/bin/sudo";

/** `sudo -n`: never asks for a password, fails instead. The constant environment keeps PATH and locale away from it (O1). */
export const sudoEnvironment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"] as const;

export const sudoArguments = (user: string): string[] => ["sudo", "-n", "-u", user, "--", ...scriptCommand];

const escapeUser = (user: string): string => user.replaceAll(/[\\,:=@! ()]/g, "\\$&");

/** The exact line for /etc/sudoers.d. */
export const sudoersLine = (launcherAccount: string, user: string): string =>
  `${escapeUser(launcherAccount)} ALL=(${escapeUser(user)}) NOPASSWD: ${scriptCommand.join(" ")}`;

/** Hint for a missing line. */
export const sudoersHint = (launcherAccount: string, user: string): string =>
  `add with \`visudo -f /etc/sudoers.d/behalf\`: ${sudoersLine(launcherAccount, user)}`;

export const hasSudo = (): boolean => existsSync(sudoFile);

export interface ScriptAnswer {
  readonly exit: ProgramExit;
  readonly stdout: string;
}

const runCollecting = async (
  file: string,
  argv: readonly string[],
  environment: readonly string[],
  script: string,
): Promise<ScriptAnswer> => {
  const input = makeScriptFile(script);
  const output = makeMemoryFile("behalf-out");
  try {
    const program = spawnProgram({ file, argv, environment, descriptors: [input, output, output] });
    const exit = await program.exited;
    // By name: reading by number would go on where the program stopped writing.
    return { exit, stdout: readFileSync(`/proc/self/fd/${output}`, "utf8") };
  } finally {
    closeSync(input);
    closeSync(output);
  }
};

/** Runs a short script as the account through sudo and gives what it printed. */
export const runScriptBySudo = (user: string, script: string): Promise<ScriptAnswer> =>
  runCollecting(sudoFile, sudoArguments(user), sudoEnvironment, script);

/** Whether sudo would let this launcher run the command as the account. */
export const isAllowedBySudo = async (user: string): Promise<boolean> => {
  const answer = await runCollecting(sudoFile, ["sudo", "-n", "-u", user, "-l", "--", ...scriptCommand], sudoEnvironment, "");
  return answer.exit?.exitCode === 0;
};
