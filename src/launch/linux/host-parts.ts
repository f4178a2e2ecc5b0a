/** What `host.ts` found out once and every start and adoption uses. */
import type { Log } from "#kernel/log.ts";
import type { Places } from "#launch/linux/places.ts";
import type { TmpFolders } from "#launch/linux/private-tmp.ts";
import type { Starter } from "#launch/linux/starter.ts";
import type { TmpdirPool } from "#launch/linux/tmpdir-pool.ts";
import type { GroupTrees } from "#launch/linux/tree/group.ts";

export interface HostParts {
  readonly fifoFolder: string;
  readonly tmp: TmpFolders;
  readonly tmpdirs: TmpdirPool;
  readonly log: Log;
  readonly bootId: string;
  readonly switching: "setpriv" | "sudo";
  readonly starter: Starter;
  readonly places: Places;
  readonly groups: GroupTrees;
  readonly maxProcesses: number;
  readonly resetsOomScore: boolean;
  readonly launcherAccount: string;
}
