/**
 * Takes the outcomes of one node: checks the signature against the node's key, the run and the order it was given, then the log against what was
 * signed, and only then has the run settled (S10). What does not belong here: the transaction (`settle-run.ts`), the socket.
 */
import { checkReceipt, receiptDigest } from "#proof/receipt.ts";
import { publicKeyFromRaw } from "#proof/keys.ts";
import type { Receipt } from "#proof/launch-order.ts";
import { problem } from "#kernel/problem.ts";
import { refuse, type Result } from "#kernel/result.ts";
import { readRun, resumeQueued } from "#jobs/dispatch-store.ts";
import type { ControllerContext } from "#controller/controller-context.ts";
import type { LiveRun, ReceivedOutcome } from "#controller/live-run.ts";
import type { KnownNode } from "#controller/ports.ts";
import { followChain, type ChainFinding, type ChainPosition } from "#controller/rules/receipt-chain.ts";
import { settleOutcome, type LogFault } from "#controller/settle-run.ts";

/** What the desk says to the node. */
export interface DeskAnswers {
  ack(run: string, attempt: number): void;
  logPosition(run: string, attempt: number, offset: number): void;
  /** The node refused for a passing reason: it is left alone for a while. */
  holdOffers(): void;
  /** The run occupies the node no longer. */
  left(live: LiveRun): void;
}

const retryAfterMs = 3000;
const waitForPredecessorMs = 2000;
const part = "part:controller";

export class OutcomeDesk {
  readonly #context: ControllerContext;
  readonly #node: KnownNode;
  readonly #answers: DeskAnswers;
  readonly #key: ReturnType<typeof publicKeyFromRaw>;
  /** Null: the node's memory changed, so its chain begins anew. */
  #chain: ChainPosition | null;
  readonly #findings = new Map<string, ChainFinding>();
  /** Receipts that came before their predecessors. */
  #early: { readonly sequence: number; readonly take: () => void }[] = [];
  #earlyTimer: NodeJS.Timeout | null = null;
  #journalId = "";
  #closed = false;

  constructor(context: ControllerContext, node: KnownNode, answers: DeskAnswers) {
    this.#context = context;
    this.#node = node;
    this.#answers = answers;
    this.#key = publicKeyFromRaw(node.publicKey);
    this.#chain = { sequence: node.receiptSequence, hash: node.receiptHash };
  }

  /** The node reports which memory it has; empty while its launcher is away. */
  journalIs(journalId: string, changed: boolean): void {
    if (journalId === "") return;
    this.#journalId = journalId;
    if (changed) this.#chain = null;
  }

  /** The connection is gone: nothing more is answered. Transactions that are under way go on. */
  close(): void {
    this.#closed = true;
    this.#letEarlyPass();
  }

  /** An outcome of a run that is live on this connection. */
  async received(live: LiveRun, jws: string, inlineLog: Buffer | null): Promise<void> {
    const checked = this.#check(live, jws);
    if (!checked.ok) {
      // Never acknowledged: who can sign may still do so.
      this.#context.log.error(
        { run: live.run, attempt: live.attempt, node: this.#node.name, code: checked.problem.code },
        `an outcome is not believed: ${checked.problem.message}`,
      );
      await this.#note("runs.outcome-refused", live.run, { attempt: live.attempt, node: this.#node.name, code: checked.problem.code });
      return;
    }
    if (live.outcome === null) {
      live.outcome = { jws, receipt: checked.value, digest: receiptDigest(jws) };
      this.#answers.left(live);
      await this.#inChainOrder(checked.value.sequence);
      this.#follow(live.run, checked.value, live.outcome.digest);
    }
    if (inlineLog !== null && inlineLog.length > 0) {
      live.logUntouched = false;
      try {
        await this.#context.logs.append(live.run, 0, inlineLog);
      } catch (error) {
        return this.#later(live, error);
      }
    }
    live.outcomeTaken = true;
    await this.progress(live);
  }

  /** The log has grown, or will not grow any more: settles the run if that was all that it waited for. */
  async progress(live: LiveRun): Promise<void> {
    const received = live.outcome;
    if (received === null || !live.outcomeTaken) return;
    if (live.settling) {
      live.lookAgain = true;
      return;
    }
    live.settling = true;
    try {
      let fault: LogFault | "wait" | null;
      do {
        live.lookAgain = false;
        fault = await this.#logFault(live, received);
      } while (fault === "wait" && live.lookAgain);
      if (fault === "wait") {
        live.settling = false;
        return;
      }
      const logBytes = received.receipt.outcome.output.logBytes === 0 && fault === null ? 0 : await this.#context.logs.size(live.run);
      if (logBytes > 0) await this.#context.logs.seal(live.run);
      const settled = await settleOutcome(this.#context, live, received, {
        nodeId: this.#node.id,
        journalChanged: live.journalId !== null && this.#journalId !== "" && live.journalId !== this.#journalId,
        chain: this.#chain === null ? null : { position: this.#chain, finding: this.#findings.get(live.run) ?? null },
        logBytes,
        logFault: fault,
      });
      this.#findings.delete(live.run);
      if (settled === "again" && !received.receipt.outcome.started) this.#answers.holdOffers();
      if (!this.#closed) this.#answers.ack(live.run, live.attempt);
    } catch (error) {
      live.settling = false;
      this.#later(live, error);
    }
  }

  /** An outcome of a run that is not live here: sent again, late, or of nobody's. It is noted where it is news, and acknowledged. */
  async stray(run: string, attempt: number, jws: string): Promise<"acknowledged" | "resumed"> {
    const row = await readRun(this.#context.store.read, run);
    const checked = checkReceipt(jws, this.#key);
    const mine = row !== null && row.node === this.#node.name;
    const isSame = mine && row.receipt === jws;
    if (checked.ok && checked.value.node.id === this.#node.id) {
      await this.#inChainOrder(checked.value.sequence);
      this.#follow(run, checked.value, receiptDigest(jws));
    }
    if (
      checked.ok &&
      mine &&
      row.state === "queued" &&
      row.attempt === attempt &&
      row.orderDigest === checked.value.orderDigest &&
      checked.value.outcome.started
    ) {
      // It was queued again although it did run: its outcome counts, and it does not start twice.
      const { orderDigest, journalId } = row;
      const resumed = await this.#context.store.write((tx) =>
        resumeQueued(tx, { id: run, attempt, state: "running", journalId: journalId ?? this.#journalId, orderDigest: orderDigest ?? "" }),
      );
      if (resumed) return "resumed";
    }
    if (!isSame) {
      this.#context.log.warn(
        { run, attempt, node: this.#node.name, known: row !== null },
        "an outcome that nobody waits for is acknowledged",
      );
      await this.#note("runs.outcome-unexpected", run, {
        attempt,
        node: this.#node.name,
        genuine: checked.ok,
        known: row === null ? "no" : mine ? row.state : "on another node",
        ...(checked.ok
          ? {
              started: checked.value.outcome.started,
              exitCode: checked.value.outcome.exitCode,
              receiptDigest: receiptDigest(jws),
              receiptSequence: checked.value.sequence,
            }
          : {}),
      });
    }
    this.#answers.ack(run, attempt);
    return "acknowledged";
  }

  /**
   * The launcher signs in one order and sends small outcomes before it has read the logs of larger ones: a receipt whose predecessor is missing waits
   * a little for it, so that the chain is followed in its own order and a true gap is still seen.
   */
  async #inChainOrder(sequence: number): Promise<void> {
    if (this.#chain === null || this.#closed || sequence <= this.#chain.sequence + 1) return;
    await new Promise<void>((resolve) => {
      this.#early.push({ sequence, take: resolve });
      this.#early.sort((a, b) => a.sequence - b.sequence);
      this.#earlyTimer ??= setTimeout(() => this.#letEarlyPass(), waitForPredecessorMs).unref();
    });
  }

  #letEarlyPass(): void {
    if (this.#earlyTimer !== null) clearTimeout(this.#earlyTimer);
    this.#earlyTimer = null;
    for (const { take } of this.#early.splice(0)) take();
  }

  #follow(run: string, receipt: Receipt, digest: string): void {
    const { position, finding } = followChain(this.#chain, receipt, digest);
    this.#chain = position;
    if (finding !== null) {
      this.#context.log.warn({ node: this.#node.name, run, ...finding }, "the node's chain of receipts does not hold");
      this.#findings.set(run, finding);
    }
    if (this.#early[0] !== undefined && this.#early[0].sequence <= position.sequence + 1) {
      this.#early.shift()?.take();
      if (this.#early.length === 0 && this.#earlyTimer !== null) {
        clearTimeout(this.#earlyTimer);
        this.#earlyTimer = null;
      }
    }
  }

  #check(live: LiveRun, jws: string): Result<Receipt> {
    const checked = checkReceipt(jws, this.#key);
    if (!checked.ok) return checked;
    const receipt = checked.value;
    if (receipt.node.id !== this.#node.id || receipt.run !== live.run || receipt.attempt !== live.attempt)
      return refuse(problem("delegation.receipt-forged", "the receipt is of another node, run or attempt"));
    // A node that could not read the order names the token instead; then it cannot have started anything.
    const named =
      receipt.orderDigest === live.orderDigest ||
      (!receipt.outcome.started && live.tokenDigest !== null && receipt.orderDigest === live.tokenDigest);
    return named ? checked : refuse(problem("delegation.receipt-forged", "the receipt is of another launch order"));
  }

  async #logFault(live: LiveRun, { receipt }: ReceivedOutcome): Promise<LogFault | "wait" | null> {
    const { logs } = this.#context;
    const { logBytes, sha256 } = receipt.outcome.output;
    const have = live.logUntouched ? 0 : await logs.size(live.run);
    if (have < logBytes) {
      if (live.logMissing) return "missing";
      // Asked for once: while the log is on its way, asking again would only send the same bytes again.
      if (!live.logFlowing) this.#answers.logPosition(live.run, live.attempt, have);
      live.logFlowing = true;
      return "wait";
    }
    if (logBytes === 0 && have === 0) return null;
    if (have === logBytes && (await logs.digest(live.run)).sha256 === sha256) return null;
    if (live.logRestarted || live.logMissing) return "differs";
    // Altered on the way or on this disk: asked for once more from its beginning.
    live.logRestarted = true;
    await logs.reset(live.run);
    if (logBytes === 0) return null;
    this.#answers.logPosition(live.run, live.attempt, 0);
    return "wait";
  }

  #later(live: LiveRun, error: unknown): void {
    live.logFlowing = false;
    this.#context.log.error({ run: live.run, error }, "an outcome could not be committed; tried again");
    setTimeout(() => {
      if (!this.#closed) void this.progress(live);
    }, retryAfterMs).unref();
  }

  async #note(action: string, object: string, detail: Record<string, unknown>): Promise<void> {
    try {
      await this.#context.audit.note({ actor: part, action, object, detail });
    } catch (error) {
      this.#context.log.error({ error, action }, "could not be recorded in the audit");
    }
  }
}
