/**
 * `behalf up`: manager (with the controller `main`), agent and launcher on one machine, held together until ctrl-C. This file
 * holds the order of things: lock, adopt, start, first start, wait, drain. How one part lives is `part.ts`; what a first start sets
 * up is `first-start.ts`.
 */
import { dataLayout, type DataLayout } from "#kernel/data-layout.ts";
import { fileProblemOf } from "#kernel/file-problem.ts";
import { lineLog } from "#kernel/log.ts";
import { makePrivateFolder } from "#kernel/private-file.ts";
import { fail, ProblemError, type Problem } from "#kernel/problem.ts";
import { createApiClient, type ApiClient } from "#cli/api-client.ts";
import { drainAll } from "#supervise/drain.ts";
import { followManager } from "#supervise/follow-manager.ts";
import { finishFirstStart, isFirstStart, joinLocalNode, loadJoining, runExample, type ExampleRun } from "#supervise/first-start.ts";
import { resolveAccount } from "#supervise/host-account.ts";
import { watchStart } from "#supervise/failed-start.ts";
import { readInstance, type Instance } from "#supervise/instance.ts";
import { makePartFolder } from "#supervise/part-folder.ts";
import { agentPlan, launcherPlan, managerPlan } from "#supervise/part-plans.ts";
import type { Part, PartAccount } from "#supervise/part.ts";
import { launcherAnswers, makeNodeFolders, openParts } from "#supervise/parts.ts";
import { waitUntil } from "#supervise/wait-until.ts";

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
  /** What the local node tells of itself. */
  readonly node: NodeFacts;
  /** Only on a first start, only here: never in a log or file. */
  readonly firstAccount: { readonly account: string; readonly oneTimePassword: string } | null;
  readonly example: ExampleRun | null;
  /** From the start of this process to the moment everything answered, milliseconds. */
  readonly readyMs: number;
  readonly api: ApiClient;
  /** Drains and stops every part that was started here. */
  stop(tell: (text: string) => void): Promise<void>;
}

const startTimeoutMs = 30_000;
const drainMs = 10_000;

interface Accounts {
  readonly manager: PartAccount | null;
  readonly agent: PartAccount | null;
}

const makeFolders = (layout: DataLayout, accounts: Accounts): void => {
  // With accounts of their own the parts must be able to pass through the root folder; each part's folder stays its own.
  makePrivateFolder(layout.root, accounts.manager === null && accounts.agent === null ? 0o700 : 0o711);
  makePrivateFolder(layout.supervisor.folder);
  makePartFolder(layout.manager.folder, accounts.manager);
  makeNodeFolders(layout, accounts.agent);
};

type NodeFacts = Readonly<Record<string, unknown>>;

/** What the local node tells of itself, once it does. */
const nodeOnline = async (api: ApiClient): Promise<NodeFacts | null> => {
  try {
    const node = await api.call<{ online: boolean; launcherReachable: boolean; facts: NodeFacts | null }>("GET", "/api/v1/nodes/local");
    return node.online && node.launcherReachable ? node.facts : null;
  } catch {
    return null;
  }
};

/** Starts everything; resolves when it answers. Fails with a problem, having stopped what it started. */
export const startUp = (options: UpOptions): Promise<Up> =>
  start(options).catch((error: unknown) => {
    const found = fileProblemOf(error);
    if (found === null) throw error;
    return fail("up.not-started", found.message, { hint: found.hint, cause: error });
  });

const start = async (options: UpOptions): Promise<Up> => {
  const layout = dataLayout(options.dataFolder);
  const accounts: Accounts = {
    manager: resolveAccount(options.managerAccount, "--manager-account"),
    agent: resolveAccount(options.agentAccount, "--agent-account"),
  };
  makeFolders(layout, accounts);
  const parts = await openParts({ layout, log: lineLog("supervisor", process.stderr) });
  try {
    await parts.endLeft("manager");
    const manager = parts.add(managerPlan(layout, { account: accounts.manager, args: options.managerArgs }));
    const launcher = parts.add(launcherPlan(layout, { embedded: true, agentAccount: accounts.agent, managerAccount: accounts.manager }));
    const agent = parts.add(agentPlan(layout, accounts.agent, { awaitsJoin: true }));

    const first = isFirstStart(layout);
    const launcherStart = watchStart(launcher);
    const agentStart = watchStart(agent);
    const launcherReady = (): Promise<true> =>
      launcherStart.until(() => launcherAnswers(layout), startTimeoutMs, "the launcher does not answer");
    const ready = startManager(manager, layout);
    // Something else may end the start before this is waited for.
    ready.catch(() => {});
    // Also at a first start: the launcher of a node that has not joined starts no job, and its agent waits for the join.
    await Promise.all([parts.resume(launcher), parts.resume(agent)]);
    if (first) loadJoining();
    const { instance, firstAccount } = await ready;
    const api = createApiClient({ kind: "socket", path: layout.manager.socket });
    if (first) {
      await launcherReady();
      await joinLocalNode({ layout, api, instance, accounts });
    } else if (followManager(layout, instance, accounts.agent)) await agent.restart();
    // A manager that chose its own port (`--agent-port 0`) may come back on another one.
    manager.on("start", () => {
      void waitUntil(() => instanceOf(manager, layout), startTimeoutMs).then(async (again) => {
        if (again !== null && followManager(layout, again, accounts.agent)) await agent.restart();
      });
    });
    await launcherReady();
    const node = await agentStart.until(() => nodeOnline(api), startTimeoutMs, "the agent of this machine does not report to its manager");
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
      node,
      firstAccount,
      example,
      readyMs,
      api,
      stop: async (tell) => {
        if (!options.leaveRunning) await drainAll({ layout, api, manager, tell, drainMs });
        await parts.close({ leaveLauncher: options.leaveRunning });
      },
    };
  } catch (error) {
    await parts.close({ leaveLauncher: false });
    throw error;
  }
};

interface ManagerReady {
  readonly instance: Instance;
  readonly firstAccount: Up["firstAccount"];
}

/** What the manager says of itself, once it is this very process that wrote it. */
const instanceOf = (manager: Part, layout: DataLayout): Instance | null => {
  const instance = readInstance(layout);
  return instance !== null && instance.pid === manager.id?.pid ? instance : null;
};

/** Starts the manager; resolves when it has written its instance file, rejects with its own problem when it cannot start. */
const startManager = (manager: Part, layout: DataLayout): Promise<ManagerReady> =>
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
      reject(
        new ProblemError(
          refused ?? { code: "up.not-started", message: "the manager did not start", hint: `read its log: ${manager.plan.logFile}` },
        ),
      );
    };
    manager.once("exit", refuse);
    manager.once("unstarted", (error: unknown) => {
      refused = fileProblemOf(error);
      refuse();
    });
    void waitUntil(
      () => {
        if (settled) return "settled" as const;
        return instanceOf(manager, layout);
      },
      startTimeoutMs,
      5,
    ).then((instance) => {
      if (settled || instance === "settled") return;
      if (instance === null) {
        refuse();
        return;
      }
      settled = true;
      manager.off("exit", refuse);
      resolve({ instance, firstAccount });
    });
    try {
      manager.start();
    } catch (error) {
      // Nothing was started that could still answer: whoever waits for it would wait in vain.
      settled = true;
      reject(error);
    }
  });
