/**
 * How a node becomes one, at the manager (S8): an invitation bound to a name, used once within an hour, gives the agent its certificate and the launcher
 * its trust anchors. The node's side is `join.ts`. Who may invite is asked by the HTTP layer.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import type { Clock } from "#kernel/clock.ts";
import { newId } from "#kernel/ids.ts";
import { fail } from "#kernel/problem.ts";
import { object, readShape, text } from "#kernel/shape.ts";
import { sha256Hex } from "#proof/digest.ts";
import { isRawPublicKey, keyThumbprint } from "#proof/keys.ts";
import type { AuditTrail } from "#audit/audit-trail.ts";
import type { Store } from "#store/store.ts";
import { isUniqueViolation } from "#store/store-problem.ts";
import { issuerOf, type ManagerKeys } from "#nodes/manager-keys.ts";
import { findInvitation, findNodeByKey, hasActiveNode, insertNode, replaceInvitation, takeInvitation } from "#nodes/node-store.ts";
import { isListenerAddress, renderJoinToken } from "#nodes/rules/join-token.ts";
import { readLabels, readNodeName } from "#nodes/rules/node-name.ts";
import type { NodeTrust } from "#nodes/rules/node-trust.ts";

export const invitationLifeMs = 3_600_000;

export interface EnrolmentOptions {
  readonly store: Store;
  readonly audit: AuditTrail;
  readonly clock: Clock;
  /** Asked at every use: keys are rotated and epochs rise while the manager runs. */
  readonly keys: () => ManagerKeys;
  /** `host:port` at which nodes reach the agent listener, as they are told. */
  readonly listenerAddress: () => string;
  /** For tests: how long agents' certificates live. */
  readonly agentCertificateLifeMs?: () => number;
}

export interface Invitation {
  /** Shown once; only its hash is kept. */
  readonly token: string;
  readonly nodeName: string;
  readonly address: string;
  readonly expiresAtMs: number;
}

/** What a joining node sends to `/join`. */
export interface JoinRequest {
  readonly token: string;
  readonly nodeName: string;
  /** PEM of a PKCS #10 request for a P-256 key. */
  readonly csr: string;
  /** Raw Ed25519, base64url. */
  readonly launcherPublicKey: string;
}

/** What it gets back. */
export interface JoinAnswer {
  readonly trust: NodeTrust;
  readonly certificate: string;
  readonly ca: string;
  /** `host:port` of the agent listeners. */
  readonly controllers: readonly string[];
}

const joinRequestShape = object({
  token: text({ min: 1, max: 600 }),
  nodeName: text({ min: 1, max: 255 }),
  csr: text({ min: 1, max: 8192 }),
  launcherPublicKey: text({ min: 43, max: 43 }),
});

const tokenHashOf = (token: string): string => sha256Hex(token);

/** Makes the one open invitation of a name. Throws `nodes.name-taken` while a node of that name is active. */
export const inviteNode = async (
  options: EnrolmentOptions,
  actor: string,
  given: { readonly name: unknown; readonly labels?: unknown },
): Promise<Invitation> => {
  const { audit, clock, keys, store } = options;
  const name = readNodeName(given.name);
  if (!name.ok) return fail(name.problem.code, name.problem.message, name.problem);
  const labels = readLabels(given.labels ?? {});
  if (!labels.ok) return fail(labels.problem.code, labels.problem.message, labels.problem);
  const nodeName = name.value;
  const address = options.listenerAddress();
  if (!isListenerAddress(address)) return fail("general.internal", "the agent listener has no address that a node could dial");
  if (await hasActiveNode(store.read, nodeName))
    return fail("nodes.name-taken", `there is an active node \`${nodeName}\``, { hint: `revoke it first: behalf node revoke ${nodeName}` });

  const token = renderJoinToken({ secret: randomBytes(32).toString("hex"), caFingerprint: keys().ca.fingerprint, address });
  const nowMs = clock.nowMs();
  const expiresAtMs = nowMs + invitationLifeMs;
  return audit.act(
    { actor, action: "nodes.invite", object: nodeName, detail: { labels: labels.value, expiresAt: expiresAtMs } },
    async (tx) => {
      if (await hasActiveNode(tx, nodeName))
        return fail("nodes.name-taken", `there is an active node \`${nodeName}\``, {
          hint: `revoke it first: behalf node revoke ${nodeName}`,
        });
      await replaceInvitation(tx, {
        tokenHash: tokenHashOf(token),
        nodeName,
        labels: JSON.stringify(labels.value),
        createdBy: actor,
        nowMs,
        expiresAtMs,
      });
      return { result: { token, nodeName, address, expiresAtMs } };
    },
  );
};

const refuseToken = (): never => fail("nodes.bad-token", "the join token is unknown, used, expired or bound to another name");

/**
 * Admits a node for a valid token. Throws `nodes.bad-token` for everything that is wrong with it, in one text; the token stays usable when something
 * else is wrong with the request. SECURITY: two requests with one token admit one node: `enrolment.test.ts`.
 */
export const enrolNode = async (options: EnrolmentOptions, body: unknown): Promise<JoinAnswer> => {
  const { audit, clock, store } = options;
  const keys = options.keys();
  const read = readShape(joinRequestShape, body, "the join request");
  if (!read.ok) return fail("nodes.bad-request", read.problem.message, { also: [read.problem] });
  const { token, csr, launcherPublicKey } = read.value;
  if (!isRawPublicKey(launcherPublicKey)) return fail("nodes.bad-request", "the launcher's key is not 32 bytes in base64url");

  const tokenHash = tokenHashOf(token);
  const invitation = await findInvitation(store.read, tokenHash);
  const nowMs = clock.nowMs();
  if (
    invitation === null ||
    !timingSafeEqual(Buffer.from(invitation.tokenHash, "latin1"), Buffer.from(tokenHash, "latin1")) ||
    invitation.used ||
    invitation.expiresAtMs <= nowMs ||
    invitation.nodeName !== read.value.nodeName
  ) {
    await audit.note({
      actor: "part:join",
      action: "nodes.join-refused",
      object: invitation?.nodeName ?? "unknown",
      detail: { code: "nodes.bad-token" },
    });
    return refuseToken();
  }

  const { nodeName } = invitation;
  const nodeId = newId("nod", nowMs);
  const thumbprint = keyThumbprint(launcherPublicKey);
  // Before the transaction, which may await only its own queries; a certificate that nobody gets and no row names opens nothing.
  const { certificateFingerprint, issueAgent } = await import("#nodes/internal-ca.ts");
  const certificate = await issueAgent(keys.ca, {
    realmId: keys.realm.id,
    nodeId,
    nodeName,
    csrPem: csr,
    nowMs,
    ...(options.agentCertificateLifeMs === undefined ? {} : { lifeMs: options.agentCertificateLifeMs() }),
  });
  const fingerprint = certificateFingerprint(certificate);

  return audit.act(
    {
      actor: `node:${nodeName}`,
      action: "nodes.join",
      object: nodeName,
      detail: { nodeId, keyThumbprint: thumbprint, certificateFingerprint: fingerprint },
    },
    async (tx) => {
      if (!(await takeInvitation(tx, tokenHash, clock.nowMs()))) return refuseToken();
      if (await hasActiveNode(tx, nodeName)) return fail("nodes.name-taken", `there is an active node \`${nodeName}\``);
      const other = await findNodeByKey(tx, thumbprint);
      if (other !== null) return fail("nodes.key-in-use", `the launcher's key is that of node \`${other.name}\``);
      try {
        await insertNode(tx, {
          id: nodeId,
          name: nodeName,
          publicKey: launcherPublicKey,
          keyThumbprint: thumbprint,
          certificateFingerprint: fingerprint,
          labels: invitation.labels,
          joinedAtMs: nowMs,
        });
      } catch (error) {
        // Another process of the same realm was faster.
        if (isUniqueViolation(error)) return fail("nodes.name-taken", `there is an active node \`${nodeName}\``, { cause: error });
        throw error;
      }
      const trust: NodeTrust = {
        version: 1,
        node: { id: nodeId, name: nodeName },
        realm: { id: keys.realm.id, name: keys.realm.name, epoch: keys.realm.epoch },
        rootKey: keys.root.publicKey,
        rotationSerial: keys.realm.rotationSerial,
        issuers: [issuerOf(keys)],
      };
      return { result: { trust, certificate, ca: keys.ca.certificatePem, controllers: [options.listenerAddress()] } };
    },
  );
};
