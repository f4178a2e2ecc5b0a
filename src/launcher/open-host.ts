/** Opens the operating-system half for this platform, and lets the keeper hold each run's pipes as long as the run is held (O3). */
import { closeSync, constants, existsSync, lstatSync, openSync } from "node:fs";
import { join } from "node:path";
import type { DataLayout } from "#kernel/data-layout.ts";
import type { Log } from "#kernel/log.ts";
import { fail } from "#kernel/problem.ts";
import { ok } from "#kernel/result.ts";
import { fifoPaths, openLinuxHost } from "#launch/linux/host.ts";
import { leftFolderName, markFolder, removeLeftFolders } from "#launch/linux/left-folders.ts";
import type { HeldProcess, ProcessHost } from "#launch/process-port.ts";
import type { KeeperLink } from "#launcher/keeper-link.ts";

/** Not among the first things of a start: it looks at every process. */
const lookForLeftFoldersAfterMs = 45_000;

export interface OpenHostOptions {
  readonly layout: DataLayout["launcher"];
  readonly keeper: KeeperLink;
  readonly log: Log;
}

/**
 * Where the private TMPDIRs of jobs are. Not below the data folder: job accounts must pass through every folder above, and the data folder is
 * closed to them. The name is the same after a restart.
 */
export const jobTmpFolder = (launcherFolder: string): string => {
  const base = existsSync("/var/tmp") ? "/var/tmp" : "/tmp";
  return join(base, leftFolderName("tmp", launcherFolder));
};

/**
 * A pipe whose writers were all gone before its reader opened reports no end: poll(2) tells of a hang-up only after a writer has come and
 * gone in the reader's time. So one comes and goes.
 */
const tellEnd = (path: string): void => {
  try {
    closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW));
  } catch {
    // No pipe, or no reader: nobody waits for its end.
  }
};

const kept = (host: ProcessHost, folder: string, keeper: KeeperLink): ProcessHost => {
  const keep = (run: string, attempt: number, held: HeldProcess): HeldProcess => {
    const paths = Object.values(fifoPaths(folder, run, attempt)) as string[];
    keeper.hold(paths);
    return {
      ...held,
      release: async () => {
        keeper.release(paths);
        await held.release();
      },
    };
  };
  return {
    ...host,
    start: async (spec, mayBegin) => {
      const started = await host.start(spec, mayBegin);
      return started.ok ? ok(keep(spec.run, spec.attempt, started.value)) : started;
    },
    adopt: async (run, attempt, record, place) => {
      const held = await host.adopt(run, attempt, record, place);
      if (held === null) return null;
      const adopted = keep(run, attempt, held);
      for (const path of Object.values(fifoPaths(folder, run, attempt)) as string[]) tellEnd(path);
      return adopted;
    },
  };
};

export const openHost = async (options: OpenHostOptions): Promise<ProcessHost> => {
  const { layout, keeper, log } = options;
  if (process.platform !== "linux")
    return fail("general.not-supported", `jobs cannot be started on ${process.platform} yet`, { hint: "run the launcher on Linux" });
  const host = await openLinuxHost({ fifoFolder: layout.fifos, tmpFolder: jobTmpFolder(layout.folder), log });
  markFolder(jobTmpFolder(layout.folder), layout.folder);
  if (lstatSync(layout.fifos).isSymbolicLink()) markFolder(layout.fifos, layout.fifos);
  setTimeout(() => void removeLeftFolders({ log }), lookForLeftFoldersAfterMs).unref();
  return kept(host, layout.fifos, keeper);
};
