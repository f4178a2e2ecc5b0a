/** What this room needs from others. */
import type { OwnedJob } from "#access/orphans.ts";
import type { Writer } from "#store/store.ts";

/** Every job that exists, within the transaction of the change. */
export type LoadOwnedJobs = (tx: Writer) => Promise<readonly OwnedJob[]>;
