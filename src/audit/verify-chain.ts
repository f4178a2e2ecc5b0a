/**
 * Verifies the audit record: every record has its hash and follows the one before it, and what is trusted from outside the table (a head, signed
 * checkpoints, joins of later chains, receipts of nodes) names records that are there. Streams: memory grows with checkpoints and receipts, not with records.
 *
 * A chain proves integrity only up to something one already trusts (K1): `confirmedSequence` says up to where that is.
 */
import type { KeyObject } from "node:crypto";
import { publicKeyFromRaw } from "#proof/keys.ts";
import { checkCheckpoint, checkPruned, readJoins, type PrunedStatement } from "#audit/checkpoint.ts";
import { Expectations } from "#audit/expectations.ts";
import type { AuditFinding, AuditReport, ChainSummary } from "#audit/findings.ts";
import { chainStart, recordHash, type ChainPosition } from "#audit/record.ts";
import { storedPruned } from "#audit/prune-audit.ts";
import { readWitness, type NodeWitness, type UnknownRuns } from "#audit/verify-receipts.ts";
import type { Reader } from "#store/store.ts";
import type { AuditTable } from "#store/tables.ts";

export interface VerifyAuditOptions {
  readonly read: Reader;
  /** Lines of the checkpoint file (`readCheckpointFile`). */
  readonly checkpoints: AsyncIterable<string> | Iterable<string>;
  /** The audit key's public half; raw base64url or a key. */
  readonly publicKey: KeyObject | string;
  readonly trustedHead?: ChainPosition;
  readonly receipts?: readonly NodeWitness[];
}

const pageSize = 2000;
const mostFindings = 200;

async function* recordsInOrder(read: Reader): AsyncGenerator<AuditTable> {
  let after: { readonly writer: string; readonly sequence: number } | null = null;
  for (;;) {
    let query = read.selectFrom("audit").selectAll().orderBy("writer").orderBy("sequence").limit(pageSize);
    if (after !== null) {
      const { writer, sequence } = after;
      query = query.where((where) => where(where.refTuple("writer", "sequence"), ">", where.tuple(writer, sequence)));
    }
    const page: AuditTable[] = await query.execute();
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < pageSize) return;
    after = { writer: last.writer, sequence: last.sequence };
  }
}

class Verification {
  readonly findings: AuditFinding[] = [];
  furtherFindings = 0;
  readonly chains: ChainSummary[] = [];
  readonly unknownRuns: UnknownRuns = new Map();
  readonly expectations = new Expectations((finding) => this.report(finding));
  records = 0;
  unfinishedActs = 0;
  /** How far the manager itself has pruned each chain: the furthest statement. */
  readonly pruned = new Map<string, PrunedStatement>();
  #chain: { writer: string; records: number; last: ChainPosition; confirmed: number; readonly open: Set<number> } | null = null;
  readonly #joins: { readonly by: string; readonly head: ChainPosition }[] = [];

  report(finding: AuditFinding): void {
    if (this.findings.length < mostFindings) this.findings.push(finding);
    else this.furtherFindings += 1;
  }

  async addCheckpoints(lines: AsyncIterable<string> | Iterable<string>, key: KeyObject, where: string): Promise<number> {
    let count = 0;
    for await (const line of lines) {
      count += 1;
      const checkpoint = checkCheckpoint(line, key);
      const pruned = checkpoint === null ? checkPruned(line, key) : null;
      if (pruned !== null) {
        this.expectations.expect(pruned, `the statement of ${new Date(pruned.at).toISOString()} that older records were pruned`);
        if ((this.pruned.get(pruned.writer)?.sequence ?? 0) < pruned.sequence) this.pruned.set(pruned.writer, pruned);
      } else if (checkpoint === null)
        this.report({
          kind: "bad-checkpoint",
          writer: "",
          sequence: count,
          text: `checkpoint ${count} of the ${where} was not signed by the audit key`,
        });
      else if (checkpoint !== null) this.expectations.expect(checkpoint, `a checkpoint of ${new Date(checkpoint.at).toISOString()}`);
    }
    return count;
  }

  meet(record: AuditTable): void {
    this.records += 1;
    if (this.#chain?.writer !== record.writer) {
      this.#endChain();
      this.#chain = {
        writer: record.writer,
        records: 0,
        last: { writer: record.writer, sequence: 0, hash: chainStart },
        confirmed: 0,
        open: new Set(),
      };
    }
    const chain = this.#chain;
    const { writer, sequence } = record;
    chain.records += 1;
    // A pruned chain begins at, or after a removal that was cut short before, the place that the manager's statement names.
    if (chain.records === 1 && sequence > 1 && sequence <= (this.pruned.get(writer)?.sequence ?? 0))
      chain.last = { writer, sequence: sequence - 1, hash: record.previous };
    if (sequence !== chain.last.sequence + 1)
      this.report({
        kind: "removed",
        writer,
        sequence: chain.last.sequence + 1,
        text: `${sequence - chain.last.sequence - 1} record(s) before record ${sequence} are missing`,
      });
    else if (record.previous !== chain.last.hash)
      this.report({
        kind: "broken-link",
        writer,
        sequence,
        text: `record ${sequence} does not follow record ${sequence - 1}: one of them was replaced`,
      });
    if (recordHash(record) !== record.hash)
      this.report({
        kind: "altered",
        writer,
        sequence,
        text: `record ${sequence} (\`${record.action}\` by \`${record.actor}\`) does not have the content it was written with`,
      });
    const expected = this.expectations.take(writer, sequence);
    if (expected !== undefined) {
      if (expected.hash === record.hash) chain.confirmed = sequence;
      else
        this.report({
          kind: "rewritten",
          writer,
          sequence,
          text: `record ${sequence} is not the one that ${expected.source} names: the chain was rewritten`,
        });
    }
    if (sequence === 1 && record.action === "audit.begin")
      for (const head of readJoins(record.detail) ?? []) this.#joins.push({ by: writer, head });
    if (record.phase === "opened") chain.open.add(sequence);
    else if (record.opened !== null) chain.open.delete(record.opened);
    if (this.unknownRuns.size > 0) this.unknownRuns.delete(record.object.slice(record.object.lastIndexOf(":") + 1));
    chain.last = { writer, sequence, hash: record.hash };
  }

  #endChain(): void {
    const chain = this.#chain;
    if (chain === null) return;
    this.#chain = null;
    this.unfinishedActs += chain.open.size;
    this.chains.push({
      writer: chain.writer,
      records: chain.records,
      lastSequence: chain.last.sequence,
      lastHash: chain.last.hash,
      confirmedSequence: chain.confirmed,
    });
  }

  /** After the last record: what was named and never met. */
  end(): void {
    this.#endChain();
    const known = new Map(this.chains.map((chain) => [chain.writer, chain]));
    for (const writer of this.expectations.writers()) {
      const [highest] = this.expectations.left(writer);
      if (highest === undefined) continue;
      const chain = known.get(writer);
      if (chain === undefined)
        this.report({
          kind: "missing-chain",
          writer,
          sequence: highest.sequence,
          text: `chain \`${writer}\` is missing; ${highest.source} names its record ${highest.sequence}`,
        });
      else if (highest.sequence > chain.lastSequence)
        this.report({
          kind: "cut-tail",
          writer,
          sequence: chain.lastSequence + 1,
          text: `chain \`${writer}\` ends at record ${chain.lastSequence}, but ${highest.source} names record ${highest.sequence}: its tail was cut`,
        });
      // Places inside the chain that were not met are holes, reported as removed already.
    }
  }

  /** Records before this instant may be gone for good reason; 0: none. */
  get prunedBeforeMs(): number {
    return Math.max(0, ...[...this.pruned.values()].map((pruned) => pruned.before));
  }

  joins(): readonly { readonly by: string; readonly head: ChainPosition }[] {
    return this.#joins;
  }

  reportUnknownRuns(): void {
    for (const [run, { nodeId, nodeName, sequence }] of this.unknownRuns)
      this.report({
        kind: "unreported-run",
        writer: nodeId,
        sequence,
        text: `node \`${nodeName}\` ran \`${run}\`, which neither the store nor the audit knows`,
      });
  }
}

/** A join vouches for the end of an earlier chain; it can be read only while streaming, so it is held against the summaries and single records afterwards. */
const holdJoins = async (read: Reader, verification: Verification): Promise<void> => {
  const known = new Map(verification.chains.map((chain) => [chain.writer, chain]));
  for (const { by, head } of verification.joins()) {
    const source = `the first record of chain \`${by}\``;
    const chain = known.get(head.writer);
    if (chain === undefined) {
      verification.report({
        kind: "missing-chain",
        writer: head.writer,
        sequence: head.sequence,
        text: `chain \`${head.writer}\` is missing; ${source} names its record ${head.sequence}`,
      });
      continue;
    }
    const found = await read
      .selectFrom("audit")
      .select("hash")
      .where("writer", "=", head.writer)
      .where("sequence", "=", head.sequence)
      .executeTakeFirst();
    if (found === undefined && head.sequence > chain.lastSequence)
      verification.report({
        kind: "cut-tail",
        writer: head.writer,
        sequence: chain.lastSequence + 1,
        text: `chain \`${head.writer}\` ends at record ${chain.lastSequence}, but ${source} names record ${head.sequence}: its tail was cut`,
      });
    else if (found !== undefined && found.hash !== head.hash)
      verification.report({
        kind: "rewritten",
        writer: head.writer,
        sequence: head.sequence,
        text: `record ${head.sequence} is not the one that ${source} names: the chain was rewritten`,
      });
  }
};

async function* tableCheckpoints(read: Reader): AsyncGenerator<string> {
  let after: { readonly writer: string; readonly sequence: number } = { writer: "", sequence: 0 };
  for (;;) {
    const { writer, sequence } = after;
    const page: { readonly writer: string; readonly sequence: number; readonly signature: string }[] = await read
      .selectFrom("audit_checkpoints")
      .select(["writer", "sequence", "signature"])
      .where((where) => where(where.refTuple("writer", "sequence"), ">", where.tuple(writer, sequence)))
      .orderBy("writer")
      .orderBy("sequence")
      .limit(pageSize)
      .execute();
    for (const row of page) yield row.signature;
    const last = page.at(-1);
    if (last === undefined) return;
    after = last;
  }
}

/** Verifies the whole record. Throws only when the store cannot be read. */
export const verifyAudit = async (options: VerifyAuditOptions): Promise<AuditReport> => {
  const { read } = options;
  const key = typeof options.publicKey === "string" ? publicKeyFromRaw(options.publicKey) : options.publicKey;
  const verification = new Verification();
  const checkpoints = await verification.addCheckpoints(options.checkpoints, key, "checkpoint file");
  await verification.addCheckpoints(tableCheckpoints(read), key, "checkpoint table");
  await verification.addCheckpoints(await storedPruned(read), key, "database");
  if (options.trustedHead !== undefined) verification.expectations.expect(options.trustedHead, "the trusted head");
  let receipts = 0;
  for (const witness of options.receipts ?? [])
    receipts += await readWitness(
      read,
      witness,
      { expectations: verification.expectations, unknown: verification.unknownRuns, prunedBeforeMs: verification.prunedBeforeMs },
      (finding) => verification.report(finding),
    );
  for await (const record of recordsInOrder(read)) verification.meet(record);
  verification.end();
  await holdJoins(read, verification);
  verification.reportUnknownRuns();
  return {
    ok: verification.findings.length === 0,
    records: verification.records,
    chains: verification.chains,
    checkpoints,
    receipts,
    unfinishedActs: verification.unfinishedActs,
    findings: verification.findings,
    furtherFindings: verification.furtherFindings,
  };
};
