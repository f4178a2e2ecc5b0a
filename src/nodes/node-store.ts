/** The queries on nodes and invitations. What belongs here: rows in, records out. What does not: who may ask, tokens, certificates. */
import type { NodeFacts } from "#link/messages.ts";
import type { Reader, Writer } from "#store/store.ts";
import type { NodesTable } from "#store/tables.ts";

export interface NodeRecord {
  readonly id: string;
  readonly name: string;
  /** Of the launcher: raw Ed25519, base64url; signs receipts. */
  readonly publicKey: string;
  readonly keyThumbprint: string;
  /** SHA-256 (hex, lower case, no colons) of the agent's current certificate. */
  readonly certificateFingerprint: string;
  /** Of a renewed one that the agent has not used yet; null: none. */
  readonly nextCertificateFingerprint: string | null;
  readonly active: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** As last reported; null: the node never connected. */
  readonly facts: NodeFacts | null;
  readonly journalId: string | null;
  readonly joinedAtMs: number;
  readonly lastSeenAtMs: number | null;
  readonly receiptSequence: number;
  readonly receiptHash: string;
}

export interface NodePage {
  readonly nodes: readonly NodeRecord[];
  /** Give it back for the next page; null at the end. */
  readonly next: string | null;
}

const recordOf = (row: NodesTable): NodeRecord => {
  const facts = row.facts === null ? null : (JSON.parse(row.facts) as NodeFacts);
  return {
    id: row.id,
    name: row.name,
    publicKey: row.public_key,
    keyThumbprint: row.key_thumbprint,
    certificateFingerprint: row.certificate_fingerprint,
    nextCertificateFingerprint: row.next_certificate_fingerprint,
    active: row.state === "active",
    labels: JSON.parse(row.labels) as Record<string, string>,
    facts,
    journalId: facts?.journalId ?? null,
    joinedAtMs: row.joined_at,
    lastSeenAtMs: row.last_seen_at,
    receiptSequence: row.receipt_sequence,
    receiptHash: row.receipt_hash,
  };
};

/** A node by its id, active or revoked. */
export const findNode = async (read: Reader | Writer, id: string): Promise<NodeRecord | null> => {
  const row = await read.selectFrom("nodes").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? null : recordOf(row);
};

/** The active node of a name. */
/** For every submission: one column of an index instead of a row with the node's facts. */
export const hasActiveNode = async (read: Reader | Writer, name: string): Promise<boolean> =>
  (await read.selectFrom("nodes").select("id").where("name", "=", name).where("state", "=", "active").executeTakeFirst()) !== undefined;

export const findActiveNode = async (read: Reader | Writer, name: string): Promise<NodeRecord | null> => {
  const row = await read.selectFrom("nodes").selectAll().where("name", "=", name).where("state", "=", "active").executeTakeFirst();
  return row === undefined ? null : recordOf(row);
};

/** The active node that uses a launcher key. */
export const findNodeByKey = async (read: Reader | Writer, keyThumbprint: string): Promise<NodeRecord | null> => {
  const row = await read
    .selectFrom("nodes")
    .selectAll()
    .where("key_thumbprint", "=", keyThumbprint)
    .where("state", "=", "active")
    .executeTakeFirst();
  return row === undefined ? null : recordOf(row);
};

/** The node whose current certificate this is, active or revoked. */
export const findNodeByCertificate = async (read: Reader | Writer, fingerprint: string): Promise<NodeRecord | null> => {
  const row = await read.selectFrom("nodes").selectAll().where("certificate_fingerprint", "=", fingerprint).executeTakeFirst();
  return row === undefined ? null : recordOf(row);
};

/** Active nodes by name; with `revoked` also those that were revoked, by name and id. The cursor is a name and id that were given out. */
export const listNodes = async (
  read: Reader,
  filter: { readonly revoked?: boolean },
  cursor: string | null,
  limit = 100,
): Promise<NodePage> => {
  let query = read.selectFrom("nodes").selectAll().orderBy("name").orderBy("id");
  if (filter.revoked !== true) query = query.where("state", "=", "active");
  if (cursor !== null) {
    const [name = "", id = ""] = cursor.split("/", 2);
    query = query.where((where) => where(where.refTuple("name", "id"), ">", where.tuple(name, id)));
  }
  const rows = await query.limit(limit + 1).execute();
  const nodes = rows.slice(0, limit).map(recordOf);
  const last = nodes.at(-1);
  return { nodes, next: rows.length > limit && last !== undefined ? `${last.name}/${last.id}` : null };
};

export const insertNode = async (
  tx: Writer,
  node: {
    readonly id: string;
    readonly name: string;
    readonly publicKey: string;
    readonly keyThumbprint: string;
    readonly certificateFingerprint: string;
    readonly labels: string;
    readonly joinedAtMs: number;
  },
): Promise<void> => {
  await tx
    .insertInto("nodes")
    .values({
      id: node.id,
      name: node.name,
      public_key: node.publicKey,
      key_thumbprint: node.keyThumbprint,
      certificate_fingerprint: node.certificateFingerprint,
      next_certificate_fingerprint: null,
      state: "active",
      labels: node.labels,
      facts: null,
      joined_at: node.joinedAtMs,
      last_seen_at: null,
      receipt_sequence: 0,
      receipt_hash: "",
    })
    .execute();
};

/** Marks a node revoked; false when it was already. */
export const markRevoked = async (tx: Writer, id: string): Promise<boolean> => {
  const { numUpdatedRows } = await tx
    .updateTable("nodes")
    .set({ state: "revoked" })
    .where("id", "=", id)
    .where("state", "=", "active")
    .executeTakeFirst();
  return numUpdatedRows === 1n;
};

/** Keeps a renewed certificate beside the present one; false when the node is not active. An earlier one that was never used is forgotten. */
export const saveNextCertificate = async (tx: Writer, id: string, fingerprint: string): Promise<boolean> => {
  const { numUpdatedRows } = await tx
    .updateTable("nodes")
    .set({ next_certificate_fingerprint: fingerprint })
    .where("id", "=", id)
    .where("state", "=", "active")
    .executeTakeFirst();
  return numUpdatedRows === 1n;
};

/** The renewed certificate was used: from now on only this one is good. False when it is not the one that was kept, or the node is not active. */
export const promoteCertificate = async (tx: Writer, id: string, fingerprint: string): Promise<boolean> => {
  const { numUpdatedRows } = await tx
    .updateTable("nodes")
    .set({ certificate_fingerprint: fingerprint, next_certificate_fingerprint: null })
    .where("id", "=", id)
    .where("state", "=", "active")
    .where("next_certificate_fingerprint", "=", fingerprint)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
};

export const saveFacts = async (tx: Writer, id: string, facts: NodeFacts, seenAtMs: number): Promise<void> => {
  await tx
    .updateTable("nodes")
    .set({ facts: JSON.stringify(facts), last_seen_at: seenAtMs })
    .where("id", "=", id)
    .execute();
};

export const saveSeen = async (tx: Writer, id: string, seenAtMs: number): Promise<void> => {
  await tx.updateTable("nodes").set({ last_seen_at: seenAtMs }).where("id", "=", id).execute();
};

/** The place in the node's own chain of receipts up to which everything is committed (K1). */
export const saveReceiptPosition = async (
  tx: Writer,
  id: string,
  position: { readonly sequence: number; readonly hash: string },
): Promise<void> => {
  await tx.updateTable("nodes").set({ receipt_sequence: position.sequence, receipt_hash: position.hash }).where("id", "=", id).execute();
};

export interface InvitationRow {
  readonly tokenHash: string;
  readonly nodeName: string;
  readonly labels: string;
  readonly expiresAtMs: number;
  readonly used: boolean;
}

export const findInvitation = async (read: Reader | Writer, tokenHash: string): Promise<InvitationRow | null> => {
  const row = await read.selectFrom("invitations").selectAll().where("token_hash", "=", tokenHash).executeTakeFirst();
  return row === undefined
    ? null
    : { tokenHash: row.token_hash, nodeName: row.node_name, labels: row.labels, expiresAtMs: row.expires_at, used: row.used_at !== null };
};

/** One open invitation per name: a new one replaces what was open. Old rows of any name go with it. */
export const replaceInvitation = async (
  tx: Writer,
  invitation: {
    readonly tokenHash: string;
    readonly nodeName: string;
    readonly labels: string;
    readonly createdBy: string;
    readonly nowMs: number;
    readonly expiresAtMs: number;
  },
): Promise<void> => {
  await dropInvitations(tx, invitation.nodeName);
  await tx.deleteFrom("invitations").where("expires_at", "<", invitation.nowMs).execute();
  await tx
    .insertInto("invitations")
    .values({
      token_hash: invitation.tokenHash,
      node_name: invitation.nodeName,
      labels: invitation.labels,
      created_by: invitation.createdBy,
      created_at: invitation.nowMs,
      expires_at: invitation.expiresAtMs,
      used_at: null,
    })
    .execute();
};

/** Takes an invitation; false when it was used or has expired meanwhile. INVARIANT: true at most once per invitation. */
export const takeInvitation = async (tx: Writer, tokenHash: string, nowMs: number): Promise<boolean> => {
  const { numUpdatedRows } = await tx
    .updateTable("invitations")
    .set({ used_at: nowMs })
    .where("token_hash", "=", tokenHash)
    .where("used_at", "is", null)
    .where("expires_at", ">", nowMs)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
};

/** Ends the open invitations of a name. */
export const dropInvitations = async (tx: Writer, nodeName: string): Promise<void> => {
  await tx.deleteFrom("invitations").where("node_name", "=", nodeName).where("used_at", "is", null).execute();
};
