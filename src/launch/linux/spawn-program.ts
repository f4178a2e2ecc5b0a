/**
 * Starts one program and waits for it. Not `child_process`: `posix_spawn` shares the starter's memory until the exec, so a start costs
 * 1.0 ms of the calling thread instead of 1.5 (measured, both cores busy) and does not grow with its heap; and the child comes from *this* thread,
 * which holds the fresh session keyring (O5). What belongs here: start, reap. What does not: whom it runs as.
 *
 * INVARIANT: signal mask empty, all dispositions default, a session of its own, descriptors exactly those given (O5: `host-identity.test.ts`).
 */
import {
  collectChild,
  duplicateAbove,
  posixSpawn,
  spawnActionsCloseFrom,
  spawnActionsDestroy,
  spawnActionsDup2,
  spawnActionsInit,
  spawnAttributesFlags,
  spawnAttributesInit,
  spawnAttributesSigdefault,
  spawnAttributesSigmask,
  SystemCallError,
} from "#launch/linux/libc.ts";
import { closeSync } from "node:fs";
import { constants } from "node:os";

/** How a program ended: exactly one of the two is set. Null: it was no child of this process any more. */
export type ProgramExit = { readonly exitCode: number | null; readonly signal: string | null } | null;

export interface SpawnedProgram {
  readonly pid: number;
  /** Resolves when it was reaped; until then its pid cannot be recycled. Never rejects. */
  readonly exited: Promise<ProgramExit>;
}

export interface ProgramSpec {
  /** Absolute path (O1). */
  readonly file: string;
  /** Including the name at position 0. */
  readonly argv: readonly string[];
  /** `NAME=value`. */
  readonly environment: readonly string[];
  /** Position = number in the child. */
  readonly descriptors: readonly number[];
}

const signalNames = new Map<number, string>(Object.entries(constants.signals).map(([name, number]) => [number, name]));
for (const [alias, name] of [
  ["SIGIOT", "SIGABRT"],
  ["SIGPOLL", "SIGIO"],
  ["SIGUNUSED", "SIGSYS"],
  ["SIGCLD", "SIGCHLD"],
] as const) {
  const number = (constants.signals as Record<string, number>)[name];
  if (number !== undefined && signalNames.get(number) === alias) signalNames.set(number, name);
}

/** Reads a wait status. */
export const decodeStatus = (status: number): { exitCode: number | null; signal: string | null } => {
  const number = status & 0x7f;
  if (number === 0) return { exitCode: (status >> 8) & 0xff, signal: null };
  return { exitCode: null, signal: signalNames.get(number) ?? `SIG${number}` };
};

const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;
const POSIX_SPAWN_SETSID = 0x80;

// Opaque structures: glibc needs 336 and 80 bytes, musl less.
const attributes = Buffer.alloc(512);
spawnAttributesInit(attributes);
spawnAttributesFlags(attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
// All 64 of the kernel: glibc would leave the two that it keeps to itself (32, 33) ignored in the child.
const everySignal = Buffer.alloc(128);
everySignal.writeBigUInt64LE(0xffff_ffff_ffff_ffffn);
spawnAttributesSigdefault(attributes, everySignal);
spawnAttributesSigmask(attributes, Buffer.alloc(128));

/** The lowest source number that no target can overwrite. */
const lowestSource = 10;

const waiting = new Map<number, (exit: ProgramExit) => void>();
let sweep: NodeJS.Timeout | null = null;

const reap = (): void => {
  for (const [pid, settle] of waiting) {
    const status = collectChild(pid);
    if (status === undefined) continue;
    waiting.delete(pid);
    settle(status === null ? null : decodeStatus(status));
  }
  if (waiting.size === 0 && sweep !== null) {
    clearInterval(sweep);
    sweep = null;
  }
};

let isListening = false;
/**
 * Waits for a child of this process, whichever thread started it. Only the main thread hears of ended children. INVARIANT: nothing else
 * collects it, so its pid cannot be recycled before this resolves.
 */
export const awaitChild = (pid: number): Promise<ProgramExit> => {
  if (!isListening) {
    isListening = true;
    process.on("SIGCHLD", reap);
  }
  // Also keeps the event loop alive, which a signal handler does not.
  sweep ??= setInterval(reap, 1000);
  return new Promise((resolve) => {
    waiting.set(pid, resolve);
    // It may have ended before it was waited for.
    setImmediate(reap);
  });
};

/** Whether this is a program started here that was not collected yet. */
export const isOwnProgram = (pid: number): boolean => waiting.has(pid);

/** Starts the program now and returns its pid. Throws `SystemCallError` when it cannot be started at all. */
export const spawnChild = (spec: ProgramSpec): number => {
  const actions = Buffer.alloc(256);
  spawnActionsInit(actions);
  const copies: number[] = [];
  try {
    spec.descriptors.forEach((given, target) => {
      let source = given;
      if (source < lowestSource) {
        source = duplicateAbove(source, lowestSource);
        copies.push(source);
      }
      spawnActionsDup2(actions, source, target);
    });
    spawnActionsCloseFrom(actions, spec.descriptors.length);
    const pid = [0];
    const error = posixSpawn(pid, spec.file, actions, attributes, [...spec.argv, null], [...spec.environment, null]);
    if (error !== 0) throw new SystemCallError("posix_spawn", error);
    return pid[0] ?? 0;
  } finally {
    for (const copy of copies) closeSync(copy);
    spawnActionsDestroy(actions);
  }
};

/** Starts the program and waits for it, in the main thread. Throws `SystemCallError` when it cannot be started at all. */
export const spawnProgram = (spec: ProgramSpec): SpawnedProgram => {
  const pid = spawnChild(spec);
  return { pid, exited: awaitChild(pid) };
};
