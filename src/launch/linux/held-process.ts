/**
 * One held run, started here or found again: its streams, signals that only reach what is still the same tree (O8), and the removal of what
 * was made for it. What does not belong here: how it was started (`start-process.ts`) or how its tree is seen (`tree/`).
 */
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "#kernel/log.ts";
import { sendSignal } from "#launch/linux/libc.ts";
import { isDead, readProcess, readProcessUid } from "#launch/linux/process-facts.ts";
import type { HeldTree } from "#launch/linux/tree/held-tree.ts";
import type { HeldProcess, ProcessExit, ProcessRecord } from "#launch/process-port.ts";

const signalNumbers = { SIGTERM: 15, SIGKILL: 9 } as const;

export interface HeldParts {
  readonly record: ProcessRecord;
  readonly stdout: Socket;
  readonly stderr: Socket;
  readonly tree: HeldTree;
  readonly exited: Promise<ProcessExit>;
  /** True while the main process is a child that was not collected yet: its pid cannot be another process. */
  readonly isOwnChild: () => boolean;
  /** Removes pipes and TMPDIR. */
  readonly removeTraces: () => Promise<void>;
  readonly log: Log;
}

/** Whether the recorded main process is still that one: boot, start time and uid (O8). A process that became another account keeps its real uid check in `tree/`. */
export const isSameProcess = (record: ProcessRecord, bootId: string): boolean => {
  if (record.pid <= 1 || record.bootId !== bootId) return false;
  const facts = readProcess(record.pid);
  if (facts === null || isDead(facts) || facts.startTicks !== record.startTicks) return false;
  const uid = readProcessUid(record.pid);
  // While sudo or setpriv still has to change it, the process is root's; it is never a third account's.
  return uid === record.uid || uid === 0;
};

/** Puts the parts together. */
export const holdProcess = (parts: HeldParts, bootId: string): HeldProcess => {
  const { record, tree, log } = parts;
  let released: Promise<void> | null = null;

  const signal = async (name: "SIGTERM" | "SIGKILL"): Promise<void> => {
    if (name === "SIGKILL") {
      await tree.kill();
      return;
    }
    // The group of a live leader is the run's: the number stays taken while the leader lives.
    if (record.tree !== "sudo" && (parts.isOwnChild() || isSameProcess(record, bootId))) {
      sendSignal(-record.pid, signalNumbers[name]);
      return;
    }
    await tree.signalAll(signalNumbers[name]);
  };

  const release = async (): Promise<void> => {
    parts.stdout.destroy();
    parts.stderr.destroy();
    const work = await Promise.allSettled([tree.remove(), parts.removeTraces()]);
    for (const done of work) {
      if (done.status === "rejected")
        log.warn({ run: record.run, error: done.reason as unknown }, "what was made for a run could not be removed");
    }
  };

  return {
    record,
    stdout: parts.stdout,
    stderr: parts.stderr,
    exited: parts.exited,
    signal,
    killTree: async () => {
      // What just closed its output is on its way out: it is no leftover.
      for (let waited = 0; waited < 3 && !tree.isEmpty(); waited += 1) await sleep(5);
      return tree.kill();
    },
    release: () => (released ??= release()),
  };
};

const pollMs = 200;

/** Resolves when a process that is not our child is gone. */
export const watchForeign = (isAlive: () => boolean): Promise<ProcessExit> =>
  new Promise((resolve) => {
    const look = (): void => {
      if (isAlive()) setTimeout(look, pollMs);
      else resolve({ known: false, exitCode: null, signal: null, startProblem: null });
    };
    look();
  });
