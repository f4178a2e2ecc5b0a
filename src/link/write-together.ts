/** Several messages at once, one system call: the reader is woken once, which costs more than the writing. */
import type { Duplex } from "node:stream";

export interface WriteTogether {
  /** To be called before a write: what is written until the microtasks at hand are done leaves together. */
  hold(): void;
  /** What is held leaves now: to be called before the stream is destroyed. */
  release(): void;
}

export const writeTogether = (stream: Duplex): WriteTogether => {
  let isHeld = false;
  const release = (): void => {
    if (!isHeld) return;
    isHeld = false;
    stream.uncork();
  };
  return {
    hold: () => {
      if (isHeld) return;
      isHeld = true;
      stream.cork();
      queueMicrotask(release);
    },
    release,
  };
};
