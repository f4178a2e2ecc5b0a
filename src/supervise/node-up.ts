/** `behalf node up`: launcher and agent of a node that has joined, held together until ctrl-C. */
import { existsSync } from "node:fs";
import { dataLayout } from "#kernel/data-layout.ts";
import { lineLog } from "#kernel/log.ts";
import { makePrivateFolder } from "#kernel/private-file.ts";
import { fail } from "#kernel/problem.ts";
import { callLauncher } from "#cli/launcher-client.ts";
import { launcherAnswers, makeNodeFolders, openParts, type Parts } from "#supervise/parts.ts";
import { agentPlan, launcherPlan } from "#supervise/part-plans.ts";
import { watchStart } from "#supervise/failed-start.ts";
import { resolveAccount } from "#supervise/host-account.ts";

export interface NodeUp {
  readonly nodeName: string;
  stop(tell: (text: string) => void): Promise<void>;
}

const startTimeoutMs = 30_000;
const drainMs = 10_000;

/** Starts or adopts launcher and agent; resolves when the launcher answers (the manager may be away). */
export const startNode = async (options: { dataFolder: string; agentAccount: string | null; leaveRunning: boolean }): Promise<NodeUp> => {
  const layout = dataLayout(options.dataFolder);
  if (!existsSync(layout.launcher.trust) || !existsSync(layout.agent.config)) {
    fail("nodes.not-joined", `\`${options.dataFolder}\` holds no node`, {
      hint: "join first: behalf node join --manager HOST:4901 --name NAME --token-file -",
    });
  }
  const agentAccount = resolveAccount(options.agentAccount, "--agent-account");
  makePrivateFolder(layout.root, agentAccount === null ? 0o700 : 0o711);
  makePrivateFolder(layout.supervisor.folder);
  makeNodeFolders(layout, agentAccount);
  const parts: Parts = await openParts({ layout, log: lineLog("supervisor", process.stderr) });
  try {
    const launcher = parts.add(launcherPlan(layout, { embedded: false, agentAccount, managerAccount: null }));
    const agent = parts.add(agentPlan(layout, agentAccount, { awaitsJoin: false }));
    const launcherStart = watchStart(launcher);
    await Promise.all([parts.resume(launcher), parts.resume(agent)]);
    await launcherStart.until(() => launcherAnswers(layout), startTimeoutMs, "the launcher does not answer");
    const { trust } = await callLauncher<{ trust: { node: { name: string } } }>(layout.launcher.adminSocket, { type: "trust-show" });
    return {
      nodeName: trust.node.name,
      stop: async (tell) => {
        if (!options.leaveRunning) {
          tell(`draining: running jobs get ${drainMs / 1000} s, then their normal termination`);
          await callLauncher(layout.launcher.adminSocket, { type: "drain", drainMs }, { timeoutMs: 24 * 3_600_000 }).catch(() => {});
          // What has ended travels to the manager while the agent is still there; it is journaled in any case.
          await new Promise((resolve) => setTimeout(resolve, 500));
        }
        await parts.close({ leaveLauncher: options.leaveRunning });
      },
    };
  } catch (error) {
    await parts.close({ leaveLauncher: false });
    throw error;
  }
};
