/** How each part is started: its flags, arguments, account, log file and what it sees of the environment. */
import { join } from "node:path";
import { installationCache } from "#kernel/compile-cache.ts";
import type { DataLayout } from "#kernel/data-layout.ts";
import type { PartAccount, PartName, PartPlan } from "#supervise/part.ts";

/**
 * The heap grows by less than a third before it is looked through: 85 MB after 10,000 runs at full speed instead of 140, at the same processor time.
 * A young generation of 16 MB instead of 4 takes 4% off the time of a single run.
 */
export const managerFlags = ["--max-semi-space-size=16", "--heap-growing-percent=30"] as const;
/** A small heap that follows what is in use: 62-66 MB after 10,000 runs at full speed. Compact code (`--optimize-for-size`) would save some MB and costs a tenth of its time. */
export const launcherFlags = ["--max-semi-space-size=2", "--heap-growing-percent=30"] as const;
/** Compact code would save the courier nothing and cost it a quarter of its processor time. */
export const agentFlags = ["--max-semi-space-size=1"] as const;
export const quietFlags = ["--disable-warning=ExperimentalWarning"] as const;

const plan = (
  name: PartName,
  folder: string,
  account: PartAccount | null,
  nodeFlags: readonly string[],
  args: readonly string[],
  environment: PartPlan["environment"] = {},
): PartPlan => ({
  name,
  nodeFlags: [...quietFlags, ...nodeFlags],
  args,
  account,
  logFile: join(folder, `${name}.log`),
  // A part of another account must not write what this account's parts execute (S12): it has its own.
  cacheFolder: (account === null ? installationCache() : null) ?? join(folder, "cache"),
  environment,
});

/** Settings from the environment (a database URL with its password among them) reach the manager as they came, never as arguments. */
const settingsOfEnvironment = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[0].startsWith("BEHALF_") && entry[1] !== undefined),
  );

export const managerPlan = (layout: DataLayout, options: { account: PartAccount | null; args: readonly string[] }): PartPlan =>
  plan(
    "manager",
    layout.manager.folder,
    options.account,
    managerFlags,
    ["--data", layout.root, "--owner-uid", String(process.getuid?.() ?? 0), ...options.args],
    settingsOfEnvironment(),
  );

/** `awaitsJoin`: at a first start it is there, and loaded, before its node has joined. */
export const agentPlan = (layout: DataLayout, account: PartAccount | null, options: { awaitsJoin: boolean }): PartPlan =>
  plan("agent", layout.agent.folder, account, agentFlags, ["--data", layout.root, ...(options.awaitsJoin ? ["--await-join"] : [])]);

/** Who called sudo: also whoever started the parts is no run identity (S7). */
export const callerOfSudo = (): readonly number[] => {
  const uid = Number(process.env["SUDO_UID"] ?? Number.NaN);
  return process.getuid?.() === 0 && Number.isSafeInteger(uid) && uid > 0 ? [uid] : [];
};

export const launcherPlan = (
  layout: DataLayout,
  options: { embedded: boolean; agentAccount: PartAccount | null; managerAccount: PartAccount | null },
): PartPlan => {
  const { embedded, agentAccount, managerAccount } = options;
  // Its own account and the agent's it knows by themselves.
  const partUids = [...(managerAccount === null ? [] : [managerAccount.uid]), ...callerOfSudo()];
  return plan("launcher", layout.launcher.folder, null, launcherFlags, [
    "--data",
    layout.root,
    ...(embedded ? ["--embedded"] : []),
    ...(agentAccount === null ? [] : ["--agent-uid", String(agentAccount.uid), "--agent-gid", String(agentAccount.gid)]),
    ...(partUids.length === 0 ? [] : ["--part-uids", partUids.join(",")]),
  ]);
};
