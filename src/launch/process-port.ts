/**
 * What the launcher process needs from the operating system: resolve an account, start one process tree as it, hold it, kill
 * it, and find it again after the launcher was restarted. `launch/linux/host.ts` implements it; the launcher's state machine
 * (journal, logs, receipts, timeouts) lives in `src/launcher` and knows nothing of setpriv, sudo, cgroups or FIFOs.
 */
import type { Socket } from "node:net";
import type { LaunchOrder } from "#proof/launch-order.ts";
import type { Problem } from "#kernel/problem.ts";
import type { Result } from "#kernel/result.ts";
import type { OsAccount } from "#launch/rules/os-account.ts";

export type { OsAccount };

/** Where a run's processes will be held; plain JSON, to be journaled before the start, so that they are found whatever happens. */
export interface Place {
  readonly cgroup: string;
}

export interface StartSpec {
  readonly run: string;
  readonly attempt: number;
  readonly account: OsAccount;
  readonly program: LaunchOrder["program"];
  /** The complete environment of the job: documented variables, parameters and the job's own, already merged and checked (O6). HOME, USER, LOGNAME, SHELL, PATH, TMPDIR are set by the host. */
  readonly environment: Readonly<Record<string, string>>;
  /** Null: the account's home, or `/` where that is missing. A given one that cannot be entered is a problem. */
  readonly workingDirectory: string | null;
  readonly umask: string | null;
  readonly noNewPrivileges: boolean;
  /** From `reserve`; missing: the host takes one, which an adoption without a record cannot find. */
  readonly place?: Place | null;
}

/** What must be journaled to find the tree again; plain JSON. */
export interface ProcessRecord {
  readonly run: string;
  readonly attempt: number;
  readonly pid: number;
  /** Start time in clock ticks since boot, from /proc/PID/stat, and the boot id: together with the uid they name the process (O8). */
  readonly startTicks: string;
  readonly bootId: string;
  readonly uid: number;
  readonly tree: "cgroup" | "group" | "sudo";
  readonly cgroup: string | null;
  /** The run's private TMPDIR (O9); missing when it could not be learnt. */
  readonly tmpdir?: string;
}

export interface ProcessExit {
  /** False when the exit could not be observed (adopted process): exitCode and signal are null then. */
  readonly known: boolean;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Set when the job's own program never began (O7): setpriv, sudo, cd, the checks of the prelude or exec failed. */
  readonly startProblem: Problem | null;
}

export interface HeldProcess {
  readonly record: ProcessRecord;
  /** Paused; end when no process of the run holds the stream any more, or after `release`. */
  readonly stdout: Socket;
  readonly stderr: Socket;
  /** The main process has ended (descendants may live). Never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** Sends SIGTERM or SIGKILL to the process group or the whole tree, after checking that it is still the same tree (O8). */
  signal(name: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Kills every process of the run that is left and returns how many there were. Idempotent. */
  killTree(): Promise<number>;
  /** Removes what the host made for the run (FIFOs, cgroup, private TMPDIR). After it the streams are closed. */
  release(): Promise<void>;
}

export interface ProcessHost {
  readonly switching: "setpriv" | "sudo";
  readonly tree: "cgroup" | "group" | "sudo";
  /** Names of named pipes that a keeper should hold open while the run lives (O3), given before `start` opens them. */
  resolveAccount(user: string): Promise<Result<OsAccount>>;
  /** A place for one run; null: trees are not held by one. It must be given to `start`, which uses it up, whatever comes of it. */
  reserve(): Place | null;
  /**
   * Nothing of the job begins before `mayBegin` has resolved to true (missing: it may at once); what can be made before is made meanwhile. False:
   * nothing is left of it, and the answer is a refusal.
   */
  start(spec: StartSpec, mayBegin?: Promise<boolean>): Promise<Result<HeldProcess>>;
  /**
   * Finds a run's tree after a restart of the launcher. `record` is null when the launcher died between the order to start and the record;
   * then its place leads there. Null: nothing of it is left.
   */
  adopt(run: string, attempt: number, record: ProcessRecord | null, place?: Place | null): Promise<HeldProcess | null>;
  /** What an administrator should know: exact sudoers line missing, cgroup not writable, … */
  warnings(): Promise<readonly string[]>;
  /** Ends what only helps to start; what was started goes on. */
  close(): Promise<void>;
}
