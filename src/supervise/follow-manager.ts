/** The agent of this machine follows its own manager when that one listens elsewhere than at the last start (`--agent-port`, `--agent-host`). */
import { chownSync, readFileSync } from "node:fs";
import type { DataLayout } from "#kernel/data-layout.ts";
import { writePrivateFile } from "#kernel/private-file.ts";
import { readAgentConfig } from "#nodes/rules/agent-config.ts";
import type { Instance } from "#supervise/instance.ts";
import type { PartAccount } from "#supervise/part.ts";

/** Writes the new address into the agent's configuration; true when it has changed and the agent must read it again. */
export const followManager = (layout: DataLayout, instance: Instance, account: PartAccount | null): boolean => {
  const read = readAgentConfig(JSON.parse(readFileSync(layout.agent.config, "utf8")));
  // An unreadable configuration is the agent's own problem to report.
  if (!read.ok || read.value.controllers.includes(instance.agentListener)) return false;
  writePrivateFile(layout.agent.config, `${JSON.stringify({ ...read.value, controllers: [instance.agentListener] }, null, 2)}\n`);
  if (account !== null) chownSync(layout.agent.config, account.uid, account.gid);
  return true;
};
