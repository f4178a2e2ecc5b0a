/**
 * The control groups of runs, used again and again: making and removing one costs 0.5 ms of the launcher's thread, and a run needs it only to be
 * its own. A group goes back here when nothing is in it; one that does not become empty is given up. What does not belong here: killing (`cgroup.ts`).
 *
 * INVARIANT: a group that is handed out holds no process of an earlier run, and is nobody else's until it comes back (`lanes.test.ts`).
 */
import { randomBytes } from "node:crypto";
import { closeSync, rmdirSync } from "node:fs";
import { cgroupPath, isEmptyCgroup, makeCgroup, removeCgroup, type CgroupBase } from "#launch/linux/tree/cgroup.ts";

/** A group that a run has, or will have, for itself. */
export interface Lane {
  readonly path: string;
  /** Its `cgroup.procs`, open for writing: whoever inherits it can join. */
  readonly procs: number;
}

export interface Lanes {
  /** Throws where no group can be made. */
  take(): Lane;
  /** The run's processes are gone. Rejects when the group cannot be emptied. */
  giveBack(lane: Lane): Promise<void>;
  /** Removes the groups that wait for a run, and what holds them where nothing runs. */
  close(): void;
}

const removeEmpty = (path: string): void => {
  try {
    rmdirSync(path);
  } catch {
    // Something lives in it, and goes on; what is empty then is removed after the next start.
  }
};

/** More wait for a run only after a burst. */
const mostIdle = 32;

export const openLanes = (base: CgroupBase): Lanes => {
  const idle: Lane[] = [];
  let isClosed = false;
  return {
    take: () => {
      for (let found = idle.pop(); found !== undefined; found = idle.pop()) {
        // An administrator may have put something in, or have removed it.
        if (isEmptyCgroup(found.path)) return found;
        closeSync(found.procs);
      }
      const path = cgroupPath(base, `lane-${randomBytes(8).toString("hex")}`);
      return { path, procs: makeCgroup(path) };
    },
    giveBack: async (lane) => {
      if (!isClosed && idle.length < mostIdle && isEmptyCgroup(lane.path)) {
        idle.push(lane);
        return;
      }
      closeSync(lane.procs);
      await removeCgroup(lane.path);
    },
    close: () => {
      isClosed = true;
      for (const lane of idle.splice(0)) {
        closeSync(lane.procs);
        removeEmpty(lane.path);
      }
      removeEmpty(base.folder);
    },
  };
};
