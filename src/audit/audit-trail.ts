/**
 * The audit trail: acts are recorded before they are done and completed in the transaction that does them; every record is a link of this
 * process's chain. It is the store's flusher, so nothing that staged a record is committed without it. Who may read records is asked above.
 *
 * Each start of a process begins a new chain, so that a restored database cannot make an old chain fork; its first record names the heads of the
 * chains before it, and a checkpoint is signed at the start, every five minutes and at the end.
 */
import type { KeyObject } from "node:crypto";
import type { Clock } from "#kernel/clock.ts";
import { newId } from "#kernel/ids.ts";
import { redact, type Log } from "#kernel/log.ts";
import { ProblemError, type Problem } from "#kernel/problem.ts";
import { problemCodes } from "#kernel/problem-codes.ts";
import { canonicalJson } from "#proof/canonical-json.ts";
import { sha256Hex } from "#proof/digest.ts";
import { appendCheckpoint, signCheckpoint } from "#audit/checkpoint.ts";
import { chainStart, recordHash, type AuditPhase, type ChainPosition, type SeenPlace } from "#audit/record.ts";
import type { Flusher, Stage, Store, Writer } from "#store/store.ts";
import type { AuditTable } from "#store/tables.ts";

export interface AuditEntry {
  /** Access ID of who acts, or `part:<name>` for the product itself. */
  readonly actor: string;
  /** e.g. `runs.create`. */
  readonly action: string;
  /** e.g. `/finance/close-books` or `run_…`. */
  readonly object: string;
  /** What else matters, bounded; secrets are removed by name. */
  readonly detail?: Record<string, unknown>;
}

export interface AuditTrail {
  /**
   * Records the act as opened, durably, then runs `work` and commits it together with the record of its completion. If `work` throws, what it
   * wrote is rolled back, the act is recorded as refused or failed with the problem's code, and the error is thrown again.
   */
  act<T>(entry: AuditEntry, work: (tx: Writer, stage: Stage) => Promise<{ readonly result: T; readonly detail?: object }>): Promise<T>;
  /**
   * The same for an act that consists of nothing but what `work` writes: opened and completed are records of that one transaction, for without it
   * there was no act. One that fails is recorded as opened and as refused or failed. Half the commits of `act` (ADR 13).
   */
  actAtOnce<T>(
    entry: AuditEntry,
    work: (tx: Writer, stage: Stage) => Promise<{ readonly result: T; readonly detail?: object }>,
  ): Promise<T>;
  /** Records an act that was refused before anything of it was begun, as opened and refused. Never rejects: the refusal is on its way to the caller. */
  refused(entry: AuditEntry, refusal: Problem): Promise<void>;
  /** Records something that happened; resolves once it is durable. */
  note(entry: AuditEntry): Promise<void>;
  /** Records something in the transaction of the work that stages it. */
  stageNote(stage: Stage, entry: AuditEntry): void;
  /** The last committed record of this process's chain. */
  head(): ChainPosition;
  /** The same with its instant, and the last checkpoint that was signed; null: none was yet. */
  heads(): { readonly head: SeenPlace; readonly checkpoint: SeenPlace | null };
  /** Signs the head into the checkpoint file and table, unless it already is. */
  checkpoint(): Promise<void>;
  /** The last checkpoint. Call before the store is closed. Idempotent. */
  close(): Promise<void>;
}

export interface AuditTrailOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly checkpointFile: string;
  readonly signingKey: KeyObject;
  /** Id of this process's chain; a new one by default. Never one that was used before. */
  readonly writer?: string;
  readonly checkpointEveryMs?: number;
}

const maxNameLength = 1024;
const maxDetailLength = 16 * 1024;
/** Rows in one insert: 11 values each, below SQLite's 32,766 and PostgreSQL's 65,535. */
const rowsPerInsert = 1000;
const joinedChains = 20;

/** A staged record; its place in the chain is given when its group is about to be committed. */
class Pending {
  readonly phase: AuditPhase;
  readonly entry: AuditEntry;
  readonly detail: string;
  readonly at: number;
  readonly opens: Pending | null;
  sequence = 0;

  constructor(phase: AuditPhase, entry: AuditEntry, detail: object | undefined, at: number, opens: Pending | null) {
    this.phase = phase;
    this.entry = entry;
    this.detail = renderDetail(detail);
    this.at = at;
    this.opens = opens;
  }
}

const renderDetail = (detail: object | undefined): string => {
  if (detail === undefined) return "{}";
  const whole = canonicalJson(redact(detail));
  return whole.length <= maxDetailLength ? whole : canonicalJson({ shortened: true, characters: whole.length, sha256: sha256Hex(whole) });
};

/** Text as both stores keep it: without NUL and lone surrogates, bounded. */
const clean = (text: string): string =>
  (text.length > maxNameLength ? `${text.slice(0, maxNameLength)}…` : text).toWellFormed().replaceAll("\0", "\u2400");

const failureOf = (error: unknown): { readonly phase: AuditPhase; readonly detail: object } => {
  if (!(error instanceof ProblemError)) return { phase: "failed", detail: { code: "general.internal" } };
  const { code, message } = error.problem;
  return { phase: problemCodes[code].exit === 3 ? "refused" : "failed", detail: { code, message } };
};

interface Head {
  readonly sequence: number;
  readonly hash: string;
  readonly atMs: number;
}

class ChainTrail implements AuditTrail, Flusher {
  readonly #options: AuditTrailOptions;
  readonly #writer: string;
  #committed: Head = { sequence: 0, hash: chainStart, atMs: 0 };
  #provisional: Head = this.#committed;
  /** A commit failed: whether it reached the database is not known (a lost connection tells neither). */
  #uncertain = false;
  #checkpoint: SeenPlace | null = null;
  #checkpointing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | null = null;
  #closing: Promise<void> | null = null;

  constructor(options: AuditTrailOptions) {
    this.#options = options;
    this.#writer = options.writer ?? newId("wrt", options.clock.nowMs());
  }

  async begin(joins: readonly ChainPosition[]): Promise<void> {
    this.#options.store.flushWith(this);
    await this.note({ actor: "part:audit", action: "audit.begin", object: this.#writer, detail: { joins } });
    await this.checkpoint();
    this.#timer = setInterval(() => void this.#tryCheckpoint(), this.#options.checkpointEveryMs ?? 5 * 60_000).unref();
  }

  #pending(phase: AuditPhase, entry: AuditEntry, detail: object | undefined, opens: Pending | null = null): Pending {
    return new Pending(phase, entry, detail, this.#options.clock.nowMs(), opens);
  }

  async act<T>(
    entry: AuditEntry,
    work: (tx: Writer, stage: Stage) => Promise<{ readonly result: T; readonly detail?: object }>,
  ): Promise<T> {
    const opened = this.#pending("opened", entry, entry.detail);
    await this.#options.store.write(async (_tx, stage) => stage(opened));
    try {
      return await this.#complete(entry, opened, work, false);
    } catch (error) {
      await this.#failed(entry, opened, error, false);
      throw error;
    }
  }

  async actAtOnce<T>(
    entry: AuditEntry,
    work: (tx: Writer, stage: Stage) => Promise<{ readonly result: T; readonly detail?: object }>,
  ): Promise<T> {
    const opened = this.#pending("opened", entry, entry.detail);
    try {
      return await this.#complete(entry, opened, work, true);
    } catch (error) {
      await this.#failed(entry, opened, error, true);
      throw error;
    }
  }

  #complete<T>(
    entry: AuditEntry,
    opened: Pending,
    work: (tx: Writer, stage: Stage) => Promise<{ readonly result: T; readonly detail?: object }>,
    opensHere: boolean,
  ): Promise<T> {
    return this.#options.store.write(async (tx, stage) => {
      if (opensHere) stage(opened);
      const { result, detail } = await work(tx, stage);
      stage(this.#pending("completed", entry, detail, opened));
      return result;
    });
  }

  #failed(entry: AuditEntry, opened: Pending, error: unknown, opensHere: boolean): Promise<void> {
    const { phase, detail } = failureOf(error);
    return this.#end(entry, opened, this.#pending(phase, entry, detail, opened), opensHere);
  }

  /** Never rejects: what went wrong is already on its way to the caller. */
  async #end(entry: AuditEntry, opened: Pending, ended: Pending, opensHere: boolean): Promise<void> {
    try {
      await this.#options.store.write(async (_tx, stage) => {
        if (opensHere) stage(opened);
        stage(ended);
      });
    } catch (second) {
      this.#options.log.error(
        { error: second, action: entry.action },
        opensHere ? "an act that failed could not be recorded" : "the end of an act could not be recorded; it stays open in the audit",
      );
    }
  }

  refused(entry: AuditEntry, { code, message }: Problem): Promise<void> {
    const opened = this.#pending("opened", entry, entry.detail);
    return this.#end(entry, opened, this.#pending("refused", entry, { ...entry.detail, code, message }, opened), true);
  }

  async note(entry: AuditEntry): Promise<void> {
    const pending = this.#pending("noted", entry, entry.detail);
    await this.#options.store.write(async (_tx, stage) => stage(pending));
  }

  stageNote(stage: Stage, entry: AuditEntry): void {
    stage(this.#pending("noted", entry, entry.detail));
  }

  head(): ChainPosition {
    const { sequence, hash } = this.#committed;
    return { writer: this.#writer, sequence, hash };
  }

  heads(): { readonly head: SeenPlace; readonly checkpoint: SeenPlace | null } {
    return { head: { writer: this.#writer, ...this.#committed }, checkpoint: this.#checkpoint };
  }

  async flush(tx: Writer, items: readonly object[]): Promise<void> {
    if (this.#uncertain) {
      const found = await tx
        .selectFrom("audit")
        .select(["sequence", "hash", "at"])
        .where("writer", "=", this.#writer)
        .orderBy("sequence", "desc")
        .limit(1)
        .executeTakeFirst();
      this.#committed =
        found === undefined ? { sequence: 0, hash: chainStart, atMs: 0 } : { sequence: found.sequence, hash: found.hash, atMs: found.at };
      this.#uncertain = false;
    }
    let { sequence, hash, atMs } = this.#committed;
    const rows: AuditTable[] = [];
    for (const item of items) {
      if (!(item instanceof Pending)) throw new TypeError("only the audit trail's own records can be staged");
      sequence += 1;
      item.sequence = sequence;
      const content = {
        writer: this.#writer,
        sequence,
        previous: hash,
        at: item.at,
        actor: clean(item.entry.actor),
        action: clean(item.entry.action),
        object: clean(item.entry.object),
        phase: item.phase,
        opened: item.opens === null ? null : item.opens.sequence,
        detail: item.detail,
      };
      hash = recordHash(content);
      atMs = item.at;
      rows.push({ ...content, hash });
    }
    for (let from = 0; from < rows.length; from += rowsPerInsert)
      await tx
        .insertInto("audit")
        .values(rows.slice(from, from + rowsPerInsert))
        .execute();
    this.#provisional = { sequence, hash, atMs };
  }

  settled(committed: boolean): void {
    if (committed) this.#committed = this.#provisional;
    else this.#uncertain = true;
  }

  checkpoint(): Promise<void> {
    // One after the other, so that file and table are in order.
    const next = this.#checkpointing.catch(() => {}).then(() => this.#checkpointNow());
    this.#checkpointing = next;
    return next;
  }

  async #checkpointNow(): Promise<void> {
    const { store, clock, signingKey, checkpointFile } = this.#options;
    const head = this.head();
    if (head.sequence <= (this.#checkpoint?.sequence ?? 0)) return;
    const at = clock.nowMs();
    const signature = signCheckpoint({ version: 1, kind: "checkpoint", ...head, at }, signingKey);
    appendCheckpoint(checkpointFile, signature);
    await store.write((tx) =>
      tx
        .insertInto("audit_checkpoints")
        .values({ ...head, at, signature })
        .onConflict((conflict) => conflict.doNothing())
        .execute(),
    );
    this.#checkpoint = { ...head, atMs: at };
  }

  async #tryCheckpoint(): Promise<void> {
    try {
      await this.checkpoint();
    } catch (error) {
      this.#options.log.error({ error }, "no audit checkpoint could be written; the next one is tried in five minutes");
    }
  }

  close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    return (this.#closing ??= this.#tryCheckpoint());
  }
}

/** The heads of the chains written last, as far as they are known by their checkpoints. */
const latestHeads = async (store: Store): Promise<readonly ChainPosition[]> => {
  const writers = await store.read
    .selectFrom("audit_checkpoints")
    .select((select) => ["writer", select.fn.max("at").as("last_at")])
    .groupBy("writer")
    .orderBy("last_at", "desc")
    .orderBy("writer", "desc")
    .limit(joinedChains)
    .execute();
  const heads: ChainPosition[] = [];
  for (const { writer } of writers) {
    const head = await store.read
      .selectFrom("audit")
      .select(["writer", "sequence", "hash"])
      .where("writer", "=", writer)
      .orderBy("sequence", "desc")
      .limit(1)
      .executeTakeFirst();
    if (head !== undefined) heads.push({ writer: head.writer, sequence: head.sequence, hash: head.hash });
  }
  return heads;
};

/** Begins a new chain on the store and registers as its flusher. */
export const openAuditTrail = async (options: AuditTrailOptions): Promise<AuditTrail> => {
  const joins = await latestHeads(options.store);
  const trail = new ChainTrail(options);
  await trail.begin(joins);
  return trail;
};
