/**
 * A node's journal of receipts as witness (K1): each receipt carries the head of the manager's chain when the order was minted, and they form a chain
 * of their own. Here: reading them, and holding their outcomes against the store. The chain itself is held by `verify-chain.ts`.
 */
import { publicKeyFromRaw } from "#proof/keys.ts";
import { checkReceipt, receiptDigest } from "#proof/receipt.ts";
import type { Receipt } from "#proof/launch-order.ts";
import type { Expectations } from "#audit/expectations.ts";
import type { AuditFinding } from "#audit/findings.ts";
import type { Reader } from "#store/store.ts";

/** The receipts of one node, oldest first, as it exported them itself. */
export interface NodeWitness {
  readonly nodeName: string;
  /** Of the launcher, raw base64url; from the node, not from the store that is being verified. */
  readonly publicKey: string;
  readonly receipts: AsyncIterable<string> | Iterable<string>;
}

/** A run that a node has run and the store has no row for; cleared when a record of the chain is about it. */
export type UnknownRuns = Map<string, { readonly nodeId: string; readonly sequence: number; readonly nodeName: string }>;

const batchSize = 500;

interface Read {
  readonly receipt: Receipt;
  readonly jws: string;
}

const compareWithStore = async (
  read: Reader,
  batch: readonly Read[],
  nodeName: string,
  { unknown, prunedBeforeMs }: WitnessNotes,
  report: (finding: AuditFinding) => void,
): Promise<void> => {
  if (batch.length === 0) return;
  const rows = await read
    .selectFrom("runs")
    .select(["id", "attempt", "receipt"])
    .where("id", "in", [...new Set(batch.map(({ receipt }) => receipt.run))])
    .execute();
  const byId = new Map(rows.map((row) => [row.id, row]));
  for (const { receipt, jws } of batch) {
    const place = { writer: receipt.node.id, sequence: receipt.sequence };
    const row = byId.get(receipt.run);
    if (row === undefined) {
      if (receipt.iat * 1000 >= prunedBeforeMs) unknown.set(receipt.run, { nodeId: receipt.node.id, sequence: receipt.sequence, nodeName });
    } else if (row.attempt < receipt.attempt)
      report({
        kind: "unreported-run",
        ...place,
        text: `node \`${nodeName}\` ran attempt ${receipt.attempt} of run \`${receipt.run}\`; the store knows ${row.attempt}`,
      });
    else if (row.attempt === receipt.attempt && row.receipt !== null && row.receipt !== jws)
      report({
        kind: "altered-outcome",
        ...place,
        text: `the store's receipt of run \`${receipt.run}\` is not the one that node \`${nodeName}\` signed`,
      });
  }
};

/** What is gathered for the verification of the chains. */
export interface WitnessNotes {
  readonly expectations: Expectations;
  readonly unknown: UnknownRuns;
  /** Of runs that ended before this instant nothing need be left. */
  readonly prunedBeforeMs: number;
}

/** Reads a node's receipts: reports what is wrong with them, and notes the heads they witness and the runs nobody knows. */
export const readWitness = async (
  read: Reader,
  witness: NodeWitness,
  notes: WitnessNotes,
  report: (finding: AuditFinding) => void,
): Promise<number> => {
  const { nodeName } = witness;
  const { expectations } = notes;
  const key = publicKeyFromRaw(witness.publicKey);
  let count = 0;
  let last: { readonly sequence: number; readonly digest: string } | null = null;
  let batch: Read[] = [];
  for await (const jws of witness.receipts) {
    count += 1;
    const checked = checkReceipt(jws, key);
    if (!checked.ok) {
      report({
        kind: "bad-receipt",
        writer: nodeName,
        sequence: count,
        text: `receipt ${count} of node \`${nodeName}\` does not hold: ${checked.problem.message}`,
      });
      last = null;
      continue;
    }
    const receipt = checked.value;
    if (last !== null && (receipt.sequence !== last.sequence + 1 || receipt.previous !== last.digest))
      report({
        kind: "receipt-gap",
        writer: receipt.node.id,
        sequence: receipt.sequence,
        text: `receipt ${receipt.sequence} of node \`${nodeName}\` does not follow receipt ${last.sequence}`,
      });
    last = { sequence: receipt.sequence, digest: receiptDigest(jws) };
    if (receipt.auditHead !== null) expectations.expect(receipt.auditHead, `node \`${nodeName}\`'s receipt of run \`${receipt.run}\``);
    batch.push({ receipt, jws });
    if (batch.length >= batchSize) {
      await compareWithStore(read, batch, nodeName, notes, report);
      batch = [];
    }
  }
  await compareWithStore(read, batch, nodeName, notes, report);
  return count;
};
