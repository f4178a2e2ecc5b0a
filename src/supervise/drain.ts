/**
 * Ctrl-C: no new starts, running jobs get ten seconds and then their normal termination, recorded as cancelled by `shutdown`;
 * what they report still reaches the manager before it stops.
 */
import type { DataLayout } from "#kernel/data-layout.ts";
import type { ApiClient } from "#cli/api-client.ts";
import { callLauncher } from "#cli/launcher-client.ts";
import type { Part } from "#supervise/part.ts";
import { waitUntil } from "#supervise/wait-until.ts";

const settleMs = 5_000;

const liveRuns = async (api: ApiClient): Promise<number> => {
  let count = 0;
  for (const state of ["offered", "accepted", "running"]) {
    const page = await api.call<{ items: unknown[] }>("GET", `/api/v1/runs?state=${state}&limit=100`);
    count += page.items.length;
  }
  return count;
};

export const drainAll = async (options: {
  layout: DataLayout;
  api: ApiClient;
  manager: Part;
  tell: (text: string) => void;
  drainMs: number;
}): Promise<void> => {
  const { layout, api, manager, tell, drainMs } = options;
  const drained = new Promise<void>((resolve) =>
    manager.on("message", (message: { type?: string }) => message.type === "drained" && resolve()),
  );
  if (manager.send({ type: "drain" })) await Promise.race([drained, new Promise((resolve) => setTimeout(resolve, 2_000))]);
  try {
    const running = await liveRuns(api);
    if (running > 0)
      tell(
        `draining: ${running} ${running === 1 ? "run is" : "runs are"} on their way; they get ${drainMs / 1000} s, then their normal termination`,
      );
    await callLauncher(layout.launcher.adminSocket, { type: "drain", drainMs: running > 0 ? drainMs : 0 }, { timeoutMs: 24 * 3_600_000 });
    await waitUntil(async () => ((await liveRuns(api)) === 0 ? true : null), settleMs, 50);
  } catch {
    // A part is away already: what it holds is journaled and told at the next start.
  }
};
