/** When the node took the run over: what comes before is the way to it, what comes after is its own preparation. */
import type { Migration } from "#store/migrate.ts";

export const acceptedAt: Migration = {
  name: "0007-accepted-at",
  statements: ({ integer }) => [`alter table runs add column accepted_at ${integer}`],
};
