/**
 * The process host on Linux: chooses how accounts are switched (setpriv as root, sudo otherwise) and how trees are held (control group, else
 * process group; sudo's own way), and says what an administrator should know. What does not belong here: one start (`start-process.ts`), one
 * adoption (`adopt-process.ts`).
 */
import { accessSync, constants, existsSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { userInfo } from "node:os";
import type { Log } from "#kernel/log.ts";
import { fail } from "#kernel/problem.ts";
import { resolveAccount } from "#launch/linux/accounts.ts";
import { adoptProcess } from "#launch/linux/adopt-process.ts";
import type { HostParts } from "#launch/linux/host-parts.ts";
import { closeOnExecEverything, joinNewSessionKeyring, resetScheduling } from "#launch/linux/libc.ts";
import { makeTmpFolders } from "#launch/linux/private-tmp.ts";
import { readBootId } from "#launch/linux/process-facts.ts";
import { hasSudo, sudoersLine } from "#launch/linux/sudo-command.ts";
import { setprivFile } from "#launch/linux/setpriv-command.ts";
import { startProcess } from "#launch/linux/start-process.ts";
import { noPlaces, openPlaces } from "#launch/linux/places.ts";
import { openStarter } from "#launch/linux/starter.ts";
import { openLanes } from "#launch/linux/tree/lanes.ts";
import { openTmpdirPool } from "#launch/linux/tmpdir-pool.ts";
import { isInMemory, makeVolatileFolder } from "#launch/linux/volatile-folder.ts";
import { removeTmpdir } from "#launch/linux/remove-tmpdir.ts";
import { openCgroupBase, type CgroupBase } from "#launch/linux/tree/cgroup.ts";
import { openGroupTrees } from "#launch/linux/tree/group.ts";
import type { ProcessHost } from "#launch/process-port.ts";

export { fifoPaths } from "#launch/linux/fifo.ts";

export interface LinuxHostOptions {
  /** 0700; holds the named pipes. */
  readonly fifoFolder: string;
  /** Holds the private TMPDIRs; the accounts of jobs must be able to pass through it and all above it. */
  readonly tmpFolder: string;
  readonly log: Log;
  /** Most processes an account may have while its jobs make more (RLIMIT_NPROC of jobs). */
  readonly maxProcesses?: number;
  /** For tests and for hosts where the control group shall not be used. */
  readonly tree?: "cgroup" | "group";
}

const defaultMaxProcesses = 4096;

/** The first folder on the way that other accounts cannot pass; null when all can. */
const findClosedFolder = (path: string): string | null => {
  for (let at = path; ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return at;
    if (at === dirname(at)) return null;
  }
};

const readOomScore = (): number => {
  try {
    return Number(readFileSync("/proc/self/oom_score_adj", "latin1"));
  } catch {
    return 0;
  }
};

/** Opens the host for this process. Once per process: it changes scheduling and keyring of the calling thread, for what it starts. */
export const openLinuxHost = async (options: LinuxHostOptions): Promise<ProcessHost> => {
  const { log } = options;
  const isRoot = process.getuid?.() === 0;
  const switching = isRoot ? "setpriv" : "sudo";
  try {
    accessSync(setprivFile, constants.X_OK);
  } catch (error) {
    fail("launch.start-failed", `\`${setprivFile}\` is missing or cannot be executed`, {
      hint: "apt-get install util-linux",
      cause: error,
    });
  }
  makeVolatileFolder(options.fifoFolder);
  const tmp = makeTmpFolders(options.tmpFolder, switching);
  // Helpers that this thread starts get neither of what this process was started with.
  const hasKeyrings = joinNewSessionKeyring();
  resetScheduling();
  closeOnExecEverything();

  const starter = openStarter();

  const tmpdirs = openTmpdirPool({ folder: tmp.jobs, remove: removeTmpdir, log });
  const makeHost = (cgroups: CgroupBase | null): HostParts => ({
    fifoFolder: options.fifoFolder,
    tmp,
    tmpdirs,
    log,
    bootId: readBootId(),
    switching,
    starter,
    places: cgroups === null ? noPlaces : openPlaces(openLanes(cgroups), starter, isRoot && isInMemory(options.fifoFolder)),
    groups: openGroupTrees(cgroups === null),
    maxProcesses: options.maxProcesses ?? defaultMaxProcesses,
    resetsOomScore: readOomScore() !== 0,
    launcherAccount: userInfo().username,
  });

  const base = options.tree === "group" ? { reason: "it is switched off" } : openCgroupBase(options.fifoFolder);
  let cgroups: CgroupBase | null = "folder" in base ? base : null;
  let reason = "folder" in base ? "" : base.reason;
  let host = makeHost(cgroups);
  if (cgroups !== null && !(await canJoin(host))) {
    reason = `\`${cgroups.folder}\` can be made but not joined`;
    cgroups = null;
    host = makeHost(null);
  }
  if (isRoot && cgroups === null) log.warn({ reason }, "no control groups: process groups are used");
  if (options.tree === "cgroup" && cgroups === null) {
    fail("launch.tree-not-held", `no control group can be used here: ${reason}`, {
      hint: "mount cgroup2 for writing, or leave the choice to the host",
    });
  }

  return {
    switching,
    tree: isRoot ? (cgroups === null ? "group" : "cgroup") : "sudo",
    resolveAccount,
    reserve: () => host.places.reserve(),
    start: (spec, mayBegin) => startProcess(host, spec, mayBegin),
    adopt: (run, attempt, record, place = null) => adoptProcess(host, run, attempt, record, place),
    warnings: () => {
      const found: string[] = [];
      if (isRoot && cgroups === null)
        found.push(
          `no control group (cgroup v2) can be used: ${reason}; a job that makes its own session, clears its environment and loses its parents may outlive its run`,
        );
      if (!isRoot) {
        if (!hasSudo()) found.push("sudo is not installed: jobs can run as the launcher's own account only (apt-get install sudo)");
        else
          found.push(
            `accounts are switched by sudo; each account needs its line in /etc/sudoers.d/behalf: ${sudoersLine(host.launcherAccount, "ACCOUNT")}`,
          );
      }
      const closed = findClosedFolder(tmp.jobs);
      if (closed !== null)
        found.push(
          `other accounts cannot pass through \`${closed}\`, where the TMPDIR of each run is: chmod o+x '${closed}', or choose another folder`,
        );
      if (!hasKeyrings) found.push("the kernel has no session keyrings: jobs inherit the launcher's");
      if (existsSync("/etc/nologin")) found.push("/etc/nologin exists: new runs are refused");
      return Promise.resolve(found);
    },
    close: async () => {
      await host.places.close();
      await starter.close();
    },
  };
};

/** Tries the whole way once: older kernels ask for the rights of whoever writes, not of whoever opened. */
const canJoin = async (host: HostParts): Promise<boolean> => {
  const uid = host.switching === "setpriv" ? 65_534 : (process.getuid?.() ?? 0);
  const gid = host.switching === "setpriv" ? 65_534 : (process.getgid?.() ?? 0);
  const account = { user: "nobody", uid, gid, groups: [gid], home: "/", shell: "/bin/sh", state: "usable", nologin: false } as const;
  const run = `probe_${process.pid}_${Math.floor(performance.now() * 1000)}`;
  const started = await startProcess(host, {
    run,
    attempt: 0,
    account,
    program: { kind: "shell", text: ":" },
    environment: {},
    workingDirectory: "/",
    umask: null,
    noNewPrivileges: false,
  });
  if (!started.ok) return false;
  started.value.stdout.resume();
  started.value.stderr.resume();
  const exit = await started.value.exited;
  await started.value.killTree();
  await started.value.release();
  return exit.startProblem === null;
};
