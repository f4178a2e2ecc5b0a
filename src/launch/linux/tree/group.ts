/**
 * Holds a run by its session, process group, environment marker and ancestry, where no control group can be written. What escapes: a process
 * that made its own session, cleared its environment *and* lost its parents becomes a child of the launcher (subreaper); it is found while
 * no other run of the same account is held, else when the account's last run ends. Needs root, or runs as the launcher's own account.
 */
import { closeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { becomeSubreaper, collectChild, openPidfd, sendSignal, signalPidfd } from "#launch/linux/libc.ts";
import {
  hasEnvironmentEntry,
  isDead,
  listOwnChildren,
  listProcesses,
  readProcess,
  readProcessUid,
  type ProcessFacts,
} from "#launch/linux/process-facts.ts";
import { isOwnProgram } from "#launch/linux/spawn-program.ts";
import { killLimitMs, type HeldTree } from "#launch/linux/tree/held-tree.ts";

interface GroupRun {
  readonly run: string;
  readonly uid: number;
  /** Leader of the run's session; null: not known (adopted without a record). */
  readonly leader: { readonly pid: number; readonly startTicks: string } | null;
  /** The leader was started by this process, which adopts its orphans. */
  readonly isOwnChild: boolean;
}

export interface GroupTrees {
  hold(run: GroupRun): HeldTree;
}

const SIGKILL = 9;
const SIGSTOP = 19;

/** Ticks compare as numbers of any length. */
const startedBefore = (left: string, right: string): boolean =>
  left.length < right.length || (left.length === right.length && left < right);

const orphanSweepMs = 5000;

/** Orphans that ended and were of no run any more. Only those seen dead twice: what other code of this process started is collected by it at once. */
const collectOrphans = (): void => {
  let before = new Set<number>();
  setInterval(() => {
    const dead = listProcesses().filter((facts) => isDead(facts) && facts.parentPid === process.pid && !isOwnProgram(facts.pid));
    for (const { pid } of dead) if (before.has(pid)) collectChild(pid);
    before = new Set(dead.map((facts) => facts.pid));
  }, orphanSweepMs).unref();
};

/** All runs that are held this way by this process; it becomes the parent of their orphans when the way is used at all. */
export const openGroupTrees = (isUsed: boolean): GroupTrees => {
  if (isUsed) {
    becomeSubreaper();
    collectOrphans();
  }
  const held = new Set<GroupRun>();

  const findMembers = (target: GroupRun): ProcessFacts[] => {
    const processes = listProcesses();
    const { leader } = target;
    const lone = [...held].filter((other) => other.uid === target.uid).length <= 1;
    const members = new Map<number, ProcessFacts>();
    // A session or group that another process leads by now is not the run's, whatever its number.
    const leads = leader !== null && !processes.some((facts) => facts.pid === leader.pid && facts.startTicks !== leader.startTicks);
    const isOwn = (facts: ProcessFacts): boolean => {
      if (facts.pid === process.pid || (leader !== null && startedBefore(facts.startTicks, leader.startTicks))) return false;
      if (readProcessUid(facts.pid) !== target.uid) return false;
      if (leads && (facts.sessionId === leader.pid || facts.groupId === leader.pid)) return true;
      if (hasEnvironmentEntry(facts.pid, `BEHALF_RUN_ID=${target.run}`)) return true;
      const isOrphan = facts.parentPid === process.pid && target.uid !== process.getuid?.();
      return isOrphan && lone && leader !== null && ![...held].some((other) => other !== target && other.leader?.pid === facts.sessionId);
    };
    for (const facts of processes) if (isOwn(facts)) members.set(facts.pid, facts);
    // Children of members belong to it whoever they are by now (a helper that changed its account).
    for (let grew = members.size > 0; grew;) {
      grew = false;
      for (const facts of processes) {
        if (members.has(facts.pid) || !members.has(facts.parentPid) || facts.pid === process.pid) continue;
        members.set(facts.pid, facts);
        grew = true;
      }
    }
    return [...members.values()];
  };

  /**
   * True when nothing can be left: what a dead main process leaves behind becomes a child of this process, and there is none but other runs'
   * mains. Spares the look at every process of the host.
   */
  const isSurelyGone = (target: GroupRun): boolean => {
    const { leader } = target;
    if (leader === null || !target.isOwnChild || isOwnProgram(leader.pid)) return false;
    const children = listOwnChildren();
    return children !== null && children.every(isOwnProgram);
  };

  const live = (target: GroupRun): ProcessFacts[] =>
    (isSurelyGone(target) ? [] : findMembers(target)).filter((facts) => {
      if (!isDead(facts)) return true;
      // An orphan of the run that ended: nobody else collects it.
      if (facts.parentPid === process.pid && facts.pid !== target.leader?.pid) collectChild(facts.pid);
      return false;
    });

  const signalOne = (facts: ProcessFacts, signal: number): void => {
    const descriptor = openPidfd(facts.pid);
    try {
      // SECURITY: a pid may have been taken by another process since it was listed; its start time tells (O8: `tree.test.ts`).
      if (readProcess(facts.pid)?.startTicks !== facts.startTicks) return;
      if (descriptor === null) sendSignal(facts.pid, signal);
      else signalPidfd(descriptor, signal);
    } finally {
      if (descriptor !== null) closeSync(descriptor);
    }
  };

  return {
    hold: (target) => {
      held.add(target);
      return {
        members: () => live(target).map((facts) => facts.pid),
        isEmpty: () => live(target).length === 0,
        signalAll: (signal) => {
          for (const facts of live(target)) signalOne(facts, signal);
          return Promise.resolve();
        },
        kill: async () => {
          const limit = performance.now() + killLimitMs;
          const seen = new Set<number>();
          // Stopped first, so that what multiplies stands still before it is killed.
          for (let round = 0; round < 50; round += 1) {
            const fresh = live(target).filter((facts) => !seen.has(facts.pid));
            if (fresh.length === 0) break;
            for (const facts of fresh) {
              seen.add(facts.pid);
              signalOne(facts, SIGSTOP);
            }
          }
          while (performance.now() < limit) {
            const left = live(target);
            if (left.length === 0) break;
            for (const facts of left) {
              seen.add(facts.pid);
              signalOne(facts, SIGKILL);
            }
            await sleep(2);
          }
          return seen.size;
        },
        remove: () => {
          held.delete(target);
          return Promise.resolve();
        },
      };
    },
  };
};
