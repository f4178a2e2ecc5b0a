/** What the routes are given: the rooms of this process, opened and wired by `open-manager.ts`. */
import type { AuditTrail } from "#audit/audit-trail.ts";
import type { ChainWatch } from "#audit/chain-watch.ts";
import type { Controller } from "#controller/open-controller.ts";
import type { IdentityContext } from "#identity/identity-context.ts";
import type { Identity } from "#identity/open-identity.ts";
import type { Clock } from "#kernel/clock.ts";
import type { Log } from "#kernel/log.ts";
import type { ReadSettings } from "#kernel/settings.ts";
import type { Jobs } from "#jobs/open-jobs.ts";
import type { LogFiles } from "#manager/log-file.ts";
import type { LogLines } from "#manager/log-lines.ts";
import type { RefusedSubmissions } from "#manager/refused-submissions.ts";
import type { RunFeed } from "#manager/run-feed.ts";
import type { EventStreams } from "#manager/web/event-stream.ts";
import type { KeyRing } from "#nodes/key-ring.ts";
import type { WitnessFiles } from "#manager/witness-files.ts";
import type { Nodes } from "#nodes/open-nodes.ts";
import type { Store } from "#store/store.ts";

export interface Services {
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  readonly startedAtMs: number;
  readonly realm: { readonly id: string; readonly name: string };
  readonly settings: ReadSettings;
  readonly store: Store;
  readonly audit: AuditTrail;
  readonly chain: ChainWatch;
  readonly witnesses: WitnessFiles;
  readonly identity: Identity;
  /** For use-cases of identity that take part in a transaction of several rooms (`joined-transaction.ts`). */
  readonly identityContext: IdentityContext;
  readonly jobs: Jobs;
  readonly nodes: Nodes;
  readonly keyRing: KeyRing;
  readonly controller: Controller;
  readonly logFiles: LogFiles;
  readonly logLines: LogLines;
  readonly feed: RunFeed;
  readonly refusedSubmissions: RefusedSubmissions;
  readonly streams: EventStreams;
  /** The OpenAPI document of the app that these routes are part of. */
  readonly openApi: () => Record<string, unknown>;
}
