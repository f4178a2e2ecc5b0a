/** What the manager does by itself now and then: old history, logs and audit records, the agent listener's certificate. */
import type { Controller } from "#controller/open-controller.ts";
import type { Jobs } from "#jobs/open-jobs.ts";
import type { RetentionPolicy } from "#jobs/retention.ts";
import type { Log } from "#kernel/log.ts";

export interface HousekeepingOptions {
  readonly jobs: Jobs;
  readonly controller: Controller;
  readonly log: Log;
  readonly policy: RetentionPolicy;
  /** Removes audit records that are not kept any longer; true: there is more. */
  readonly pruneAudit: () => Promise<boolean>;
  readonly renewTls: () => Promise<void>;
}

const firstSweepMs = 60_000;
const sweepEveryMs = 600_000;
const soonMs = 1000;
const renewEveryMs = 86_400_000;

/** Removes what the policy no longer keeps; true: there is more. */
export const sweepOnce = async ({
  jobs,
  controller,
  policy,
}: Pick<HousekeepingOptions, "jobs" | "controller" | "policy">): Promise<boolean> => {
  const swept = await jobs.sweepRetention(policy);
  for (const run of swept.logsOf) await controller.logs.remove(run);
  return swept.more;
};

/** Begins; the returned function stops it. */
export const startHousekeeping = (options: HousekeepingOptions): (() => Promise<void>) => {
  const { log } = options;
  let stopped = false;
  let current: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout;
  const sweep = async (): Promise<void> => {
    let more = false;
    try {
      more = await sweepOnce(options);
    } catch (error) {
      log.error({ err: error }, "old history could not be removed");
    }
    try {
      more = (await options.pruneAudit()) || more;
    } catch (error) {
      log.error({ err: error }, "old audit records could not be removed");
    }
    plan(more ? soonMs : sweepEveryMs);
  };
  const plan = (afterMs: number): void => {
    if (!stopped) timer = setTimeout(() => (current = sweep()), afterMs).unref();
  };
  timer = setTimeout(() => (current = sweep()), firstSweepMs).unref();
  const renewal = setInterval(
    () =>
      void options.renewTls().catch((error: unknown) => log.error({ err: error }, "the agent listener's certificate could not be renewed")),
    renewEveryMs,
  ).unref();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    clearInterval(renewal);
    await current;
  };
};
