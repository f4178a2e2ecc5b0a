/** How setpriv is called: absolute path, constant environment, numbers only, `--` before operands (O1, O2). */
import { spawnProgram, type ProgramExit } from "#launch/linux/spawn-program.ts";
import type { OsAccount } from "#launch/process-port.ts";

export const setprivFile = "/usr/bin/setpriv";

/**
 * What setpriv and the prelude's shell see: two values that the launcher itself made. By them a later launcher recognises the process from
 * its first moment on; the job's own environment comes after the drop.
 */
export const setprivEnvironment = (run: string, tmpdir: string): string[] => [`BEHALF_RUN_ID=${run}`, `TMPDIR=${tmpdir}`];

/** Arguments that switch to the account (or stay, when the launcher already is it) and run the command. */
export const setprivArguments = (account: OsAccount, noNewPrivileges: boolean, command: readonly string[]): string[] => {
  const argv = ["setpriv"];
  if (process.getuid?.() === 0) argv.push(`--reuid=${account.uid}`, `--regid=${account.gid}`, `--groups=${account.groups.join(",")}`);
  argv.push("--inh-caps=-all", "--ambient-caps=-all");
  if (noNewPrivileges) argv.push("--no-new-privs");
  argv.push("--", ...command);
  return argv;
};

/** Runs a short command as the account, without input or output. */
export const runAsAccount = (account: OsAccount, command: readonly string[], nullDevice: number): Promise<ProgramExit> =>
  spawnProgram({
    file: setprivFile,
    argv: setprivArguments(account, false, command),
    environment: [],
    descriptors: [nullDevice, nullDevice, nullDevice],
  }).exited;
