/**
 * Takes the output of one node: appends it, holds the node back while the disk is slower, and asks again for what could not be taken. What does not
 * belong here: the file (`run-log.ts`), and when the run is complete (`outcome-desk.ts`).
 */
import type { Log } from "#kernel/log.ts";
import type { LiveRun } from "#controller/live-run.ts";
import type { RunLogs } from "#controller/run-log.ts";

export interface IntakeAnswers {
  /** The log is taken up to here: send from there. */
  logPosition(live: LiveRun, offset: number): void;
  grown(live: LiveRun): void;
  /** Read nothing more from this node for now, and go on. */
  hold(): void;
  goOn(): void;
}

/** Output of one node that waits for the disk; above it the node is held back. */
const holdAboveBytes = 8 * 1024 * 1024;
const goOnBelowBytes = 2 * 1024 * 1024;
/** A disk that refused is tried again after this. */
const retryAfterMs = 3000;

export class LogIntake {
  readonly #logs: RunLogs;
  readonly #log: Log;
  readonly #answers: IntakeAnswers;
  #pendingBytes = 0;

  constructor(logs: RunLogs, log: Log, answers: IntakeAnswers) {
    this.#logs = logs;
    this.#log = log;
    this.#answers = answers;
  }

  take(live: LiveRun, offset: number, bytes: Buffer): void {
    if (live.logStalled) return;
    live.logUntouched = false;
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes > holdAboveBytes) this.#answers.hold();
    this.#logs
      .append(live.run, offset, bytes)
      .then(
        ({ size, gap }) => {
          if (gap) this.#askAgain(live, size);
          else this.#answers.grown(live);
        },
        (error: unknown) => {
          // Disk full, most likely: the node keeps its copy.
          this.#log.error({ run: live.run, error }, "output could not be written; asked for again");
          this.#retry(live);
        },
      )
      .finally(() => {
        this.#pendingBytes -= bytes.length;
        if (this.#pendingBytes < goOnBelowBytes) this.#answers.goOn();
      });
  }

  #askAgain(live: LiveRun, size: number): void {
    live.logStalled = false;
    this.#answers.logPosition(live, size);
  }

  #retry(live: LiveRun): void {
    if (live.logStalled) return;
    live.logStalled = true;
    setTimeout(() => {
      this.#logs.size(live.run).then(
        (size) => this.#askAgain(live, size),
        (error: unknown) => {
          this.#log.error({ run: live.run, error }, "a log cannot be read; tried again");
          live.logStalled = false;
          this.#retry(live);
        },
      );
    }, retryAfterMs).unref();
  }
}
