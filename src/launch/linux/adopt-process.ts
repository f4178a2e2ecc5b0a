/**
 * Finds a run again after the launcher was restarted: by its record, or by names alone when the launcher died before it wrote one. The
 * exit of an adopted process cannot be observed: it was another process's child.
 */
import type { HostParts } from "#launch/linux/host-parts.ts";
import { fifoPaths, removeFifos, reopenStream } from "#launch/linux/fifo.ts";
import { Socket } from "node:net";
import { holdProcess, isSameProcess, watchForeign } from "#launch/linux/held-process.ts";
import { findUserName } from "#launch/linux/accounts.ts";
import {
  hasEnvironmentEntry,
  isDead,
  listProcesses,
  readEnvironmentEntry,
  readProcess,
  readProcessUid,
  type ProcessFacts,
} from "#launch/linux/process-facts.ts";
import { isThroughSudo, removeTmpdir } from "#launch/linux/remove-tmpdir.ts";
import { cgroupExists, holdCgroup } from "#launch/linux/tree/cgroup.ts";
import type { HeldTree } from "#launch/linux/tree/held-tree.ts";
import { holdBySudo } from "#launch/linux/tree/sudo.ts";
import type { HeldProcess, Place, ProcessRecord } from "#launch/process-port.ts";
import { lstatSync } from "node:fs";
import { dirname } from "node:path";

/** A stream that has already ended, for a run whose pipe is gone. */
const endedStream = (): Socket => {
  const socket = new Socket();
  socket.push(null);
  return socket;
};

const ownerOf = (path: string): { uid: number; gid: number } | null => {
  try {
    const found = lstatSync(path);
    return found.isDirectory() ? { uid: found.uid, gid: found.gid } : null;
  } catch {
    return null;
  }
};

/** The main process among several: the oldest leader of a session; what it started came later. */
const pickMain = (candidates: readonly ProcessFacts[]): ProcessFacts | null => {
  const byAge = [...candidates].sort((left, right) => Number(left.startTicks) - Number(right.startTicks) || left.pid - right.pid);
  return byAge.find((facts) => facts.pid === facts.sessionId) ?? byAge[0] ?? null;
};

/** The run's tree, or null when nothing of it is left. */
export const adoptProcess = async (
  host: HostParts,
  run: string,
  attempt: number,
  record: ProcessRecord | null,
  place: Place | null,
): Promise<HeldProcess | null> => {
  const paths = fifoPaths(host.fifoFolder, run, attempt);
  const cgroup = record === null ? (place?.cgroup ?? null) : record.cgroup;
  let uid = record?.uid ?? -1;
  let tmpdir = record?.tmpdir ?? null;
  if (tmpdir !== null) host.tmpdirs.claim(tmpdir);
  const removeTraces = async (): Promise<void> => {
    removeFifos(paths);
    const owner = tmpdir === null ? null : ownerOf(tmpdir);
    if (tmpdir !== null && owner !== null)
      await removeTmpdir(tmpdir, { user: (await findUserName(owner.uid)) ?? String(owner.uid), ...owner });
  };

  // Another boot: no process can be left, whatever has its numbers now.
  if (record !== null && record.bootId !== host.bootId) {
    await removeTraces();
    return null;
  }

  const { bootId } = host;
  const stdout = reopenStream(paths.stdout);
  const stderr = reopenStream(paths.stderr);

  const candidates = (): ProcessFacts[] =>
    listProcesses().filter(
      (facts) => facts.pid !== process.pid && !isDead(facts) && hasEnvironmentEntry(facts.pid, `BEHALF_RUN_ID=${run}`),
    );
  let tree: HeldTree;
  let kind: ProcessRecord["tree"];
  let main: ProcessFacts | null = null;
  if (cgroup !== null && cgroupExists(cgroup)) {
    kind = "cgroup";
    tree = holdCgroup(cgroup);
    if (record === null)
      main = pickMain(
        tree
          .members()
          .map(readProcess)
          .filter((facts) => facts !== null),
      );
  } else {
    if (record === null) main = pickMain(candidates());
    else if (isSameProcess(record, bootId)) main = readProcess(record.pid);
    if (uid < 0 && main !== null) uid = readProcessUid(main.pid) ?? -1;
    const leader =
      record !== null
        ? { pid: record.pid, startTicks: record.startTicks }
        : main === null
          ? null
          : { pid: main.sessionId, startTicks: main.startTicks };
    if (uid >= 0 && isThroughSudo(uid)) {
      kind = "sudo";
      tree = holdBySudo({ run, user: (await findUserName(uid)) ?? String(uid), uid, sessionId: leader?.pid ?? 0 });
    } else {
      kind = "group";
      tree = host.groups.hold({ run, uid, leader, isOwnChild: false });
    }
  }

  if (uid < 0 && main !== null) uid = readProcessUid(main.pid) ?? -1;
  if (tmpdir === null && main !== null) {
    tmpdir = readEnvironmentEntry(main.pid, "TMPDIR");
    // Only what lies where this host makes them: a job can have told its program anything.
    if (tmpdir !== null && dirname(tmpdir) !== host.tmp.jobs) tmpdir = null;
    if (tmpdir !== null) host.tmpdirs.claim(tmpdir);
  }
  const found: ProcessRecord = record ?? {
    run,
    attempt,
    pid: main?.pid ?? 0,
    startTicks: main?.startTicks ?? "0",
    bootId,
    uid,
    tree: kind,
    cgroup: kind === "cgroup" ? cgroup : null,
  };
  if (stdout === null && stderr === null && !isSameProcess(found, bootId) && tree.isEmpty()) {
    await tree.remove().catch(() => undefined);
    await removeTraces();
    return null;
  }
  return holdProcess(
    {
      record: found,
      stdout: stdout ?? endedStream(),
      stderr: stderr ?? endedStream(),
      tree,
      exited: watchForeign(() => isSameProcess(found, bootId)),
      isOwnChild: () => false,
      removeTraces,
      log: host.log,
    },
    bootId,
  );
};
