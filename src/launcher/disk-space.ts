/**
 * Space for what must be written: below a floor no run is admitted, and a ballast file is given up when the disk is full all the
 * same, so that the outcomes of what runs can still be journaled (O3).
 */
import { closeSync, constants, fchmodSync, ftruncateSync, fsyncSync, openSync, rmSync, statSync, statfsSync, writeSync } from "node:fs";
import { renderBytes } from "#launcher/render-bytes.ts";
import { problem, type Problem } from "#kernel/problem.ts";
import type { Clock } from "#kernel/clock.ts";
import type { Log } from "#kernel/log.ts";

export interface DiskSpace {
  /** Null: runs may be admitted. Asked of the file system at most once a second. */
  check(): Problem | null;
  /** Gives the ballast up; false when there was none left. */
  releaseBallast(): boolean;
  /** Makes the ballast again once there is room for it. */
  restoreBallast(): void;
  freeBytes(): number;
}

export interface DiskSpaceOptions {
  readonly folder: string;
  readonly ballast: string;
  readonly ballastBytes: number;
  /** Below this, new runs are refused. */
  readonly floorBytes: number;
  readonly clock: Clock;
  readonly log: Log;
}

const askEveryMs = 1000;
const zeros = Buffer.alloc(64 * 1024);

export const watchDiskSpace = (options: DiskSpaceOptions): DiskSpace => {
  const { folder, ballast, ballastBytes, floorBytes, clock, log } = options;
  let askedAt = Number.NEGATIVE_INFINITY;
  let answer: Problem | null = null;
  const freeBytes = (): number => {
    const found = statfsSync(folder);
    return found.bavail * found.bsize;
  };
  const ballastSize = (): number => {
    try {
      return statSync(ballast).size;
    } catch {
      return 0;
    }
  };
  const restoreBallast = (): void => {
    try {
      if (ballastSize() >= ballastBytes || freeBytes() < ballastBytes + floorBytes) return;
      const descriptor = openSync(ballast, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW, 0o600);
      try {
        fchmodSync(descriptor, 0o600);
        // Written, not only sized: a file with a hole reserves nothing.
        for (let written = 0; written < ballastBytes; written += zeros.length)
          writeSync(descriptor, zeros, 0, Math.min(zeros.length, ballastBytes - written));
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
    } catch (error) {
      log.warn({ error }, "no space could be reserved for the journal");
      rmSync(ballast, { force: true });
    }
  };
  return {
    freeBytes,
    restoreBallast,
    releaseBallast: () => {
      if (ballastSize() === 0) return false;
      log.error({ folder }, "disk is full: reserved space is given up so that outcomes can be recorded");
      try {
        const descriptor = openSync(ballast, constants.O_WRONLY | constants.O_NOFOLLOW);
        ftruncateSync(descriptor, 0);
        closeSync(descriptor);
        return true;
      } catch {
        return false;
      }
    },
    check: () => {
      const now = clock.monotonicMs();
      if (now - askedAt < askEveryMs) return answer;
      askedAt = now;
      try {
        const free = freeBytes();
        answer =
          free >= floorBytes
            ? null
            : problem(
                "launch.disk-full",
                `only ${renderBytes(free)} are free where this node keeps its runs, below the floor of ${renderBytes(floorBytes)}: nothing is started`,
                {
                  hint: `free space on the file system of \`${folder}\``,
                },
              );
      } catch {
        answer = problem("launch.disk-full", `the space left at \`${folder}\` cannot be read: nothing is started`);
      }
      return answer;
    },
  };
};
