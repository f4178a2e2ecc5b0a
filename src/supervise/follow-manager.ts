/** The agent of this machine follows its own manager when that one listens elsewhere than at the last start (`--agent-port`, `--agent-host`). */
import type { DataLayout } from "#kernel/data-layout.ts";
import { readPrivateFile, writePrivateFile } from "#kernel/private-file.ts";
import { readAgentConfig, type AgentConfig } from "#nodes/rules/agent-config.ts";
import type { Instance } from "#supervise/instance.ts";
import type { PartAccount } from "#supervise/part.ts";

/** Null for one that cannot be used: the agent itself reports why. */
const readConfig = (path: string): AgentConfig | null => {
  try {
    const read = readAgentConfig(JSON.parse(readPrivateFile(path)?.toString("utf8") ?? ""));
    return read.ok ? read.value : null;
  } catch {
    return null;
  }
};

/** Writes the new address into the agent's configuration; true when it has changed and the agent must read it again. */
export const followManager = (layout: DataLayout, instance: Instance, account: PartAccount | null): boolean => {
  const config = readConfig(layout.agent.config);
  if (config === null || config.controllers.includes(instance.agentListener)) return false;
  writePrivateFile(layout.agent.config, `${JSON.stringify({ ...config, controllers: [instance.agentListener] }, null, 2)}\n`, {
    owner: account,
  });
  return true;
};
