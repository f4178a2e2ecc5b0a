/**
 * The dispatch loop: keeps every connected node supplied with queued runs, as many as it may have in flight, oldest first and fair between
 * submitters. What belongs here: whose turn it is, and when to look again. What does not: the offer itself (`offer-runs.ts`).
 */
import { readCancelledQueued, readQueuedRuns, type RunToOffer } from "#jobs/dispatch-store.ts";
import type { Departure } from "#jobs/ports.ts";
import type { AgentSession } from "#controller/agent-session.ts";
import type { ControllerContext } from "#controller/controller-context.ts";
import { offerRuns, prepareOffers, sendOffers, takeBack, writeOffers, type Offer, type Prepared } from "#controller/offer-runs.ts";
import { FairQueue } from "#controller/rules/fair-queue.ts";
import { endCancelledQueued } from "#controller/settle-run.ts";

/** Runs held in memory per node; the rest stays in the store. */
const pageRuns = 256;
/** With fewer than this in memory, the store is read again. */
const lowWaterRuns = 64;
/** Runs in one transaction. */
const mostPerBatch = 64;
/** How often, at most, the store is asked for submitters that the page does not hold. */
const lookForOthersEveryMs = 2000;
const retryAfterMs = 1000;

interface NodeQueue {
  readonly queue: FairQueue;
  /** More was in the store than the page holds. */
  hasMore: boolean;
  /** Something was submitted since the store was read. */
  stale: boolean;
  lookedForOthersAt: number;
  running: boolean;
}

export class Dispatcher {
  readonly #context: ControllerContext;
  readonly #sessions: () => Iterable<AgentSession>;
  readonly #queues = new Map<string, NodeQueue>();
  readonly #timer: NodeJS.Timeout;
  #stopped = false;
  #running = 0;
  #idle: (() => void)[] = [];

  constructor(context: ControllerContext, sessions: () => Iterable<AgentSession>) {
    this.#context = context;
    this.#sessions = sessions;
    // Other managers on the same store queue runs as well, and no one tells.
    this.#timer = setInterval(() => {
      this.submitted();
      void this.#endCancelled();
    }, context.settings.pollMs).unref();
  }

  /** Runs were queued. */
  submitted(): void {
    for (const node of this.#queues.values()) node.stale = true;
    this.wake();
  }

  /**
   * Runs that are about to be queued and can leave in the same transaction, because nobody waits for their nodes. What does not fit, or would
   * be refused today, is queued like everything else.
   */
  async prepare(runs: readonly (RunToOffer & { readonly node: string })[]): Promise<Departure | null> {
    const context = this.#context;
    const leaving: { session: AgentSession; offers: readonly Offer[]; committed: readonly Prepared[]; release: () => void }[] = [];
    this.#running += 1;
    const stay = (): void => {
      for (const { release } of leaving.splice(0)) release();
      this.#ended();
    };
    try {
      for (const session of this.#sessions()) {
        const { name } = session.node;
        const node = this.#queueOf(name);
        if (!this.#isOpenTo(session) || node.running || node.stale || node.hasMore || node.queue.size > 0) continue;
        const mine = runs.filter((run) => run.node === name).slice(0, Math.min(session.freeSlots, mostPerBatch));
        if (mine.length === 0) continue;
        const release = session.reserve(mine.length);
        const entry = { session, offers: [] as readonly Offer[], committed: [] as readonly Prepared[], release };
        leaving.push(entry);
        entry.offers = (await prepareOffers(context, session, mine)).filter((one): one is Offer => !("problem" in one));
      }
    } catch (error) {
      context.log.warn({ error }, "what was submitted could not be offered at once; it is queued");
      stay();
      return null;
    }
    const count = leaving.reduce((sum, { offers }) => sum + offers.length, 0);
    if (count === 0) {
      stay();
      return null;
    }
    return {
      runs: count,
      write: async (tx, stage) => {
        for (const entry of leaving) entry.committed = await writeOffers(context, entry.session.node.name, entry.offers, tx, stage);
      },
      go: () => {
        const unsent = leaving.flatMap(({ session, committed }) => sendOffers(context, session, committed));
        for (const { release } of leaving.splice(0)) release();
        takeBack(context, unsent).then(
          () => this.#ended(),
          (error: unknown) => {
            // The node's next report says that it does not have them.
            context.log.error({ error }, "offers that never left could not be taken back");
            this.#ended();
          },
        );
      },
      stay,
    };
  }

  /** A slot is free, or a node has come. */
  wake(): void {
    if (this.#stopped) return;
    for (const session of this.#sessions()) {
      const node = this.#queueOf(session.node.name);
      if (!node.running && session.journalId !== null && session.freeSlots > 0) void this.#supply(session, node);
    }
  }

  /** The run is queued no longer. */
  forget(run: string): void {
    for (const { queue } of this.#queues.values()) queue.remove(run);
  }

  /** Offers nothing more; resolves when the offers under way are done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    if (this.#running > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #queueOf(node: string): NodeQueue {
    let found = this.#queues.get(node);
    if (found === undefined) {
      found = { queue: new FairQueue(), hasMore: false, stale: true, lookedForOthersAt: Number.NEGATIVE_INFINITY, running: false };
      this.#queues.set(node, found);
    }
    return found;
  }

  /** Something can be offered to it now. */
  #isOpenTo(session: AgentSession): boolean {
    return !this.#stopped && session.journalId !== null && session.freeSlots > 0 && this.#context.logs.admission() === null;
  }

  #ended(): void {
    this.#running -= 1;
    if (this.#running === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #supply(session: AgentSession, node: NodeQueue): Promise<void> {
    node.running = true;
    this.#running += 1;
    try {
      while (this.#isOpenTo(session)) {
        await this.#refill(session.node.name, node);
        const taken = node.queue.take(Math.min(session.freeSlots, mostPerBatch));
        if (taken.length === 0) {
          if (node.stale) continue;
          break;
        }
        const release = session.reserve(taken.length);
        try {
          await offerRuns(
            this.#context,
            session,
            taken.map((run) => run.id),
          );
        } catch (error) {
          node.stale = true;
          throw error;
        } finally {
          release();
        }
      }
    } catch (error) {
      this.#context.log.error({ node: session.node.name, error }, "runs could not be offered; tried again");
      setTimeout(() => this.wake(), retryAfterMs).unref();
    } finally {
      node.running = false;
      this.#ended();
    }
    // Something may have come between the last look and the end.
    if (node.stale && this.#isOpenTo(session)) setImmediate(() => this.wake());
  }

  async #refill(name: string, node: NodeQueue): Promise<void> {
    const { queue } = node;
    const { store, settings, clock } = this.#context;
    const isLow = queue.size < lowWaterRuns && (node.hasMore || node.stale);
    if (isLow) {
      // Before the read: what is submitted during it makes it stale again.
      node.stale = false;
      const page = await readQueuedRuns(store.read, { controller: settings.name, node: name, limit: pageRuns });
      node.hasMore = page.length === pageRuns;
      queue.add(page.filter((run) => !run.cancelled));
      for (const run of page) if (run.cancelled) await endCancelledQueued(this.#context, run.id);
    }
    if (!node.hasMore || clock.monotonicMs() - node.lookedForOthersAt < lookForOthersEveryMs) {
      if (node.hasMore) node.stale = false;
      return;
    }
    node.lookedForOthersAt = clock.monotonicMs();
    node.stale = false;
    const others = await readQueuedRuns(store.read, {
      controller: settings.name,
      node: name,
      limit: lowWaterRuns,
      notOf: queue.submitters(),
    });
    queue.add(others.filter((run) => !run.cancelled));
  }

  /** Cancelled runs of nodes that are not here end as well. */
  async #endCancelled(): Promise<void> {
    try {
      for (const run of await readCancelledQueued(this.#context.store.read, this.#context.settings.name)) {
        this.forget(run);
        await endCancelledQueued(this.#context, run);
      }
    } catch (error) {
      this.#context.log.warn({ error }, "cancelled runs could not be ended; tried again");
    }
  }
}
