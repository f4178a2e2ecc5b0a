/** Several messages at once, one system call: the reader is woken once, which costs more than the writing. */
import type { Duplex } from "node:stream";

/** To be called before a write: what is written until the microtasks at hand are done leaves together. */
export const togetherOn = (stream: Duplex): (() => void) => {
  let isHeld = false;
  const release = (): void => {
    isHeld = false;
    stream.uncork();
  };
  return () => {
    if (isHeld) return;
    isHeld = true;
    stream.cork();
    queueMicrotask(release);
  };
};
