/**
 * Moves logs from the launcher to the controller, piece by piece: few reads at a time, none while the connection is full, so that
 * output of any size passes through little memory. What does not belong here: who is connected, and what the bytes mean.
 */
import type { FromAgent, FromLauncher, ToLauncher } from "#link/messages.ts";
import type { CarriedRun } from "#agent/carried-run.ts";

export interface ShippingLinks {
  /** False when the launcher is away. */
  readonly toLauncher: (message: ToLauncher) => boolean;
  readonly toController: (message: FromAgent, payload?: Buffer) => void;
  /** Bytes waiting on the connection to the controller; null when it is away. */
  readonly controllerBufferedBytes: () => number | null;
}

const pieceBytes = 256 * 1024;
const readsAtOnce = 4;
const fullAboveBytes = 1024 * 1024;
const lookAgainMs = 20;

export class LogShipper {
  readonly #links: ShippingLinks;
  readonly #wanting = new Set<CarriedRun>();
  readonly #reads = new Map<number, CarriedRun>();
  #nextId = 1;
  #isWaiting = false;

  constructor(links: ShippingLinks) {
    this.#links = links;
  }

  /** There may be something to send of this run. */
  wake(run: CarriedRun): void {
    if (this.#isBehind(run)) this.#wanting.add(run);
    this.#pump();
  }

  forget(run: CarriedRun): void {
    this.#wanting.delete(run);
  }

  /** Either side has gone: answers that are under way will not come, or are no longer wanted. */
  reset(): void {
    for (const run of this.#reads.values()) run.reading = false;
    this.#reads.clear();
    this.#wanting.clear();
  }

  /** The launcher's answer to a read. */
  answered(message: Extract<FromLauncher, { type: "log" }>, payload: Buffer): void {
    const run = this.#reads.get(message.id);
    if (run === undefined) return;
    this.#reads.delete(message.id);
    run.reading = false;
    run.logBytes = message.logBytes;
    run.checkSize = false;
    if (message.missing) this.#giveUp(run, message.offset);
    else if (run.shippedBytes === message.offset) {
      if (payload.length > 0) {
        this.#links.toController({ type: "log", run: run.run, attempt: run.attempt, offset: message.offset }, payload);
        run.shippedBytes += payload.length;
      } else {
        run.logBytes = Math.min(run.logBytes, message.offset);
        // It has ended, and this is where its log ends: whoever expects more must hear it.
        if (run.outcome !== null) this.#giveUp(run, message.offset);
      }
    }
    this.wake(run);
  }

  #lookAgain(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    setTimeout(() => {
      this.#isWaiting = false;
      this.#pump();
    }, lookAgainMs).unref();
  }

  #giveUp(run: CarriedRun, offset: number): void {
    if (run.logMissing) return;
    run.logMissing = true;
    this.#links.toController({ type: "log-missing", run: run.run, attempt: run.attempt, offset });
  }

  #isBehind(run: CarriedRun): boolean {
    return run.shippedBytes !== null && (run.shippedBytes < run.logBytes || run.checkSize) && !run.reading && !run.logMissing;
  }

  #pump(): void {
    for (const run of this.#wanting) {
      if (this.#reads.size >= readsAtOnce) return;
      const buffered = this.#links.controllerBufferedBytes();
      if (buffered === null) return;
      if (buffered > fullAboveBytes) {
        this.#lookAgain();
        return;
      }
      this.#wanting.delete(run);
      if (!this.#isBehind(run) || run.shippedBytes === null) continue;
      const id = this.#nextId;
      this.#nextId += 1;
      run.reading = true;
      this.#reads.set(id, run);
      if (
        !this.#links.toLauncher({
          type: "read-log",
          id,
          run: run.run,
          attempt: run.attempt,
          offset: run.shippedBytes,
          maxBytes: pieceBytes,
        })
      ) {
        this.#reads.delete(id);
        run.reading = false;
        return;
      }
    }
  }
}
