/**
 * The private TMPDIRs of runs (O9). One that a run left empty serves the next run of the *same* account: making and removing a folder costs
 * 2.5 ms of this thread while others sync the disk (measured). Accounts never share one; idle ones are removed after a minute. What is not
 * empty is removed as the account. Through sudo the account makes and removes its own (`start-process.ts`).
 */
import { randomBytes } from "node:crypto";
import { chmodSync, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "#kernel/log.ts";
import { makePrivateTmp, removeEmptyTmp } from "#launch/linux/private-tmp.ts";
import { hasEnvironmentEntry, listProcesses } from "#launch/linux/process-facts.ts";
import type { OsAccount } from "#launch/rules/os-account.ts";

type Owner = Pick<OsAccount, "user" | "uid" | "gid">;

export interface TmpdirPool {
  /** A private, empty folder of the account. */
  take(account: OsAccount): string;
  /** The run is over. */
  giveBack(path: string, account: Owner): Promise<void>;
  /** An adopted run uses it: it is not a leftover. */
  claim(path: string): void;
}

export interface TmpdirPoolOptions {
  /** Holds the TMPDIRs. */
  readonly folder: string;
  /** Removes one with its content, as the account. */
  readonly remove: (path: string, owner: Owner) => Promise<void>;
  readonly log: Log;
}

const maxIdlePerAccount = 16;
const idleLifeMs = 60_000;
/** What an earlier launcher left is looked at so long after the start: by then every run was adopted. */
const leftoverAgeMs = 60_000;

export const openTmpdirPool = (options: TmpdirPoolOptions): TmpdirPool => {
  const { folder, log } = options;
  const idle = new Map<number, { readonly path: string; readonly sinceMs: number }[]>();
  const leftovers = new Set(readdirSync(folder).map((name) => join(folder, name)));

  const trim = (): void => {
    const now = performance.now();
    for (const [uid, list] of idle) {
      const kept = list.filter((one) => now - one.sinceMs < idleLifeMs || !removeEmptyTmp(one.path));
      if (kept.length === 0) idle.delete(uid);
      else idle.set(uid, kept);
    }
    if (idle.size > 0) setTimeout(trim, idleLifeMs / 4).unref();
  };

  const removeLeftovers = async (): Promise<void> => {
    for (const path of leftovers) {
      try {
        const { uid, gid } = lstatSync(path);
        if (listProcesses().some((facts) => hasEnvironmentEntry(facts.pid, `TMPDIR=${path}`))) continue;
        await options.remove(path, { user: String(uid), uid, gid });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT")
          log.warn({ path, error }, "a TMPDIR that an earlier launcher left could not be removed");
      }
    }
    leftovers.clear();
  };
  if (leftovers.size > 0) setTimeout(() => void removeLeftovers(), leftoverAgeMs).unref();

  return {
    take: (account) => {
      const found = idle.get(account.uid)?.pop();
      if (found !== undefined) return found.path;
      const path = join(folder, `${account.uid}-${randomBytes(8).toString("hex")}`);
      makePrivateTmp(path, account);
      return path;
    },
    giveBack: async (path, account) => {
      let isClean = false;
      try {
        const found = lstatSync(path);
        isClean = found.isDirectory() && found.uid === account.uid && readdirSync(path).length === 0;
        // A job may have changed mode, group or access list of its own folder.
        if (isClean && ((found.mode & 0o7777) !== 0o700 || found.gid !== account.gid)) isClean = false;
        if (isClean) chmodSync(path, 0o700);
      } catch {
        isClean = false;
      }
      const list = idle.get(account.uid) ?? [];
      if (!isClean || list.length >= maxIdlePerAccount) {
        await options.remove(path, account);
        return;
      }
      if (idle.size === 0) setTimeout(trim, idleLifeMs / 4).unref();
      list.push({ path, sinceMs: performance.now() });
      idle.set(account.uid, list);
    },
    claim: (path) => leftovers.delete(path),
  };
};
