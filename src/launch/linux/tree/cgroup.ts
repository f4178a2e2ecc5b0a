/**
 * Holds a run in a control group (version 2) of its own: nothing leaves it without privileges, whatever it does with sessions, parents or
 * its environment, and one write kills all of it at once. What does not belong here: how a process gets in (`prelude.ts` joins before the job begins).
 *
 * The groups lie at the top of the mounted hierarchy, not below the launcher's own group: runs outlive a launcher that is started again from
 * somewhere else, and it finds them by name. Hybrid hosts have the hierarchy beside the old ones, e.g. at /sys/fs/cgroup/unified.
 */
import { createHash } from "node:crypto";
import { constants, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { rmdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openPidfd, sendSignal, signalPidfd } from "#launch/linux/libc.ts";
import { killLimitMs, type HeldTree } from "#launch/linux/tree/held-tree.ts";
import { closeSync } from "node:fs";

/** Where a hierarchy of version 2 is mounted for writing, by the text of /proc/self/mountinfo; null when there is none. */
export const findUnifiedMount = (mountinfo: string): string | null => {
  for (const line of mountinfo.split("\n")) {
    const [mount, source] = line.split(" - ");
    if (source === undefined || mount === undefined || !source.startsWith("cgroup2 ")) continue;
    const fields = mount.split(" ");
    const point = fields[4];
    if (point === undefined || !(fields[5] ?? "").split(",").includes("rw")) continue;
    return point.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
  }
  return null;
};

export interface CgroupBase {
  readonly folder: string;
}

/** Why no group can be made here, for the administrator. */
export interface NoCgroups {
  readonly reason: string;
}

/** A process that an earlier launcher let begin in its last moment may not have joined its group yet: without the group it could not. */
const leftGroupAgeMs = 60_000;

/** Groups that an earlier launcher left and nobody holds any more are removed later; one with processes cannot be. */
const removeLeftGroups = (folder: string): void => {
  const left = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  if (left.length === 0) return;
  setTimeout(() => {
    for (const { name } of left) {
      try {
        rmdirSync(join(folder, name));
      } catch {
        // Its run goes on: it was adopted.
      }
    }
  }, leftGroupAgeMs).unref();
};

/** Makes the folder below which the runs of this instance get their groups, or says why this host or account cannot. */
export const openCgroupBase = (instance: string): CgroupBase | NoCgroups => {
  try {
    const mount = findUnifiedMount(readFileSync("/proc/self/mountinfo", "utf8"));
    if (mount === null) return { reason: "no hierarchy of version 2 is mounted for writing" };
    const folder = join(mount, "behalf", createHash("sha256").update(instance).digest("hex").slice(0, 16));
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    if (!existsSync(join(folder, "cgroup.kill"))) return { reason: "the kernel is older than 5.14 (no `cgroup.kill`)" };
    removeLeftGroups(folder);
    return { folder };
  } catch (error) {
    return {
      reason: `\`${(error as NodeJS.ErrnoException).path ?? "the group"}\` cannot be made (${(error as NodeJS.ErrnoException).code ?? String(error)})`,
    };
  }
};

export const cgroupPath = (base: CgroupBase, name: string): string => join(base.folder, name);

/** Makes the group and opens the list through which a process joins it. The caller closes the descriptor. */
export const makeCgroup = (path: string): number => {
  // Also its parent, should somebody have tidied up.
  mkdirSync(path, { recursive: true, mode: 0o755 });
  try {
    return openSync(join(path, "cgroup.procs"), constants.O_WRONLY);
  } catch (error) {
    rmdirSync(path);
    throw error;
  }
};

export const cgroupExists = (path: string): boolean => existsSync(path);

const readMembers = (path: string): number[] => {
  try {
    const text = readFileSync(join(path, "cgroup.procs"), "latin1");
    return text === ""
      ? []
      : text
          .trimEnd()
          .split("\n")
          .map(Number)
          .filter((pid) => pid > 0);
  } catch {
    return [];
  }
};

const readPopulated = (path: string): "0" | "1" | null => {
  try {
    return readFileSync(join(path, "cgroup.events"), "latin1").includes("populated 1") ? "1" : "0";
  } catch {
    return null;
  }
};

/** Whether any process is in it, or below it; a group that is gone has none. */
const isPopulated = (path: string): boolean => readPopulated(path) === "1";

/** Whether it is there, and nothing in it. */
export const isEmptyCgroup = (path: string): boolean => readPopulated(path) === "0";

/** Removes the group. Rejects when processes are left in it. */
export const removeCgroup = async (path: string): Promise<void> => {
  for (let waitMs = 1; ; waitMs *= 4) {
    try {
      await rmdir(path);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT") return;
      // Processes that have ended stay in the group until the kernel is done with them.
      if (waitMs > 2000) throw error;
      await sleep(waitMs);
    }
  }
};

/**
 * The group of a run, made by this launcher or an earlier one. `giveUp`: what becomes of it when nothing is left in it.
 *
 * INVARIANT: nothing is signalled any more once it was given up: another run may have the group by then (`lanes.test.ts`).
 */
export const holdCgroup = (path: string, giveUp: () => Promise<void> = () => removeCgroup(path)): HeldTree => {
  let isOver = false;
  const members = (): number[] => (isOver ? [] : readMembers(path));

  const signalAll = (signal: number): Promise<void> => {
    for (const pid of members()) {
      const descriptor = openPidfd(pid);
      // The descriptor names one process; being listed after it was opened proves that it is the run's.
      try {
        if (!members().includes(pid)) continue;
        if (descriptor === null) sendSignal(pid, signal);
        else signalPidfd(descriptor, signal);
      } finally {
        if (descriptor !== null) closeSync(descriptor);
      }
    }
    return Promise.resolve();
  };

  return {
    members,
    isEmpty: () => isOver || !isPopulated(path),
    signalAll,
    kill: async () => {
      if (isOver || !isPopulated(path)) return 0;
      const count = members().length;
      const limit = performance.now() + killLimitMs;
      const goesOn = (): boolean => !isOver && performance.now() < limit;
      for (let waitMs = 1; goesOn(); waitMs = Math.min(waitMs * 2, 50)) {
        try {
          writeFileSync(join(path, "cgroup.kill"), "1");
        } catch {
          return count;
        }
        if (!isPopulated(path)) break;
        await sleep(waitMs);
      }
      return count;
    },
    remove: () => {
      isOver = true;
      return giveUp();
    },
  };
};
