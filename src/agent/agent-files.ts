/** The files that a join has left for the agent: who it is, where to dial, its key and certificate, the CA of its realm. */
import type { DataLayout } from "#kernel/data-layout.ts";
import { fail, ProblemError } from "#kernel/problem.ts";
import { readPrivateFile } from "#kernel/private-file.ts";
import { readAgentConfig, type AgentConfig } from "#nodes/rules/agent-config.ts";
import { readPartName } from "#nodes/rules/part-names.ts";
import type { ControllerCredentials } from "#agent/controller-link.ts";

const read = (path: string): string => {
  const bytes = readPrivateFile(path);
  return bytes === null
    ? fail("nodes.not-joined", `\`${path}\` is missing: this node has not joined a manager`, { hint: "join it with `behalf node join`" })
    : bytes.toString("utf8");
};

/** Reads the configuration. Fails with `nodes.not-joined` where there is none. */
export const readAgentFiles = (layout: DataLayout["agent"]): AgentConfig => {
  let value: unknown;
  try {
    value = JSON.parse(read(layout.config));
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    return fail("nodes.not-joined", `\`${layout.config}\` is not JSON`, { hint: "join the node again with `behalf node join`" });
  }
  const config = readAgentConfig(value);
  if (!config.ok) throw new ProblemError(config.problem);
  return config.value;
};

/** What the connection to the controller is made with, read anew so that a renewed certificate is used at the next dial. */
export const readControllerCredentials = (layout: DataLayout["agent"], config: AgentConfig): ControllerCredentials => ({
  urls: config.controllers.map((address) => `wss://${address}/agent`),
  key: read(layout.key),
  certificate: read(layout.certificate),
  ca: read(layout.ca),
  isManagerName: (uri) => {
    const name = readPartName(uri);
    return name?.role === "manager" && name.realmId === config.realm.id;
  },
});
