/**
 * The record is verified by itself: all of it some seconds after the start and once a day, what came since every few minutes, slowly enough to be no load. What
 * it knows it has seen itself since this process began; nothing that it starts from is read from the database that it verifies. What does
 * not belong here: who may know (the routes), and what verifying is (`verify-chain.ts`).
 */
import type { KeyObject } from "node:crypto";
import type { AuditTrail } from "#audit/audit-trail.ts";
import { lastCheckpointLines, readCheckpointFile } from "#audit/checkpoint.ts";
import type { AuditFinding, AuditReport } from "#audit/findings.ts";
import type { SeenPlace } from "#audit/record.ts";
import { verifyAudit, type KnownChain, type VerifyAuditOptions } from "#audit/verify-chain.ts";
import type { Clock } from "#kernel/clock.ts";
import type { Log } from "#kernel/log.ts";
import type { Store } from "#store/store.ts";

/** What the last verifications came to. */
export interface Verified {
  readonly ok: boolean;
  /** When the last one began: nothing that happened later is in it for certain. Milliseconds. */
  readonly atMs: number;
  /** When the last one of all records began. */
  readonly wholeAtMs: number;
  /** The last record of this process's own chain that was looked at. */
  readonly upTo: number;
  /** Records looked at by the last one of all and by those since. */
  readonly records: number;
  readonly chains: number;
  readonly unfinishedActs: number;
  readonly findings: readonly AuditFinding[];
  readonly furtherFindings: number;
}

export interface ChainState {
  readonly head: SeenPlace;
  readonly checkpoint: SeenPlace | null;
  /** Null: not yet since this process began. */
  readonly verified: Verified | null;
  /** How many records the verification that is under way has read; null: none is. */
  readonly underWay: number | null;
}

export interface ChainWatch {
  state(): ChainState;
  /** Verifies all of it at full speed, also against what somebody brings along; what it says without that is the state from then on. */
  verify(more?: Pick<VerifyAuditOptions, "trustedHead" | "receipts">): Promise<AuditReport>;
  /** Does now what is done every few minutes. */
  look(): Promise<void>;
  /** Ends what is under way. Call before the trail and the store are closed. */
  close(): Promise<void>;
}

export interface ChainWatchOptions {
  readonly store: Store;
  readonly audit: AuditTrail;
  readonly clock: Clock;
  readonly log: Log;
  readonly checkpointFile: string;
  readonly publicKey: KeyObject;
  /** How soon after the start the first verification begins. */
  readonly firstAfterMs?: number;
  readonly everyMs?: number;
  readonly wholeEveryMs?: number;
}

const defaults = { firstAfterMs: 5000, everyMs: 5 * 60_000, wholeEveryMs: 86_400_000 } as const;
/** So many times as long as it worked it rests: one part in twenty of a processor. */
const restsPerWork = 19;
const longestRestMs = 5000;

class Stopped extends Error {}

class Watch implements ChainWatch {
  readonly #options: Required<ChainWatchOptions>;
  #verified: Verified | null = null;
  /** Where each chain ended when it was last found to hold. */
  #known: readonly KnownChain[] = [];
  #underWay: number | null = null;
  #timer: NodeJS.Timeout;
  #turn: Promise<void> = Promise.resolve();
  #stopped = false;
  #wake: () => void = () => {};

  constructor(options: ChainWatchOptions) {
    this.#options = { ...defaults, ...options };
    this.#timer = this.#plan(this.#options.firstAfterMs);
  }

  state(): ChainState {
    return { ...this.#options.audit.heads(), verified: this.#verified, underWay: this.#underWay };
  }

  async verify(more: Pick<VerifyAuditOptions, "trustedHead" | "receipts"> = {}): Promise<AuditReport> {
    const base = this.#verified;
    const atMs = this.#options.clock.nowMs();
    const report = await this.#run({ ...more });
    // What somebody's own head or journal says is an answer to him, and nothing that holds for everybody.
    if (more.trustedHead === undefined && more.receipts === undefined) this.#learn(report, { base, atMs, onward: false });
    return report;
  }

  look(): Promise<void> {
    clearTimeout(this.#timer);
    return (this.#turn = this.#turn.then(() => this.#takeTurn()));
  }

  async close(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#wake();
    await this.#turn;
  }

  #plan(afterMs: number): NodeJS.Timeout {
    return setTimeout(() => void this.look(), afterMs).unref();
  }

  async #takeTurn(): Promise<void> {
    const { log, everyMs } = this.#options;
    if (this.#stopped) return;
    try {
      await this.#verifySlowly();
    } catch (error) {
      if (!(error instanceof Stopped))
        log.error({ err: error }, "the audit record could not be verified; it is tried again in some minutes");
    } finally {
      this.#underWay = null;
    }
    if (!this.#stopped) this.#timer = this.#plan(everyMs);
  }

  async #verifySlowly(): Promise<void> {
    const { clock, wholeEveryMs } = this.#options;
    const base = this.#verified;
    const atMs = clock.nowMs();
    const isDue = base === null || atMs - base.wholeAtMs >= wholeEveryMs || atMs < base.wholeAtMs;
    // What did not hold some minutes ago is not looked at again and again.
    if (!isDue && !base.ok) return;
    if (!isDue) {
      const report = await this.#run({ onward: this.#known, pace: this.#slowly() });
      if (report.ok) return this.#learn(report, { base, atMs, onward: true });
      // All of it decides what the matter is.
    }
    this.#learn(await this.#run({ pace: this.#slowly() }), { base, atMs, onward: false });
  }

  async #run(how: Pick<VerifyAuditOptions, "onward" | "pace" | "trustedHead" | "receipts">): Promise<AuditReport> {
    const { store, audit, checkpointFile, publicKey } = this.#options;
    const { head } = audit.heads();
    return await verifyAudit({
      read: store.read,
      checkpoints: how.onward !== undefined ? lastCheckpointLines(checkpointFile) : readCheckpointFile(checkpointFile),
      publicKey,
      // The head is this process's own word: a tail that was cut behind the last checkpoint is missed by it.
      seen: [...this.#known, head],
      ...how,
    });
  }

  /** `base`: what was known when it began. */
  #learn(
    report: AuditReport,
    { base, atMs, onward }: { readonly base: Verified | null; readonly atMs: number; readonly onward: boolean },
  ): void {
    const { audit, log } = this.#options;
    const before = this.#verified;
    const { ok, findings, furtherFindings, unfinishedActs } = report;
    // Another one that began later has ended before it.
    if (ok && before !== base) return;
    if (ok)
      this.#known = report.chains.map(({ writer, lastSequence: sequence, lastHash: hash, open }) => ({
        writer,
        sequence,
        hash,
        open,
        atMs,
      }));
    else if (before?.ok !== false)
      log.error(
        { findings: findings.length + furtherFindings, first: findings[0]?.text },
        "the audit record does not hold: `behalf audit verify` tells more",
      );
    const { writer } = audit.head();
    this.#verified = {
      ok,
      atMs,
      wholeAtMs: onward ? (before?.wholeAtMs ?? atMs) : atMs,
      upTo: report.chains.find((chain) => chain.writer === writer)?.lastSequence ?? 0,
      records: (onward ? (before?.records ?? 0) : 0) + report.records,
      chains: report.chains.length,
      unfinishedActs,
      findings,
      furtherFindings,
    };
  }

  /** Works a little, rests long; ends when it is told to. */
  #slowly(): (records: number) => Promise<void> {
    let begin = performance.now();
    this.#underWay = 0;
    return async (records) => {
      this.#underWay = Math.max(this.#underWay ?? 0, records);
      const restMs = Math.min(longestRestMs, (performance.now() - begin) * restsPerWork);
      await new Promise<void>((resolve) => {
        const rested = setTimeout(resolve, restMs).unref();
        this.#wake = () => (clearTimeout(rested), resolve());
      });
      if (this.#stopped) throw new Stopped();
      begin = performance.now();
    };
  }
}

export const startChainWatch = (options: ChainWatchOptions): ChainWatch => new Watch(options);
