/** What a node had when it was revoked: nobody is left who could say how it went. */
import { readRunsOnNode } from "#jobs/dispatch-store.ts";
import type { ControllerContext } from "#controller/controller-context.ts";
import { liveRunOf } from "#controller/live-run.ts";
import { settleUnknown } from "#controller/settle-run.ts";

/** Ends (or queues again, where the job allows) every run that is on the node. */
export const endRunsOfNode = async (context: ControllerContext, node: string, because: string): Promise<void> => {
  for (const row of await readRunsOnNode(context.store.read, { controller: context.settings.name, node })) {
    const revision = await context.jobs.getRevision(row.jobPath, row.jobRevision);
    await settleUnknown(context, liveRunOf(row, revision?.job ?? { successExitCodes: [[0, 0]], restartable: false }), because);
  }
};
