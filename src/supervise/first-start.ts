/**
 * What the very first `behalf up` on a data folder sets up, through the same doors as everyone: the local node joins with a
 * one-time token, its own table admits the starter and `root`, an example key (as root: `nobody`) is allowed for `/examples`, and
 * `/examples/whoami` runs once. Every step can be repeated: a first start that was killed half-way is finished by the next.
 */
import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { DataLayout } from "#kernel/data-layout.ts";
import { writePrivateFile } from "#kernel/private-file.ts";
import { ProblemError } from "#kernel/problem.ts";
import type { ApiClient } from "#cli/api-client.ts";
import { callLauncher } from "#cli/launcher-client.ts";
import type { Instance } from "#supervise/instance.ts";
import type { PartAccount } from "#supervise/part.ts";
import { waitUntil } from "#supervise/wait-until.ts";

export interface ExampleRun {
  readonly run: string;
  readonly result: string | null;
  readonly runAs: string | null;
}

const marker = (layout: DataLayout): string => join(layout.supervisor.folder, "first-start-done");
const exampleTimeoutMs = 15_000;

export const isFirstStart = (layout: DataLayout): boolean => !existsSync(marker(layout));
export const finishFirstStart = (layout: DataLayout): void => writePrivateFile(marker(layout), "");

/** Loads what the join needs while the manager starts. Only at a first start: every later one would carry certificates and keys for nothing. */
export const loadJoining = (): void => {
  // A failure is met again, and told, by the join itself.
  void import("#nodes/join.ts").catch(() => {});
};

/** The node called `local` joins this manager, unless it has already. Its launcher answers: it has made its key, and reads what the join writes. */
export const joinLocalNode = async (options: {
  layout: DataLayout;
  api: ApiClient;
  instance: Instance;
  accounts: { agent: PartAccount | null };
}): Promise<void> => {
  const { layout, api, instance, accounts } = options;
  if (existsSync(layout.agent.certificate) && existsSync(layout.launcher.trust)) return;
  const invite = (): Promise<{ token: string }> => api.call("POST", "/api/v1/nodes/invitations", { name: "local" });
  const accountsOfManager = api.call<{ items: { name: string; accessId: string }[] }>("GET", "/api/v1/accounts?limit=100");
  // Asked for before it is needed; a failure is met below.
  accountsOfManager.catch(() => {});
  const { token } = await invite().catch(async (error: unknown) => {
    // A first start that was killed between enrolment and its files: that node has no keys, so it is revoked and joins anew.
    if (!(error instanceof ProblemError)) throw error;
    await api.call("POST", "/api/v1/nodes/local/revoke", {});
    return invite();
  });
  const { joinNode } = await import("#nodes/join.ts");
  const starter = userInfo();
  const rootAccount = (await accountsOfManager).items.find((account) => account.name === "root");
  await joinNode({
    layout,
    managerAddress: instance.agentListener,
    nodeName: "local",
    token,
    table: [
      { subject: `os:${starter.uid}`, roles: ["administrator"] },
      ...(rootAccount === undefined ? [] : [{ subject: rootAccount.accessId, roles: ["administrator" as const] }]),
    ],
    // As an ordinary user the default job account is oneself, so the policy names that uid; root is never named by itself (S7).
    policy:
      starter.uid === 0 ? { defaultJobAccount: null, namedUids: [] } : { defaultJobAccount: starter.username, namedUids: [starter.uid] },
    ...(accounts.agent === null ? {} : { agentOwner: { uid: accounts.agent.uid, gid: accounts.agent.gid } }),
    launcherJoined: async () => void (await callLauncher(layout.launcher.adminSocket, { type: "refresh" })),
  });
};

const exampleJob = (asRoot: boolean): string => `kind: Job
path: /examples/whoami
title: As whom does a job run?
requires: operator
run:
  shell: |
    echo "hello from $BEHALF_RUN_ID on $BEHALF_NODE, on behalf of $BEHALF_SUBMITTER"
    id
${asRoot ? "as: { credential: example }" : "as: agent"}
on: [local]
timeout: 1m
`;

/** Applies `/examples/whoami` and runs it once; resolves when the run has ended. */
export const runExample = async (options: { layout: DataLayout; api: ApiClient }): Promise<ExampleRun | null> => {
  const { layout, api } = options;
  const asRoot = userInfo().uid === 0;
  if (asRoot) {
    await callLauncher(layout.launcher.adminSocket, {
      type: "credential-set",
      entry: {
        key: "example",
        user: "nobody",
        allow: { folders: ["/examples"], submitters: ["authenticated"] },
        allowNologin: true,
        noNewPrivileges: true,
      },
    });
  }
  await api.call("POST", "/api/v1/definitions", { documents: exampleJob(asRoot) });
  const submitted = await api.call<{ runs: { id: string }[] }>(
    "POST",
    "/api/v1/submissions",
    { job: "/examples/whoami", comment: "first start" },
    { "idempotency-key": "first-start" },
  );
  const run = submitted.runs[0]?.id;
  if (run === undefined) return null;
  const ended = await waitUntil(
    async () => {
      const found = await api.call<{ state: string; result: string | null; runAs: string | null }>("GET", `/api/v1/runs/${run}`);
      return found.state === "ended" ? found : null;
    },
    exampleTimeoutMs,
    25,
  );
  return { run, result: ended?.result ?? null, runAs: ended?.runAs ?? null };
};
