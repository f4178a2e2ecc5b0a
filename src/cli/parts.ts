/** `behalf manager|agent|launcher`: one part in this process, for a deployment that is put together by other means (systemd, …). */
import { spawn } from "node:child_process";
import type { AddCommand } from "#cli/command.ts";
import { ExitCode } from "#cli/exit-code.ts";
import { managerArgs, managerOptions } from "#cli/manager-options.ts";
import { entryOf } from "#kernel/bundle.ts";
import type { PartName } from "#supervise/part.ts";
import { agentFlags, callerOfSudo, launcherFlags, managerFlags, quietFlags } from "#supervise/part-plans.ts";

/** Replaces this process as far as Node can: same standard streams, signals handed on, same exit code. */
const become = (part: PartName, nodeFlags: readonly string[], args: readonly string[]): Promise<void> =>
  new Promise((_resolve, reject) => {
    const child = spawn(process.execPath, [...quietFlags, ...nodeFlags, entryOf(part), ...args], {
      stdio: "inherit",
    });
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => child.kill(name === "SIGHUP" ? "SIGTERM" : name));
    child.on("exit", (code) => reject(new ExitCode(code ?? 1)));
    child.on("error", reject);
  });

export const addPartCommands: AddCommand = (program, act) => {
  const manager = program.command("manager").description("run only the manager, with the controller `main` in it");
  managerOptions(manager);
  manager.action(
    act(async ({ layout }, flags: Record<string, unknown>) => {
      await become("manager", managerFlags, [
        "--data",
        layout().root,
        "--owner-uid",
        String(process.getuid?.() ?? 0),
        ...managerArgs(flags),
      ]);
    }),
  );
  program
    .command("agent")
    .description("run only the agent of a node that has joined")
    .action(
      act(async ({ layout }) => {
        await become("agent", agentFlags, ["--data", layout().root]);
      }),
    );
  program
    .command("launcher")
    .description("run only the launcher of a node that has joined: the one privileged part")
    .option("--agent-uid <uid>", "uid of the agent's account, when it is not the launcher's own")
    .option("--agent-gid <gid>", "gid of the agent's account")
    .option("--part-uids <uids>", "uids of further accounts of Behalf, such as the manager's, with commas: no job runs as them")
    .action(
      act(async ({ layout }, flags: { agentUid?: string; agentGid?: string; partUids?: string }) => {
        const partUids = [...(flags.partUids === undefined ? [] : [flags.partUids]), ...callerOfSudo()];
        await become("launcher", launcherFlags, [
          "--data",
          layout().root,
          ...(flags.agentUid === undefined ? [] : ["--agent-uid", flags.agentUid]),
          ...(flags.agentGid === undefined ? [] : ["--agent-gid", flags.agentGid]),
          ...(partUids.length === 0 ? [] : ["--part-uids", partUids.join(",")]),
        ]);
      }),
    );
};
