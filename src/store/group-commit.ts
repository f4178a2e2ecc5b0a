/**
 * The write queue: what has queued while the last commit ran is committed in one durable transaction, a savepoint for each
 * caller. It waits for nothing else, so an idle store answers as fast as one commit, and a busy one shares each fsync.
 *
 * INVARIANT: one group at a time; a caller hears of success only after its group's commit.
 */
import type { ControlledTransaction, Kysely } from "kysely";
import { fail, ProblemError, problem } from "#kernel/problem.ts";
import type { Flusher, Stage, Writer } from "#store/store.ts";
import { asStoreError } from "#store/store-problem.ts";
import type { Tables } from "#store/tables.ts";

/** A group ends at the first of the two, so that one caller's latency does not grow with the queue. */
const mostMembers = 256;
const usualGroupMs = 25;
const savepointName = "member";

interface Member {
  readonly work: (tx: Writer, stage: Stage) => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

type Group = ControlledTransaction<Tables>;

/** Lets the requests that arrived during the last commit join the next group: one turn of the event loop, no timer. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const rollback = async (group: Group): Promise<void> => {
  try {
    await group.rollback().execute();
  } catch {
    // The connection is gone, and the transaction with it.
  }
};

export class GroupCommit {
  readonly #database: Kysely<Tables>;
  #queue: Member[] = [];
  #running: Promise<void> | null = null;
  #closed = false;
  #flusher: Flusher | null = null;
  readonly #longestGroupMs: number;

  constructor(database: Kysely<Tables>, longestGroupMs = usualGroupMs) {
    this.#database = database;
    this.#longestGroupMs = longestGroupMs;
  }

  flushWith(flusher: Flusher): void {
    if (this.#flusher !== null) throw new Error("the store has a flusher already");
    this.#flusher = flusher;
  }

  write<T>(work: (tx: Writer, stage: Stage) => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new ProblemError(problem("store.closed", "the store is closed")));
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ work, resolve: resolve as (value: unknown) => void, reject });
      this.#running ??= this.#run();
    });
  }

  /** Refuses further writes and waits for the queued ones. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      await turn();
      const members = this.#queue.splice(0, mostMembers);
      const rest = await this.#commit(members);
      if (rest.length > 0) this.#queue.unshift(...rest);
    }
    // No await since the queue was seen empty: nobody can have queued in between.
    this.#running = null;
  }

  /** Commits a group; returns the members that were not reached. */
  async #commit(members: readonly Member[]): Promise<readonly Member[]> {
    let group: Group;
    try {
      group = await this.#database.startTransaction().execute();
    } catch (error) {
      for (const member of members) member.reject(asStoreError(error));
      return [];
    }
    const done: { readonly member: Member; readonly value: unknown }[] = [];
    const staged: object[] = [];
    const startedAt = performance.now();
    let reached = 0;
    for (const member of members) {
      if (reached > 0 && performance.now() - startedAt > this.#longestGroupMs) break;
      reached += 1;
      const items: object[] = [];
      let open = true;
      const stage: Stage = (item) => {
        if (!open) throw new Error("staged after its work had ended");
        items.push(item);
      };
      // A member alone needs no savepoint: the whole transaction is its own.
      const alone = members.length === 1;
      try {
        if (!alone) await group.savepoint(savepointName).execute();
        const value = await member.work(group, stage);
        if (!alone) await (group as Savepointed).releaseSavepoint(savepointName).execute();
        done.push({ member, value });
        staged.push(...items);
      } catch (error) {
        member.reject(asStoreError(error));
        if (alone) {
          await rollback(group);
          return [];
        }
        try {
          await (group as Savepointed).rollbackToSavepoint(savepointName).execute();
          await (group as Savepointed).releaseSavepoint(savepointName).execute();
        } catch {
          // The transaction itself is lost (disk full, connection gone): so is what the earlier members wrote.
          await rollback(group);
          for (const { member: lost } of done) lost.reject(asStoreError(error));
          return members.slice(reached);
        }
      } finally {
        open = false;
      }
    }
    await this.#finish(group, done, staged);
    return members.slice(reached);
  }

  async #finish(
    group: Group,
    done: readonly { readonly member: Member; readonly value: unknown }[],
    staged: readonly object[],
  ): Promise<void> {
    if (done.length === 0) return rollback(group);
    const flusher = staged.length === 0 ? null : this.#flusher;
    try {
      if (staged.length > 0 && flusher === null) fail("general.internal", "items were staged, but no flusher is registered");
      await flusher?.flush(group, staged);
      await group.commit().execute();
    } catch (error) {
      if (!group.isRolledBack) await rollback(group);
      flusher?.settled(false);
      for (const { member } of done) member.reject(asStoreError(error));
      return;
    }
    flusher?.settled(true);
    for (const { member, value } of done) member.resolve(value);
  }
}

/** Kysely tracks savepoints in the type; here there is one name, always set when it is used. */
type Savepointed = ControlledTransaction<Tables, [typeof savepointName]>;
