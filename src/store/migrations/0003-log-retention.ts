/** Finds the logs that are too old without looking at every run that ever ended. */
import type { Migration } from "#store/migrate.ts";

export const logRetention: Migration = {
  name: "0003-log-retention",
  statements: () => ["create index runs_with_log on runs (ended_at) where log_bytes > 0"],
};
