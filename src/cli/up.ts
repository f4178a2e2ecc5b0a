/** `behalf up`: everything on one machine until ctrl-C. What it says to the person is here; what it does is in `supervise/`. */
import type { AddCommand } from "#cli/command.ts";
import { dataFolderOf } from "#cli/context.ts";
import type { Output } from "#cli/output.ts";
import { isOwnAccount } from "#cli/kinds.ts";
import { managerOptions, managerArgs } from "#cli/manager-options.ts";
import { isKept } from "#kernel/kept-output.ts";
import { version } from "#kernel/version.ts";
import type { Up, UpOptions } from "#supervise/up.ts";

interface UpFlags {
  readonly managerAccount?: string;
  readonly agentAccount?: string;
  readonly leaveRunning?: boolean;
  readonly example: boolean;
}

const show = (output: Output, up: Up, flags: UpFlags): void => {
  const label = (name: string): string => output.paint("dim", name.padEnd(11));
  output.print(`\n${output.paint("bold", `Behalf ${version}`)}\n`);
  output.print(`  ${label("url")} ${output.paint("bold", up.instance.url)}`);
  if (up.firstAccount !== null) {
    output.print(`  ${label("account")} ${up.firstAccount.account}`);
    // SECURITY: also not by `behalf up > file` or as a service whose output is kept (S13: `up.test.ts`).
    output.print(
      isKept(1)
        ? `  ${label("password")} not shown where it would be kept; get one with: behalf account reset-password ${up.firstAccount.account}`
        : `  ${label("password")} ${output.paint("bold", up.firstAccount.oneTimePassword)}   one time, within an hour; you choose your own at the first sign-in`,
    );
  }
  output.print(`  ${label("data")} ${up.layout.root}`);
  output.print(
    `  ${label("separation")} ${up.separation === "none" ? "none: manager, agent and launcher run under one account (see --manager-account, --agent-account)" : "manager, agent and launcher run under accounts of their own"}`,
  );
  if (isOwnAccount(up.node))
    output.print(
      `  ${label("jobs")} ${output.paint("yellow", `with \`as: agent\` run as ${String(up.node["defaultJobAccount"])}, Behalf's own account: such a job can read its keys and act in its place`)}`,
    );
  if (up.example !== null) {
    const { run, result, runAs } = up.example;
    output.print(
      `  ${label("example")} /examples/whoami ${result === "succeeded" ? output.paint("green", `ran as ${runAs ?? "?"}`) : output.paint("yellow", result ?? "has not ended yet")}: behalf runs log ${run}`,
    );
  }
  output.print(
    `\nready in ${(up.readyMs / 1000).toFixed(2)} s; ctrl-C ${flags.leaveRunning === true ? "stops manager and agent, jobs go on" : "drains and stops everything"}`,
  );
};

export const addUpCommand: AddCommand = (program, act) => {
  const command = program
    .command("up")
    .description("run manager, controller, agent and launcher on this machine, on the embedded store, until ctrl-C")
    .option("--manager-account <name>", "as root: run the manager under this host account")
    .option("--agent-account <name>", "as root: run the agent under this host account")
    .option("--leave-running", "on ctrl-C leave launcher and jobs running; the next `behalf up` adopts them")
    .option("--no-example", "do not apply and run /examples/whoami at a first start");
  managerOptions(command);
  command.action(
    act(async ({ output, options: global }, flags: UpFlags & Record<string, unknown>) => {
      const { startUp } = await import("#supervise/up.ts");
      const options: UpOptions = {
        dataFolder: dataFolderOf({ ...global, data: global.data ?? process.env["BEHALF_DATA"] ?? ".behalf" }),
        managerArgs: managerArgs(flags),
        managerAccount: flags.managerAccount ?? null,
        agentAccount: flags.agentAccount ?? null,
        leaveRunning: flags.leaveRunning === true,
        example: flags.example,
      };
      // From here on a signal is remembered, also while things are starting.
      let signalled: (() => void) | null = null;
      const asked = new Promise<void>((resolve) => (signalled = resolve));
      for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => signalled?.());
      const up = await startUp(options);
      if (output.json)
        output.printJson({
          ...up.instance,
          data: up.layout.root,
          separation: up.separation,
          jobsRunAsOwnAccount: isOwnAccount(up.node),
          firstAccount: isKept(1) ? null : up.firstAccount,
          example: up.example,
          readyMs: Math.round(up.readyMs),
        });
      else show(output, up, flags);
      await asked;
      output.note("\nstopping");
      await up.stop((text) => output.note(text));
      output.note("stopped");
      // Adopted parts and left-running ones must not keep this process.
      setImmediate(() => process.exit(0));
    }),
  );
};
