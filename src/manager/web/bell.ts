/** Rings for one waiting reader; a ring that comes while it is busy is kept, so that none falls between reading and waiting. */
export class Bell {
  #rung = false;
  #wake: (() => void) | null = null;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Resolves at once when it rang since the last wait, else at the next ring, after `timeoutMs`, or when `signal` aborts. Never rejects. */
  async wait(timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (!this.#rung && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
        signal.addEventListener("abort", this.#wake, { once: true });
      });
      if (this.#wake !== null) signal.removeEventListener("abort", this.#wake);
      this.#wake = null;
    }
    this.#rung = false;
  }
}
