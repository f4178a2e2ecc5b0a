/**
 * `behalf up`: manager (with the controller `main`), agent and launcher on one machine, held together until ctrl-C. This file
 * holds the order of things: lock, adopt, start, first start, wait, drain. How one part lives is `part.ts`; what a first start sets
 * up is `first-start.ts`.
 */
import { chownSync, existsSync } from "node:fs";
import { join } from "node:path";
import { dataLayout, type DataLayout } from "#kernel/data-layout.ts";
import { lineLog, type Log } from "#kernel/log.ts";
import { makePrivateFolder } from "#kernel/private-file.ts";
import { fail, ProblemError, type Problem } from "#kernel/problem.ts";
import { createApiClient, type ApiClient } from "#cli/api-client.ts";
import { callLauncher } from "#cli/launcher-client.ts";
import { drainAll } from "#supervise/drain.ts";
import { finishFirstStart, isFirstStart, joinLocalNode, runExample, type ExampleRun } from "#supervise/first-start.ts";
import { checkCanReadCode, findHostAccount } from "#supervise/host-account.ts";
import { openKeeper, type Keeper } from "#supervise/keeper.ts";
import { takeLock } from "#supervise/lock.ts";
import { endProcess, Part, type PartAccount, type PartName, type PartPlan, type PartRecord } from "#supervise/part.ts";
import { readLivingParts, writeParts } from "#supervise/parts-file.ts";
import { readInstance, type Instance } from "#supervise/instance.ts";
import { waitUntil } from "#supervise/wait-until.ts";
import { version } from "#kernel/version.ts";

export interface UpOptions {
  /** Absolute. */
  readonly dataFolder: string;
  /** Settings handed on to the manager as flags, e.g. `["--port", "4900"]`. */
  readonly managerArgs: readonly string[];
  readonly managerAccount: string | null;
  readonly agentAccount: string | null;
  /** On ctrl-C, leave launcher and jobs running; the next `behalf up` adopts them. */
  readonly leaveRunning: boolean;
  /** Whether a first start applies and runs `/examples/whoami`. */
  readonly example: boolean;
}

/** What the caller shows to the person once everything runs. */
export interface Up {
  readonly instance: Instance;
  readonly layout: DataLayout;
  readonly separation: "none" | "accounts";
  /** Only on a first start, only here: never in a log or file. */
  readonly firstAccount: { readonly account: string; readonly oneTimePassword: string } | null;
  readonly example: ExampleRun | null;
  /** From the start of this process to the moment everything answered, milliseconds. */
  readonly readyMs: number;
  readonly api: ApiClient;
  /** Drains and stops every part that was started here. A second call hurries the first. */
  stop(tell: (text: string) => void): Promise<void>;
}

const smallHeap = ["--max-semi-space-size=1", "--optimize-for-size"];
const startTimeoutMs = 30_000;
const drainMs = 10_000;

const plans = (options: UpOptions, layout: DataLayout, accounts: { manager: PartAccount | null; agent: PartAccount | null }): Record<PartName, PartPlan> => {
  const inherited = Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[0].startsWith("BEHALF_") && entry[1] !== undefined));
  const part = (name: PartName, folder: string, account: PartAccount | null, nodeFlags: readonly string[], args: readonly string[]): PartPlan => ({
    name,
    nodeFlags: ["--disable-warning=ExperimentalWarning", ...nodeFlags],
    args: ["--data", options.dataFolder, ...args],
    account,
    logFile: join(folder, `${name}.log`),
    cacheFolder: join(folder, "cache"),
    environment: name === "manager" ? inherited : {},
  });
  const uid = process.getuid?.() ?? 0;
  return {
    manager: part("manager", layout.manager.folder, accounts.manager, ["--max-semi-space-size=8"], ["--owner-uid", String(uid), ...options.managerArgs]),
    agent: part("agent", layout.agent.folder, accounts.agent, smallHeap, []),
    launcher: part("launcher", layout.launcher.folder, null, smallHeap, ["--embedded", ...(accounts.agent === null ? [] : ["--agent-uid", String(accounts.agent.uid), "--agent-gid", String(accounts.agent.gid)])]),
  };
};

const resolveAccounts = (options: UpOptions): { manager: PartAccount | null; agent: PartAccount | null } => {
  if (options.managerAccount === null && options.agentAccount === null) return { manager: null, agent: null };
  if (process.getuid?.() !== 0) fail("up.needs-root", "`--manager-account` and `--agent-account` need root: only root can start parts under other accounts");
  const account = (name: string | null): PartAccount | null => {
    if (name === null) return null;
    const found = findHostAccount(name);
    checkCanReadCode(found);
    return found;
  };
  return { manager: account(options.managerAccount), agent: account(options.agentAccount) };
};

const makeFolders = (layout: DataLayout, accounts: { manager: PartAccount | null; agent: PartAccount | null }): void => {
  // With accounts of their own the parts must be able to pass through the root folder; each part's folder stays its own.
  makePrivateFolder(layout.root, accounts.manager === null && accounts.agent === null ? 0o700 : 0o711);
  makePrivateFolder(layout.supervisor.folder);
  for (const [folder, account] of [[layout.manager.folder, accounts.manager], [layout.agent.folder, accounts.agent]] as const) {
    makePrivateFolder(folder);
    if (account !== null) chownSync(folder, account.uid, account.gid);
  }
  // The agent reaches its socket below the launcher's folder: through it, but not into it.
  makePrivateFolder(layout.launcher.folder, accounts.agent === null ? 0o700 : 0o711);
};

const launcherAnswers = async (layout: DataLayout): Promise<true | null> => {
  if (!existsSync(layout.launcher.adminSocket)) return null;
  try {
    await callLauncher(layout.launcher.adminSocket, { type: "status" });
    return true;
  } catch {
    return null;
  }
};

const nodeOnline = async (api: ApiClient): Promise<true | null> => {
  try {
    const node = await api.call<{ online: boolean }>("GET", "/api/v1/nodes/local");
    return node.online ? true : null;
  } catch {
    return null;
  }
};

/** Starts everything; resolves when it answers. Fails with a problem, having stopped what it started. */
export const startUp = async (options: UpOptions): Promise<Up> => {
  const layout = dataLayout(options.dataFolder);
  const accounts = resolveAccounts(options);
  makeFolders(layout, accounts);
  const unlock = takeLock(layout.supervisor.lock, options.dataFolder);
  const log: Log = lineLog("supervisor", process.stderr);
  const parts = new Map<PartName, Part>();
  let keeper: Keeper | null = null;

  const record = (): void => {
    const records: PartRecord[] = [];
    for (const part of parts.values()) if (part.id !== null) records.push({ ...part.id, name: part.plan.name, version });
    writeParts(layout.supervisor.partsFile, records);
  };
  const makePart = (plan: PartPlan): Part => {
    const part = new Part(plan, { log, onRecord: record });
    parts.set(plan.name, part);
    return part;
  };
  const stopAll = async (): Promise<void> => {
    await Promise.all(["agent", "manager"].map((name) => parts.get(name as PartName)?.stop(10_000)));
    await parts.get("launcher")?.stop(10_000);
    await keeper?.close();
    unlock();
  };

  try {
    const planned = plans(options, layout, accounts);
    const living = readLivingParts(layout.supervisor.partsFile);
    const left = living.get("manager");
    if (left !== undefined) await endProcess(left, 10_000);

    keeper = await openKeeper({ socketPath: layout.supervisor.keeperSocket, fifoFolder: layout.launcher.fifos, log });
    const manager = makePart(planned.manager);
    const launcher = makePart(planned.launcher);
    const agent = makePart(planned.agent);
    const resume = async (part: Part): Promise<void> => {
      const found = living.get(part.plan.name);
      if (found !== undefined && found.version === version) return part.adopt(found);
      if (found !== undefined) await endProcess(found, 10_000);
      part.start();
      return undefined;
    };

    const first = isFirstStart(layout);
    const ready = managerReady(manager, layout);
    manager.start();
    if (!first) await Promise.all([resume(launcher), resume(agent)]);
    const { instance, firstAccount } = await ready;
    const api = createApiClient({ kind: "socket", path: layout.manager.socket });
    if (first) {
      await joinLocalNode({ layout, api, instance, accounts });
      await Promise.all([resume(launcher), resume(agent)]);
    }
    const launcherUp = await waitUntil(() => launcherAnswers(layout), startTimeoutMs);
    if (launcherUp === null) fail("up.not-started", "the launcher does not answer", { hint: `read its log: ${planned.launcher.logFile}` });
    const online = await waitUntil(() => nodeOnline(api), startTimeoutMs);
    if (online === null) fail("up.not-started", "the agent of this machine does not report to its manager", { hint: `read its log: ${planned.agent.logFile}` });
    const readyMs = performance.now();
    let example: ExampleRun | null = null;
    if (first) {
      example = options.example ? await runExample({ layout, api }) : null;
      finishFirstStart(layout);
    }
    return {
      instance,
      layout,
      separation: accounts.manager !== null && accounts.agent !== null ? "accounts" : "none",
      firstAccount,
      example,
      readyMs,
      api,
      stop: async (tell) => {
        if (options.leaveRunning) parts.get("launcher")?.release();
        else await drainAll({ layout, api, manager, tell, drainMs });
        if (options.leaveRunning) {
          await Promise.all([agent.stop(10_000), manager.stop(10_000)]);
          await keeper?.close();
          unlock();
        } else await stopAll();
      },
    };
  } catch (error) {
    await stopAll();
    throw error;
  }
};

interface ManagerReady {
  readonly instance: Instance;
  readonly firstAccount: Up["firstAccount"];
}

/** Resolves when the manager has written its instance file; rejects with its own problem when it cannot start. */
const managerReady = (manager: Part, layout: DataLayout): Promise<ManagerReady> =>
  new Promise((resolve, reject) => {
    let firstAccount: Up["firstAccount"] = null;
    let refused: Problem | null = null;
    let settled = false;
    manager.on("message", (message: { type?: string; account?: string; oneTimePassword?: string; problem?: Problem }) => {
      if (message.type === "first-start" && message.account !== undefined && message.oneTimePassword !== undefined) {
        firstAccount = { account: message.account, oneTimePassword: message.oneTimePassword };
      } else if (message.type === "problem" && message.problem !== undefined) refused = message.problem;
    });
    const refuse = (): void => {
      if (settled) return;
      settled = true;
      manager.release();
      reject(new ProblemError(refused ?? { code: "up.not-started", message: "the manager did not start", hint: `read its log: ${manager.plan.logFile}` }));
    };
    manager.once("exit", refuse);
    void waitUntil(() => {
      const instance = readInstance(layout);
      return settled || (instance !== null && instance.pid === manager.id?.pid) ? instance : null;
    }, startTimeoutMs).then((instance) => {
      if (instance === null || settled) return refuse();
      settled = true;
      manager.off("exit", refuse);
      resolve({ instance, firstAccount });
    });
  });
