/**
 * Wires the launcher: files, journal, host, links; starts it, recovers what ran, and stops it leaving everything running. What does not belong
 * here: any decision.
 */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "#kernel/clock.ts";
import { dataLayout } from "#kernel/data-layout.ts";
import type { Log } from "#kernel/log.ts";
import { fail } from "#kernel/problem.ts";
import { makePrivateFolder } from "#kernel/private-file.ts";
import type { NodeFacts, UnusableKey } from "#link/messages.ts";
import { toldPolicy, toldTable } from "#launcher/told-files.ts";
import { serveAdministration } from "#launcher/admin-link.ts";
import { createAdmission } from "#launcher/admission.ts";
import { openAgentLink } from "#launcher/agent-link.ts";
import { createAsWhom, unusableKeysOf } from "#launcher/as-whom.ts";
import { watchDiskSpace } from "#launcher/disk-space.ts";
import { accountName, examineNode, ownAccountWarnings, unsafePaths } from "#launcher/doctor.ts";
import { exportReceipts } from "#launcher/export-receipts.ts";
import { lockFolder } from "#launcher/folder-lock.ts";
import { openHost } from "#launcher/open-host.ts";
import { openKeeperLink } from "#launcher/keeper-link.ts";
import { openNodeFiles } from "#launcher/node-files.ts";
import { recoverRuns } from "#launcher/recover-runs.ts";
import { openRunRecorder } from "#launcher/run-recorder.ts";
import { Runs } from "#launcher/runs.ts";
import type { LauncherSettings } from "#launcher/settings.ts";
import { version } from "#kernel/version.ts";
import { shellWord } from "#kernel/shell-word.ts";
import { takeRotation } from "#launcher/take-rotation.ts";
import { openTimeFloor } from "#launcher/time-floor.ts";

export interface Launcher {
  /** Accepts nothing more, writes what is pending, leaves every job running. */
  stop(): Promise<void>;
}

const keysAgainMs = 300_000;
const tidyEveryMs = 30_000;

const checkInstallation = (unsafe: readonly string[], isEmbedded: boolean, log: Log): void => {
  const [first] = unsafe;
  if (first === undefined) return;
  if (process.getuid?.() === 0 && !isEmbedded)
    fail(
      "launch.unsafe-installation",
      `${first}${unsafe.length > 1 ? `, and ${unsafe.length - 1} more` : ""}: a launcher that runs as root is not started from there`,
      {
        hint: "install it where only root can write, e.g. below /opt, and see `behalf doctor` for the whole list",
      },
    );
  log.warn({ paths: unsafe.length, first }, "other accounts can write what the launcher runs or believes");
};

/** Starts the launcher; resolves when it answers on both sockets. */
export const startLauncher = async (settings: LauncherSettings, clock: Clock, log: Log): Promise<Launcher> => {
  const layout = dataLayout(settings.dataFolder);
  const { launcher } = layout;
  const ownUid = process.getuid?.() ?? 0;
  const hasOwnAgent = settings.agent !== null && settings.agent.uid !== ownUid;
  // The agent's account passes through to the socket's folder, and reads nothing on the way.
  makePrivateFolder(launcher.folder, hasOwnAgent ? 0o711 : 0o700);
  if (statSync(launcher.folder).uid !== ownUid)
    fail("files.unsafe", `\`${launcher.folder}\` belongs to another account`, {
      hint: `chown -R ${accountName(ownUid)} ${shellWord(launcher.folder)}`,
    });
  const lock = lockFolder(launcher.folder);
  const unsafe = unsafePaths({
    dataFolder: settings.dataFolder,
    launcherFolder: launcher.folder,
    compileCache: process.env["NODE_COMPILE_CACHE"],
  });
  checkInstallation(unsafe, settings.isEmbedded, log);
  makePrivateFolder(launcher.runs);

  const files = openNodeFiles(launcher);
  for (const found of files.problems()) log.error({ code: found.code }, found.message);
  const disk = watchDiskSpace({
    folder: launcher.folder,
    ballast: join(launcher.folder, "ballast"),
    ballastBytes: settings.ballastBytes,
    floorBytes: settings.floorBytes,
    clock,
    log,
  });
  disk.restoreBallast();
  const nodeOf = (): { id: string; name: string } =>
    files.trust.ok && files.trust.value !== null ? files.trust.value.trust.node : { id: "", name: "" };
  const recorder = await openRunRecorder({
    layout: launcher,
    key: files.key,
    nodeId: () => nodeOf().id,
    clock,
    skewMs: settings.skewMs,
    disk,
    log,
  });
  const floor = openTimeFloor({ path: launcher.time, atLeastMs: recorder.book.latestMs, skewMs: settings.skewMs, clock, log });
  floor.check();
  if (!existsSync(launcher.time)) floor.persist();

  const keeper = openKeeperLink(layout.supervisor.keeperSocket, log);
  const host = await openHost({ layout: launcher, keeper, log });
  const partUids = [ownUid, ...(settings.agent === null ? [] : [settings.agent.uid]), ...settings.partUids];
  const asWhom = createAsWhom({ host, partUids, clock });
  const admission = createAdmission({ files, floor, asWhom, skewMs: settings.skewMs, clock, log });

  let warnings: readonly string[] = [];
  /** Undefined: not looked at yet. */
  let unusableKeys: readonly UnusableKey[] | undefined;
  const facts = (): NodeFacts => ({
    launcherAccount: accountName(ownUid),
    agentAccount: accountName(settings.agent?.uid ?? ownUid),
    defaultJobAccount: files.policy.ok ? files.policy.value.defaultJobAccount : null,
    switching: host.switching,
    tree: host.tree,
    separation: hasOwnAgent ? "accounts" : "none",
    policy: files.policy.ok ? toldPolicy(files.policy.value) : null,
    table: files.table.ok ? toldTable(files.table.value) : null,
    credentialKeys: files.credentials.ok ? files.credentials.value.map((entry) => entry.key) : [],
    ...(unusableKeys === undefined ? {} : { unusableKeys }),
    journalId: recorder.journalId,
    rotationSerial: files.trust.ok ? (files.trust.value?.trust.rotationSerial ?? 0) : 0,
    version,
    platform: `${process.platform}-${process.arch}`,
    warnings: [
      ...warnings,
      ...ownAccountWarnings(files, partUids),
      ...unsafe.slice(0, 5),
      ...files.problems().map((found) => found.message),
    ],
  });
  const node = (): { id: string; name: string; keyThumbprint: string } => ({ ...nodeOf(), keyThumbprint: files.key.thumbprint });

  const agentLink = openAgentLink({
    socket: launcher.socket,
    socketFolder: launcher.socketFolder,
    agent: settings.agent,
    log,
    node,
    facts,
    takeRotation: (announcement) => takeRotation(files, announcement),
  });
  const runs = new Runs({ host, recorder, admission, disk, folder: launcher.runs, clock, log, events: agentLink.events });
  warnings = await host.warnings();
  await recoverRuns({ runs, recorder, host, folder: launcher.runs, clock, log });

  await agentLink.listen(runs);
  /** Accounts come and go without the launcher being asked. */
  const lookAtKeys = async (): Promise<void> => {
    try {
      const before = JSON.stringify(unusableKeys);
      unusableKeys = unusableKeysOf(await asWhom.examine(files));
      if (JSON.stringify(unusableKeys) !== before) agentLink.tellFacts();
    } catch (error) {
      log.warn({ err: error }, "the credential keys could not be looked at");
    }
  };
  void lookAtKeys();
  const administration = await serveAdministration({
    socket: launcher.adminSocket,
    socketFolder: launcher.adminSocketFolder,
    log,
    actions: {
      files,
      testCredential: (key) => asWhom.test(key, files),
      examine: () => asWhom.examine(files),
      status: () => ({
        node: node(),
        publicKey: files.key.publicKey,
        joined: files.trust.ok && files.trust.value !== null,
        facts: facts(),
        pid: process.pid,
        draining: runs.isDraining,
        runs: { open: recorder.book.open.size, unconfirmed: recorder.book.ended.size },
        receipts: { sequence: recorder.book.sequence },
      }),
      doctor: async () =>
        examineNode({
          host,
          files,
          unusable: await asWhom.examine(files),
          agentUid: settings.agent?.uid ?? null,
          partUids,
          unsafe,
          clockProblem: floor.check,
          diskProblem: disk.check,
          freeBytes: disk.freeBytes,
          refuseIssuedUpToMs: recorder.refuseIssuedUpToMs,
        }),
      drain: (drainMs) => runs.drain(drainMs),
      exportReceipts: (afterSequence) => exportReceipts(recorder.receipts, afterSequence),
      changed: () => {
        agentLink.tellFacts();
        void lookAtKeys();
      },
    },
  });
  const tidy = setInterval(() => void recorder.tidy(), tidyEveryMs);
  const keysAgain = setInterval(() => void lookAtKeys(), keysAgainMs);
  log.info(
    { pid: process.pid, node: nodeOf().name, switching: host.switching, tree: host.tree, open: recorder.book.open.size },
    "launcher is ready",
  );

  return {
    stop: async () => {
      clearInterval(tidy);
      clearInterval(keysAgain);
      await Promise.all([agentLink.close(), administration.close()]);
      await runs.close();
      await host.close();
      floor.persist();
      await recorder.close();
      keeper.close();
      lock.release();
    },
  };
};
