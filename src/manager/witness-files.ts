/**
 * A node's receipts on their way into a verification: they come in pages (W9: no body is larger than 1 MiB) and wait in a private file, so that a journal of any
 * allowed size costs no memory. One for each principal, a few in all, gone after use, after ten minutes and with the manager. What does not belong here: judging them.
 */
import { createReadStream, openSync, closeSync, constants, readdirSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Clock } from "#kernel/clock.ts";
import { newId } from "#kernel/ids.ts";
import { makePrivateFolder } from "#kernel/private-file.ts";
import { fail } from "#kernel/problem.ts";

export interface WitnessHead {
  readonly node: { readonly id: string; readonly name: string };
  readonly publicKey: string;
}

interface Waiting extends WitnessHead {
  readonly id: string;
  readonly owner: string;
  readonly path: string;
  receipts: number;
  bytes: number;
  touchedAtMs: number;
}

export interface WitnessFiles {
  /** Begins one; what this owner had begun before is dropped. Throws `general.overloaded`. */
  begin(owner: string, head: WitnessHead): string;
  /** Appends a page that begins at receipt `after`. Answers how many there are; a page that was sent before changes nothing. Throws `audit.*` and `input.too-large`. */
  add(owner: string, id: string, after: number, receipts: readonly string[]): number;
  /** Takes it out for its use: its receipts can be read until `drop`. */
  take(owner: string, id: string): WitnessHead & { readonly receipts: AsyncIterable<string>; drop(): void };
  close(): void;
}

const idleMs = 10 * 60_000;
const mostWaiting = 8;
/** About 2 KiB a receipt: some thirty thousand runs. A longer journal is shown in parts. */
const defaultMaxBytes = 64 * 1024 * 1024;

/** Opened when it is read: lines that come before somebody listens would be lost. */
async function* linesOf(path: string): AsyncGenerator<string> {
  yield* createInterface({ input: createReadStream(path, "utf8"), crlfDelay: Infinity });
}

export const openWitnessFiles = (options: { readonly folder: string; readonly clock: Clock; readonly maxBytes?: number }): WitnessFiles => {
  const { folder, clock } = options;
  const maxBytes = options.maxBytes ?? defaultMaxBytes;
  const waiting = new Map<string, Waiting>();
  makePrivateFolder(folder);
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { force: true });

  const drop = (one: Waiting): void => {
    waiting.delete(one.id);
    rmSync(one.path, { force: true });
  };
  const dropIdle = (): void => {
    for (const one of waiting.values()) if (clock.monotonicMs() - one.touchedAtMs > idleMs) drop(one);
  };
  const timer = setInterval(dropIdle, idleMs).unref();
  const find = (owner: string, id: string): Waiting => {
    dropIdle();
    const one = waiting.get(id);
    // Not told apart: another's is none of his business.
    return one !== undefined && one.owner === owner ? one : fail("audit.witness-not-found", `no receipts wait under the id \`${id}\``);
  };

  return {
    begin: (owner, head) => {
      dropIdle();
      for (const one of waiting.values()) if (one.owner === owner) drop(one);
      if (waiting.size >= mostWaiting) fail("general.overloaded", "too many verifications are being prepared");
      const id = newId("wit", clock.nowMs());
      const path = join(folder, id);
      closeSync(openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600));
      waiting.set(id, { ...head, id, owner, path, receipts: 0, bytes: 0, touchedAtMs: clock.monotonicMs() });
      return id;
    },

    add: (owner, id, after, receipts) => {
      const one = find(owner, id);
      one.touchedAtMs = clock.monotonicMs();
      if (after + receipts.length <= one.receipts) return one.receipts;
      if (after !== one.receipts) fail("audit.witness-out-of-step", `the page begins at receipt ${after}, the next one is ${one.receipts}`);
      const text = Buffer.from(receipts.map((receipt) => `${receipt}\n`).join(""), "utf8");
      if (one.bytes + text.length > maxBytes) fail("input.too-large", `the journal is larger than ${maxBytes} bytes`);
      const descriptor = openSync(one.path, constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW);
      try {
        for (let written = 0; written < text.length;) written += writeSync(descriptor, text, written);
      } catch (error) {
        // Half a page may be there: none of it is used.
        drop(one);
        throw error;
      } finally {
        closeSync(descriptor);
      }
      one.receipts += receipts.length;
      one.bytes += text.length;
      return one.receipts;
    },

    take: (owner, id) => {
      const one = find(owner, id);
      waiting.delete(id);
      return {
        node: one.node,
        publicKey: one.publicKey,
        receipts: linesOf(one.path),
        drop: () => drop(one),
      };
    },

    close: () => {
      clearInterval(timer);
      for (const one of waiting.values()) drop(one);
    },
  };
};
