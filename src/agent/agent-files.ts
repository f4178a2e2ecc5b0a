/** The files that a join has left for the agent: who it is, where to dial, its key and certificate, the CA of its realm. */
import { createPrivateKey, X509Certificate } from "node:crypto";
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

/** The text of a key or certificate that can be read as one: what cannot would only show as a failing handshake. */
const readPem = (path: string, what: string, parse: (pem: string) => unknown): string => {
  const pem = read(path);
  try {
    parse(pem);
  } catch {
    return fail("nodes.not-joined", `\`${path}\` holds no ${what}`, {
      hint: "restore it from a backup; or revoke the node at the manager with `behalf node revoke NAME`, and join it in another data folder",
    });
  }
  return pem;
};

const readCertificate = (path: string): string => readPem(path, "certificate", (pem) => new X509Certificate(pem));

/** What the connection to the controller is made with, read anew so that a renewed certificate is used at the next dial. */
export const readControllerCredentials = (layout: DataLayout["agent"], config: AgentConfig): ControllerCredentials => ({
  urls: config.controllers.map((address) => `wss://${address}/agent`),
  key: readPem(layout.key, "private key", createPrivateKey),
  certificate: readCertificate(layout.certificate),
  ca: readCertificate(layout.ca),
  isManagerName: (uri) => {
    const name = readPartName(uri);
    return name?.role === "manager" && name.realmId === config.realm.id;
  },
});
