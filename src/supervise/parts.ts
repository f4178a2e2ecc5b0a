/** The parts of one data folder together: the lock, the keeper, which were left behind, adopting them, and ending them in order. */
import { existsSync } from "node:fs";
import type { DataLayout } from "#kernel/data-layout.ts";
import type { Log } from "#kernel/log.ts";
import { makePrivateFolder } from "#kernel/private-file.ts";
import { version } from "#kernel/version.ts";
import { callLauncher } from "#cli/launcher-client.ts";
import { openKeeper } from "#supervise/keeper.ts";
import { takeLock } from "#supervise/lock.ts";
import { endProcess, Part, type PartAccount, type PartName, type PartPlan, type PartRecord } from "#supervise/part.ts";
import { makePartFolder } from "#supervise/part-folder.ts";
import { readLivingParts, writeParts } from "#supervise/parts-file.ts";

const stopGraceMs = 10_000;
const recordAgainMs = 3000;

export interface Parts {
  /** Registers a part; it is not started yet. */
  add(plan: PartPlan): Part;
  /** Adopts the part that a killed supervisor left behind (of this same version), else starts it. */
  resume(part: Part): Promise<void>;
  /** Ends a left-behind part that is not adopted. */
  endLeft(name: PartName): Promise<void>;
  /** Ends agent and manager, then the launcher (or leaves it), and gives the lock back. */
  close(options: { leaveLauncher: boolean }): Promise<void>;
}

/** Takes the data folder; fails with `up.already-running`. */
export const openParts = async (options: { layout: DataLayout; log: Log }): Promise<Parts> => {
  const { layout, log } = options;
  const unlock = takeLock(layout.supervisor.lock, layout.root);
  const living = readLivingParts(layout.supervisor.partsFile);
  const keeper = await openKeeper({ socketPath: layout.supervisor.keeperSocket, fifoFolder: layout.launcher.fifos, log }).catch(
    (error: unknown) => {
      unlock();
      throw error;
    },
  );
  const parts = new Map<PartName, Part>();
  let closing = false;
  let noted = false;
  let again: NodeJS.Timeout | null = null;
  const record = (): void => {
    if (again !== null) clearTimeout(again);
    again = null;
    if (closing) return;
    const records: PartRecord[] = [];
    for (const part of parts.values()) if (part.id !== null) records.push({ ...part.id, name: part.plan.name, version });
    try {
      writeParts(layout.supervisor.partsFile, records);
      noted = true;
    } catch (error) {
      if (!noted) throw error;
      // A disk that has filled since: the parts are worth more than the note that the next supervisor adopts them by.
      log.warn({ error: String(error), delayMs: recordAgainMs }, "cannot note which parts run, trying again");
      again = setTimeout(record, recordAgainMs).unref();
    }
  };
  return {
    add: (plan) => {
      const part = new Part(plan, { log, onRecord: record });
      parts.set(plan.name, part);
      return part;
    },
    resume: async (part) => {
      const left = living.get(part.plan.name);
      if (left !== undefined && left.version === version) return part.adopt(left);
      if (left !== undefined) await endProcess(left, stopGraceMs);
      return part.start();
    },
    endLeft: async (name) => {
      const left = living.get(name);
      if (left !== undefined) await endProcess(left, stopGraceMs);
    },
    close: async ({ leaveLauncher }) => {
      await Promise.all([parts.get("agent")?.stop(stopGraceMs), parts.get("manager")?.stop(stopGraceMs)]);
      if (leaveLauncher) {
        record();
        closing = true;
        parts.get("launcher")?.release();
      } else await parts.get("launcher")?.stop(stopGraceMs);
      closing = true;
      await keeper.close();
      unlock();
    },
  };
};

/** Folders of agent and launcher, each of its own account (S11, S12). */
export const makeNodeFolders = (layout: DataLayout, agentAccount: PartAccount | null): void => {
  makePartFolder(layout.agent.folder, agentAccount);
  // The agent reaches its socket through the launcher's folder, but cannot look into it.
  makePrivateFolder(layout.launcher.folder, agentAccount === null ? 0o700 : 0o711);
};

/** True once the launcher answers on its administration socket. */
export const launcherAnswers = async (layout: DataLayout): Promise<true | null> => {
  if (!existsSync(layout.launcher.adminSocket)) return null;
  try {
    await callLauncher(layout.launcher.adminSocket, { type: "status" });
    return true;
  } catch {
    return null;
  }
};
