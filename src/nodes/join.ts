/**
 * `behalf node join`, on the node (S5, S8): makes the agent's and the launcher's keys, asks the manager that the token names, and writes each part's files
 * into its own folder. The trust anchors never pass through the agent. Nothing is written before the manager has admitted the node.
 */
import { chownSync, existsSync, rmSync } from "node:fs";
import { createPrivateKey, X509Certificate } from "node:crypto";
import type { DataLayout } from "#kernel/data-layout.ts";
import { makePrivateFolder, readPrivateFile, writePrivateFile, type FileOwner } from "#kernel/private-file.ts";
import { fail } from "#kernel/problem.ts";
import type { NodePolicy } from "#launch/ports.ts";
import { generateSigningKey, keyThumbprint, privateKeyFromPem, rawPublicKey } from "#proof/keys.ts";
import { makeCertificateRequest } from "#nodes/certificate-request.ts";
import type { JoinAnswer } from "#nodes/enrolment.ts";
import { fetchPinnedCa, postJoin, readManagerAddress } from "#nodes/join-client.ts";
import type { AgentConfig } from "#nodes/rules/agent-config.ts";
import { readJoinToken } from "#nodes/rules/join-token.ts";
import { readNodeName } from "#nodes/rules/node-name.ts";
import { readNodeTable, type NodeTableEntry } from "#nodes/rules/node-table.ts";
import { agentUri } from "#nodes/rules/part-names.ts";
import { uriNamesOf } from "#link/uri-names.ts";

export interface JoinOptions {
  readonly layout: DataLayout;
  /** `host:port` of the agent listener; the token's own address when left out. */
  readonly managerAddress?: string;
  readonly nodeName: string;
  /** From standard input or a file, never from an argument (S8). */
  readonly token: string;
  /** First entries of the node's table; closed without them. An existing table is kept. */
  readonly table?: readonly NodeTableEntry[];
  /** The default job account and the uids that policy names; closed without them. An existing policy is kept. */
  readonly policy?: { readonly defaultJobAccount: string | null; readonly namedUids: readonly number[] };
  /** Called between the launcher's files and the agent's: a launcher that runs reads them before its agent says who it is. */
  readonly launcherJoined?: () => Promise<void>;
  /** As root: who owns the agent's files. */
  readonly agentOwner?: FileOwner;
  /** As root: who owns the launcher's files. */
  readonly launcherOwner?: FileOwner;
}

export interface JoinedNode {
  readonly node: { readonly id: string; readonly name: string };
  readonly realm: { readonly id: string; readonly name: string };
  readonly keyThumbprint: string;
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** What the manager gave must fit together and be for this node, before any of it is written. */
const checkAnswer = (
  answer: JoinAnswer,
  options: { readonly nodeName: string; readonly ca: string; readonly agentKeyPem: string },
): void => {
  const refuse = (why: string): never => fail("nodes.join-failed", `the manager's answer is refused: ${why}`);
  const readCertificate = (pem: string): X509Certificate => {
    try {
      return new X509Certificate(pem);
    } catch {
      return refuse("it holds no certificate");
    }
  };
  const ca = new X509Certificate(options.ca);
  const certificate = readCertificate(answer.certificate);
  if (readCertificate(answer.ca).fingerprint256 !== ca.fingerprint256) refuse("it names another certificate authority than the token");
  if (!certificate.verify(ca.publicKey)) refuse("the certificate is not signed by the authority that the token names");
  if (!certificate.checkPrivateKey(createPrivateKey(options.agentKeyPem))) refuse("the certificate is for another key");
  const { node, realm } = answer.trust;
  if (node.name !== options.nodeName) refuse(`it is for node \`${node.name}\``);
  if (!uriNamesOf(certificate.subjectAltName).includes(agentUri(realm.id, node.id))) refuse("the certificate names another node");
  if (answer.trust.issuers.length === 0) refuse("it names no issuer");
};

interface Planned {
  readonly path: string;
  readonly content: string;
  readonly owner: FileOwner | undefined;
  /** An existing file of that name is left as it is. */
  readonly keep?: boolean;
}

const writeAll = (files: readonly Planned[], written: string[]): void => {
  for (const { path, content, owner, keep } of files) {
    if (keep === true && existsSync(path)) continue;
    writePrivateFile(path, content, { owner: owner ?? null });
    written.push(path);
  }
};

const makeFolder = (path: string, owner: FileOwner | undefined): void => {
  if (!existsSync(path)) makePrivateFolder(path);
  if (owner !== undefined) chownSync(path, owner.uid, owner.gid);
};

/** Joins this data folder's node to a manager. Throws `nodes.*` problems; then nothing has changed here. */
export const joinNode = async (options: JoinOptions): Promise<JoinedNode> => {
  const { layout } = options;
  const token = readJoinToken(options.token);
  if (!token.ok) return fail(token.problem.code, token.problem.message, token.problem);
  const name = readNodeName(options.nodeName);
  if (!name.ok) return fail(name.problem.code, name.problem.message, name.problem);
  const table = readNodeTable({ version: 1, entries: options.table ?? [] });
  if (!table.ok) return fail(table.problem.code, table.problem.message, table.problem);
  if (existsSync(layout.launcher.trust) && existsSync(layout.agent.certificate))
    return fail("nodes.already-joined", `\`${layout.root}\` holds a node that has joined already`);
  const address = readManagerAddress(options.managerAddress ?? token.value.address);

  const ca = await fetchPinnedCa(address, token.value.caFingerprint);
  const { keyPem: agentKeyPem, csrPem } = makeCertificateRequest(name.value);
  // A launcher that runs already has made its key; a join that was cut short may have, too.
  const launcherPem = readPrivateFile(layout.launcher.key)?.toString("utf8") ?? generateSigningKey().privatePem;
  const launcherPublicKey = rawPublicKey(privateKeyFromPem(launcherPem));
  const answer = await postJoin(address, ca, { token: options.token, nodeName: name.value, csr: csrPem, launcherPublicKey });
  checkAnswer(answer, { nodeName: name.value, ca, agentKeyPem });

  const { trust } = answer;
  const dialled = options.managerAddress ?? token.value.address;
  const config: AgentConfig = {
    version: 1,
    node: { id: trust.node.id, name: trust.node.name },
    realm: { id: trust.realm.id, name: trust.realm.name },
    controllers: [...new Set([dialled, ...answer.controllers])],
  };
  const policy: NodePolicy = {
    version: 1,
    namedUids: options.policy?.namedUids ?? [],
    defaultJobAccount: options.policy?.defaultJobAccount ?? null,
    accounts: [],
    exclusive: "none",
  };
  const { agentOwner, launcherOwner } = options;
  makeFolder(layout.launcher.folder, launcherOwner);
  makeFolder(layout.agent.folder, agentOwner);
  const written: string[] = [];
  try {
    const launcherFiles = [
      { path: layout.launcher.key, content: launcherPem, owner: launcherOwner, keep: true },
      { path: layout.launcher.table, content: json(table.value), owner: launcherOwner, keep: true },
      { path: layout.launcher.policy, content: json(policy), owner: launcherOwner, keep: true },
      { path: layout.launcher.trust, content: json(trust), owner: launcherOwner },
    ];
    writeAll(launcherFiles, written);
    await options.launcherJoined?.();
    // Of an earlier join: it would be taken for a renewal of this one.
    for (const path of [layout.agent.nextKey, layout.agent.nextCertificate]) rmSync(path, { force: true });
    const agentFiles = [
      { path: layout.agent.key, content: agentKeyPem, owner: agentOwner },
      { path: layout.agent.ca, content: answer.ca, owner: agentOwner },
      { path: layout.agent.config, content: json(config), owner: agentOwner },
      // Last: its presence means that the join is complete.
      { path: layout.agent.certificate, content: answer.certificate, owner: agentOwner },
    ];
    writeAll(agentFiles, written);
  } catch (error) {
    for (const path of written) rmSync(path, { force: true });
    throw error;
  }
  return { node: config.node, realm: config.realm, keyThumbprint: keyThumbprint(launcherPublicKey) };
};
