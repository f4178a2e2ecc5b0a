/**
 * Verifies the audit record: every record has its hash and follows the one before it, and what is trusted from outside the table (a head, signed
 * checkpoints, joins of later chains, receipts of nodes) names records that are there. Streams: memory grows with checkpoints and receipts, not with records.
 *
 * A chain proves integrity only up to something one already trusts (K1): `confirmedSequence` says up to where that is. What was verified before
 * need not be read again (`onward`): then what is told holds for what came since, and for the place where it joins.
 */
import type { KeyObject } from "node:crypto";
import { publicKeyFromRaw } from "#proof/keys.ts";
import { checkCheckpoint, checkPruned, readJoins, type PrunedStatement } from "#audit/checkpoint.ts";
import { Expectations } from "#audit/expectations.ts";
import type { AuditFinding, AuditReport, ChainSummary } from "#audit/findings.ts";
import { chainStart, recordHash, type ChainPosition, type SeenPlace } from "#audit/record.ts";
import { storedPruned } from "#audit/prune-audit.ts";
import { readWitness, type NodeWitness, type UnknownRuns } from "#audit/verify-receipts.ts";
import type { Reader } from "#store/store.ts";
import type { AuditTable } from "#store/tables.ts";

/** Up to where whoever asks knows a chain: its last record when he looked, and the acts that were open there. */
export interface KnownChain extends SeenPlace {
  readonly open: ReadonlySet<number>;
}

export interface VerifyAuditOptions {
  readonly read: Reader;
  /** Lines of the checkpoint file (`readCheckpointFile`). */
  readonly checkpoints: AsyncIterable<string> | Iterable<string>;
  /** The audit key's public half; raw base64url or a key. */
  readonly publicKey: KeyObject | string;
  readonly trustedHead?: ChainPosition;
  readonly receipts?: readonly NodeWitness[];
  /** Each of these places must still be there as it was. */
  readonly seen?: Iterable<SeenPlace>;
  /** Reads nothing that comes before in these chains, and no checkpoint of the table. */
  readonly onward?: readonly KnownChain[];
  /**
   * Awaited after each page, with the records read so far. What it rejects with ends the verification. INVARIANT: it lets other work run: reading an
   * embedded database does not by itself.
   */
  readonly pace?: (records: number) => Promise<void>;
}

/** Records that are read and hashed in one go, some 5 ms. */
const pageSize = 500;
const checkpointsInOneGo = 50;
const mostFindings = 200;

const breathe = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const writerAfter = async (read: Reader, writer: string): Promise<string | null> =>
  (await read.selectFrom("audit").select("writer").where("writer", ">", writer).orderBy("writer").limit(1).executeTakeFirst())?.writer ??
  null;

/** Chain by chain, each from the place that `from` names. */
async function* recordsInOrder(
  read: Reader,
  from: (writer: string) => number,
  pace: (records: number) => Promise<void>,
): AsyncGenerator<AuditTable> {
  let records = 0;
  for (let writer = await writerAfter(read, ""); writer !== null; writer = await writerAfter(read, writer)) {
    for (let sequence = from(writer), more = true; more;) {
      const page: AuditTable[] = await read
        .selectFrom("audit")
        .selectAll()
        .where("writer", "=", writer)
        .where("sequence", ">=", sequence)
        .orderBy("sequence")
        .limit(pageSize)
        .execute();
      yield* page;
      records += page.length;
      await pace(records);
      sequence = (page.at(-1)?.sequence ?? 0) + 1;
      more = page.length === pageSize;
    }
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
  readonly #known: ReadonlyMap<string, KnownChain>;
  readonly #pace: (records: number) => Promise<void>;
  #chain: { writer: string; records: number; last: ChainPosition; confirmed: number; readonly open: Set<number> } | null = null;
  readonly #joins: { readonly by: string; readonly head: ChainPosition }[] = [];

  /** `known`: chains of which only what came later is read. */
  constructor(known: ReadonlyMap<string, KnownChain>, pace: (records: number) => Promise<void>) {
    this.#known = known;
    this.#pace = pace;
  }

  report(finding: AuditFinding): void {
    if (this.findings.length < mostFindings) this.findings.push(finding);
    else this.furtherFindings += 1;
  }

  async addCheckpoints(lines: AsyncIterable<string> | Iterable<string>, key: KeyObject, where: string): Promise<number> {
    let count = 0;
    for await (const line of lines) {
      count += 1;
      if (count % checkpointsInOneGo === 0) await this.#pace(0);
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

  /** Records before this one of the same chain are missing. */
  isBehindGap({ writer, sequence }: AuditTable): boolean {
    return this.#chain?.writer === writer && sequence > this.#chain.last.sequence + 1;
  }

  /** What came before this record was removed while it was read: the chain begins here now. */
  begin({ writer, sequence, previous }: AuditTable): void {
    if (this.#chain?.writer === writer && sequence <= (this.pruned.get(writer)?.sequence ?? 0))
      this.#chain.last = { writer, sequence: sequence - 1, hash: previous };
  }

  meet(record: AuditTable): void {
    const { writer, sequence } = record;
    const known = this.#known.get(writer);
    if (sequence !== known?.sequence) this.records += 1;
    if (this.#chain?.writer !== writer) {
      this.#endChain();
      // What a known place follows was verified when it became known; that it is the same is held below, as of any place that something names.
      const last =
        known?.sequence === sequence
          ? { writer, sequence: sequence - 1, hash: record.previous }
          : { writer, sequence: (known?.sequence ?? 1) - 1, hash: chainStart };
      this.#chain = { writer, records: 0, last, confirmed: 0, open: new Set(known?.open) };
      // A pruned chain begins at, or after a removal that was cut short before, the place that the manager's statement names.
      if (sequence > last.sequence + 1) this.begin(record);
    }
    const chain = this.#chain;
    chain.records += 1;
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
      open: chain.open,
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

/** Whether a chain begins with this record by now. */
const isFirst = async (read: Reader, { writer, sequence }: AuditTable): Promise<boolean> => {
  const before = await read
    .selectFrom("audit")
    .select("sequence")
    .where("writer", "=", writer)
    .where("sequence", "<", sequence)
    .limit(1)
    .executeTakeFirst();
  return before === undefined;
};

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

/** Verifies the whole record, or what came since. Throws only when the store cannot be read. */
export const verifyAudit = async (options: VerifyAuditOptions): Promise<AuditReport> => {
  const { read, onward, pace = breathe } = options;
  const key = typeof options.publicKey === "string" ? publicKeyFromRaw(options.publicKey) : options.publicKey;
  const known = new Map(onward?.map((chain) => [chain.writer, chain]));
  const verification = new Verification(known, pace);
  for (const place of [...(options.seen ?? []), ...known.values()])
    verification.expectations.expect(place, `what this manager saw itself at ${new Date(place.atMs).toISOString()}`);
  const checkpoints = await verification.addCheckpoints(options.checkpoints, key, "checkpoint file");
  if (onward === undefined) await verification.addCheckpoints(tableCheckpoints(read), key, "checkpoint table");
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
  for await (const record of recordsInOrder(read, (writer) => known.get(writer)?.sequence ?? 1, pace)) {
    // Old records may be removed while they are read (`prune-audit.ts`).
    if (verification.isBehindGap(record) && (await isFirst(read, record))) {
      await verification.addCheckpoints(await storedPruned(read), key, "database");
      verification.begin(record);
    }
    verification.meet(record);
  }
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
