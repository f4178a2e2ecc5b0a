/** Where and as whom of a run that goes on: what its node says that it decided, until the signed outcome says it. */
import type { Migration } from "#store/migrate.ts";

export const nodeVerdicts: Migration = {
  name: "0009-node-verdicts",
  statements: ({ text }) => [`alter table runs add column node_verdicts ${text}`],
};
