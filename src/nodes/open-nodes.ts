/**
 * WHERE, at the manager: the nodes of this realm as the other rooms use them. The HTTP layer asks the engine before it calls what changes something; the
 * controller takes it as its directory of nodes.
 */
import { fail } from "#kernel/problem.ts";
import type { NodeFacts } from "#link/messages.ts";
import type { Writer } from "#store/store.ts";
import { enrolNode, inviteNode, type EnrolmentOptions, type Invitation, type JoinAnswer } from "#nodes/enrolment.ts";
import {
  dropInvitations,
  findActiveNode,
  hasActiveNode,
  findNode,
  findNodeByCertificate,
  listNodes,
  markRevoked,
  promoteCertificate,
  saveFacts,
  saveNextCertificate,
  saveReceiptPosition,
  saveSeen,
  type NodePage,
  type NodeRecord,
} from "#nodes/node-store.ts";
import { readPartName } from "#nodes/rules/part-names.ts";

export interface Nodes {
  invite(actor: string, given: { readonly name: unknown; readonly labels?: unknown }): Promise<Invitation>;
  /** Answers `/join`; throws a problem. */
  handleJoin(body: unknown): Promise<JoinAnswer>;
  /** Revokes the active node of that name and tells the listeners, who cut its connection. Throws `nodes.not-found`. */
  revoke(actor: string, name: string): Promise<NodeRecord>;
  /** Called with every node that was revoked, after it is durable. */
  onRevoked(listener: (node: NodeRecord) => void): void;
  /** The active node of that name. */
  get(name: string): Promise<NodeRecord | null>;
  exists(name: string): Promise<boolean>;
  list(filter: { readonly revoked?: boolean }, cursor: string | null, limit?: number): Promise<NodePage>;
  /** By id, active or revoked. */
  find(id: string): Promise<NodeRecord | null>;
  /** The id in an agent's URI name of this realm; null for everything else. */
  nodeIdOf(uriName: string): string | null;
  nodeByCertificate(fingerprint: string): Promise<NodeRecord | null>;
  /** A new certificate for an active node's agent. The present one stays good until the new one is used. */
  renewCertificate(nodeId: string, csrPem: string): Promise<string>;
  /** The agent has come with its renewed certificate: from then on only that one is good. False: it is not the node's, or no more. */
  certificateUsed(nodeId: string, fingerprint: string): Promise<boolean>;
  saveFacts(tx: Writer, nodeId: string, facts: NodeFacts, seenAtMs: number): Promise<void>;
  saveSeen(tx: Writer, nodeId: string, seenAtMs: number): Promise<void>;
  saveReceiptPosition(tx: Writer, nodeId: string, position: { readonly sequence: number; readonly hash: string }): Promise<void>;
}

/** The nodes of this realm. */
export const openNodes = (options: EnrolmentOptions): Nodes => {
  const { store, audit, clock, keys } = options;
  const revokedListeners: ((node: NodeRecord) => void)[] = [];
  return {
    invite: (actor, given) => inviteNode(options, actor, given),
    handleJoin: (body) => enrolNode(options, body),
    revoke: async (actor, name) => {
      const node = await findActiveNode(store.read, name);
      if (node === null) return fail("nodes.not-found", `there is no active node \`${name}\``);
      await audit.act({ actor, action: "nodes.revoke", object: name, detail: { nodeId: node.id } }, async (tx) => {
        if (!(await markRevoked(tx, node.id))) return fail("nodes.not-found", `there is no active node \`${name}\``);
        await dropInvitations(tx, name);
        return { result: null };
      });
      const revoked = { ...node, active: false };
      for (const listener of revokedListeners) listener(revoked);
      return revoked;
    },
    onRevoked: (listener) => {
      revokedListeners.push(listener);
    },
    get: (name) => findActiveNode(store.read, name),
    exists: (name) => hasActiveNode(store.read, name),
    list: (filter, cursor, limit) => listNodes(store.read, filter, cursor, limit),
    find: (id) => findNode(store.read, id),
    nodeIdOf: (uriName) => {
      const part = readPartName(uriName);
      return part?.role === "agent" && part.realmId === keys().realm.id ? part.nodeId : null;
    },
    nodeByCertificate: (fingerprint) => findNodeByCertificate(store.read, fingerprint.replaceAll(":", "").toLowerCase()),
    renewCertificate: async (nodeId, csrPem) => {
      const node = await findNode(store.read, nodeId);
      if (node === null || !node.active) return fail("nodes.not-found", `there is no active node with the id \`${nodeId}\``);
      const { certificateFingerprint, issueAgent } = await import("#nodes/internal-ca.ts");
      const certificate = await issueAgent(keys().ca, {
        realmId: keys().realm.id,
        nodeId,
        nodeName: node.name,
        csrPem,
        nowMs: clock.nowMs(),
        ...(options.agentCertificateLifeMs === undefined ? {} : { lifeMs: options.agentCertificateLifeMs() }),
      });
      const fingerprint = certificateFingerprint(certificate);
      return audit.act(
        { actor: `node:${node.name}`, action: "nodes.renew", object: node.name, detail: { nodeId, certificateFingerprint: fingerprint } },
        async (tx) => {
          if (!(await saveNextCertificate(tx, nodeId, fingerprint)))
            return fail("nodes.not-found", `there is no active node with the id \`${nodeId}\``);
          return { result: certificate };
        },
      );
    },
    certificateUsed: async (nodeId, fingerprint) =>
      store.write(async (tx, stage) => {
        const node = await findNode(tx, nodeId);
        if (node === null || !(await promoteCertificate(tx, nodeId, fingerprint))) return false;
        audit.stageNote(stage, {
          actor: `node:${node.name}`,
          action: "nodes.certificate-used",
          object: node.name,
          detail: { nodeId, certificateFingerprint: fingerprint, replaced: node.certificateFingerprint },
        });
        return true;
      }),
    saveFacts,
    saveSeen,
    saveReceiptPosition,
  };
};
