/**
 * The launch order: everything the launcher may do for one run, and nothing else. It *is* the payload of the delegation
 * token (S1); whatever is not in it does not influence the run. Shared by the manager (mints), controller and agent (carry)
 * and launcher (verifies). Types and the strict reader live here; minting and checking in `delegation-token.ts`.
 */

/** Roles held on a node, by its own authorization table (B10: operator and configurator are not ordered). */
export type NodeRole = "monitor" | "configurator" | "operator" | "administrator" | "auditor";

export interface LaunchOrder {
  readonly version: 1;
  /** Realm that issued it: id (never reused) and its epoch (K2: a restored database starts a new one). */
  readonly realm: { readonly id: string; readonly name: string; readonly epoch: number };
  /** The only node that may run it: id and the SHA-256 thumbprint (base64url) of its launcher's public key. */
  readonly node: { readonly id: string; readonly name: string; readonly keyThumbprint: string };
  readonly run: string;
  /** 1, 2, …; (run, attempt) is the replay key (S3). */
  readonly attempt: number;
  readonly submission: string;
  readonly job: { readonly path: string; readonly revision: number; readonly author: string };
  readonly program:
    | { readonly kind: "shell"; readonly text: string }
    | { readonly kind: "program"; readonly file: string; readonly args: readonly string[] };
  /** Declared parameters with their final values; delivered as environment `BEHALF_ARG_<NAME>` and as `<NAME>`, never spliced into text. */
  readonly arguments: Readonly<Record<string, string>>;
  /** The job's own environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Absolute; null means the account's home directory, else `/`. */
  readonly workingDirectory: string | null;
  /** Octal text such as `027`; null means `022`. */
  readonly umask: string | null;
  readonly as: { readonly kind: "credential"; readonly key: string; readonly loadProfile: boolean } | { readonly kind: "agent" };
  /** Role that the submitter must hold on the node. */
  readonly requires: NodeRole;
  readonly limits: {
    /** Milliseconds after start; null means none. */
    readonly timeoutMs: number | null;
    /** Milliseconds between SIGTERM and SIGKILL. */
    readonly graceMs: number;
    /** Bytes of output kept, stdout and stderr together. */
    readonly outputBytes: number;
  };
  /** On whose behalf. Access IDs are `user:<realm name>/<account id>` or `os:<uid>`. */
  readonly submitter: PrincipalClaim;
  /** Who pressed the button; differs from the submitter only for schedules and, later, delegation. */
  readonly actor: PrincipalClaim;
  /** The submission's proof: methods (`pwd`, `os`), and when the submitter last authenticated, seconds. */
  readonly amr: readonly string[];
  readonly authTime: number;
  /** Head of the manager's audit chain when this was minted (K1: each node is a witness). */
  readonly auditHead: { readonly writer: string; readonly sequence: number; readonly hash: string };
  /** Seconds since 1970. `exp - iat` is at most 300. */
  readonly iat: number;
  readonly exp: number;
}

export interface PrincipalClaim {
  readonly accessId: string;
  readonly name: string;
  readonly groups: readonly string[];
}

/** Who cancels what runs when the node shuts down: the launcher itself. It lets nobody else sign with this name. */
export const shutdownActor = "shutdown";

/** How a run ended: independent facts, never one status (design section 3, step 6). Written and signed by the launcher. */
export interface Outcome {
  /** False when nothing was started: refused, or the start itself failed. */
  readonly started: boolean;
  readonly startedAt: string | null;
  readonly endedAt: string;
  /** Wall-clock milliseconds from start to exit by the monotonic clock; null when not started or unknown. */
  readonly durationMs: number | null;
  readonly exitCode: number | null;
  /** Such as `SIGKILL`, when a signal ended the process. */
  readonly signal: string | null;
  readonly timedOut: boolean;
  readonly cancelled: { readonly by: string; readonly reason: string } | null;
  /** SIGKILL was needed. */
  readonly forced: boolean;
  /** Processes of the run that outlived its main process and were killed. */
  readonly leftovers: number;
  /** The exit could not be observed (launcher was away); the run counts as `unknown`, never as success. */
  readonly exitUnknown: boolean;
  /** Why nothing ran, or why the start failed. Problem as data: code, message, hint. */
  readonly launchProblem: { readonly code: string; readonly message: string; readonly hint: string } | null;
  /** Bytes of frames in the kept log, bytes the job wrote, whether the limit cut, SHA-256 (hex) of the kept log file. */
  readonly output: { readonly logBytes: number; readonly writtenBytes: number; readonly truncated: boolean; readonly sha256: string };
  /** As whom it ran: the decided output, by number. Null when nothing was started. */
  readonly runAs: {
    readonly user: string;
    readonly uid: number;
    readonly gid: number;
    readonly groups: readonly number[];
    readonly credentialKey: string | null;
  } | null;
  /** Which tree-kill method held it: `cgroup`, `group` or `sudo`. */
  readonly tree: "cgroup" | "group" | "sudo" | null;
  /** The node's own verdicts: `where` (token, realm, table) and `asWhom` (credential, policy, account). */
  readonly verdicts: readonly VerdictRecord[];
}

/** One kept verdict: which of the four questions, what was asked, and the deciding rule in words. */
export interface VerdictRecord {
  readonly part: "who" | "may" | "where" | "as-whom";
  readonly question: string;
  readonly effect: "permit" | "deny";
  readonly rule: string;
  readonly text: string;
  readonly facts?: Readonly<Record<string, string | number | boolean | null>>;
  /** ISO instant at which it was decided. */
  readonly decidedAt: string;
}

/** What the launcher signs about a run (S10) and the witness to the audit chain (K1). Payload of a receipt JWS. */
export interface Receipt {
  readonly version: 1;
  readonly kind: "outcome";
  readonly node: { readonly id: string; readonly keyThumbprint: string };
  readonly run: string;
  readonly attempt: number;
  /** SHA-256 (hex) of the canonical launch order; of the token text where the order could not be read. */
  readonly orderDigest: string;
  readonly outcome: Outcome;
  readonly auditHead: LaunchOrder["auditHead"] | null;
  /** Position in the launcher's own chain of receipts. */
  readonly sequence: number;
  readonly previous: string;
  readonly iat: number;
}
