/** What the use-cases of this room are given. */
import type { AuditTrail } from "#audit/audit-trail.ts";
import type { Clock } from "#kernel/clock.ts";
import type { Log } from "#kernel/log.ts";
import type { Store } from "#store/store.ts";
import type { Dispatch, NodeNames } from "#jobs/ports.ts";
import type { RevisionCache } from "#jobs/store.ts";

export interface JobsContext {
  readonly store: Store;
  readonly audit: AuditTrail;
  readonly clock: Clock;
  readonly log: Log;
  readonly nodes: NodeNames;
  readonly revisions: RevisionCache;
  /** Absent: what is submitted is found by whoever looks. */
  readonly dispatch?: Dispatch;
}
