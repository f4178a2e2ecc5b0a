/**
 * The messages of both links: controller <-> agent (WebSocket over mutual TLS) and agent <-> launcher (unix socket). Every
 * message is one frame (`frame.ts`): a JSON header and, for log bytes, a raw payload. What is carried is described here;
 * what is believed is decided elsewhere: the launcher believes only the token's verified bytes, the manager only signed
 * receipts and the agent's certificate.
 */
import type { NodeRole, VerdictRecord } from "#proof/launch-order.ts";

/** What a node tells about one run it knows: what the launcher has, and what waits for it at the agent. */
export interface KnownRun {
  readonly run: string;
  readonly attempt: number;
  /** `accepted`: the agent has it for a launcher that is away; the others come from the launcher. */
  readonly state: "accepted" | "starting" | "running" | "ended" | "refused";
  /** Bytes of log that exist at the node (frames). */
  readonly logBytes: number;
}

/** What a launcher decided before a start: the account, and where and as whom in words. What its receipt will say again, signed; until then it is hearsay. */
export interface NodeDecision {
  /** User name of the account. */
  readonly runAs: string;
  readonly verdicts: readonly VerdictRecord[];
}

/** Facts about the node, shown in UI and CLI (A12, S7, S12). */
export interface UnusableKey {
  readonly key: string;
  readonly code: string;
}

/** The node's policy as it is shown elsewhere: it is kept, changed and applied on the node alone. */
export interface ToldPolicy {
  /** Accounts allowed although the system made them. */
  readonly namedUids: readonly number[];
  /** Empty: no account is limited to folders and roles. */
  readonly accounts: readonly { readonly user: string; readonly folders: readonly string[]; readonly roles: readonly string[] }[];
  readonly exclusive: "none" | "submitter";
  /** Some of it is too long to be told. */
  readonly isCut: boolean;
}

/** The node's authorization table as it is shown elsewhere (B12, B13): it is kept, changed and applied on the node alone. */
export interface ToldTable {
  readonly entries: readonly { readonly subject: string; readonly roles: readonly NodeRole[] }[];
  /** It is too long to be told whole. */
  readonly isCut: boolean;
}

export interface NodeFacts {
  readonly launcherAccount: string;
  readonly agentAccount: string;
  /** The node's default job account for `as: agent`; null: none, `as: agent` is refused. */
  readonly defaultJobAccount: string | null;
  readonly switching: "setpriv" | "sudo";
  readonly tree: "cgroup" | "group" | "sudo";
  readonly separation: "none" | "accounts";
  /** Null: it cannot be read, and nothing is started. Absent from launchers that do not tell. */
  readonly policy?: ToldPolicy | null;
  /** Null: it cannot be read, and nobody is let in. Absent from launchers that do not tell. */
  readonly table?: ToldTable | null;
  /** Names and health only, never values (A6). */
  readonly credentialKeys: readonly string[];
  /** Those of them that no run could use at present, each with the code of its problem. Absent from launchers that do not tell. */
  readonly unusableKeys?: readonly UnusableKey[];
  /** Changes when the launcher's journal was lost or damaged; the controller then treats unreported runs as unknown. Empty in a report that the agent makes while its launcher is away: then nothing follows from what is missing, and nothing is offered. */
  readonly journalId: string;
  /** Serial of the last announcement of the realm's issuers that the launcher took (S5); 0: none. Absent from launchers that cannot tell. */
  readonly rotationSerial?: number;
  readonly version: string;
  readonly platform: string;
  readonly warnings: readonly string[];
}

// --- agent -> launcher -------------------------------------------------------------------------------------------
export type ToLauncher =
  | { readonly type: "hello"; readonly id: number }
  /** Start what the token says. Answered by a `state` event (and later an `outcome`), never twice started (S3). */
  | { readonly type: "start"; readonly run: string; readonly attempt: number; readonly token: string }
  | { readonly type: "cancel"; readonly run: string; readonly attempt: number; readonly by: string; readonly reason: string }
  | {
      readonly type: "read-log";
      readonly id: number;
      readonly run: string;
      readonly attempt: number;
      readonly offset: number;
      readonly maxBytes: number;
    }
  /** The manager has committed the outcome: log and order may be deleted (the replay key stays until the token is long expired). */
  | { readonly type: "acknowledge"; readonly run: string; readonly attempt: number }
  /** The realm announces its issuers. The courier may withhold it or show an old one; believed is the root key's signature with a rising serial (S5). */
  | { readonly type: "rotate"; readonly announcement: string };

// --- launcher -> agent -------------------------------------------------------------------------------------------
export type FromLauncher =
  | {
      readonly type: "hello-ok";
      readonly id: number;
      readonly node: { readonly id: string; readonly name: string; readonly keyThumbprint: string };
      readonly facts: NodeFacts;
      readonly runs: readonly KnownRun[];
    }
  | {
      readonly type: "state";
      readonly run: string;
      readonly attempt: number;
      readonly state: "starting" | "running";
      readonly at: string;
      readonly pid: number | null;
      /** Of what runs. Absent from launchers that do not tell. */
      readonly decided?: NodeDecision;
    }
  /** New output exists; coalesced. `logBytes` is the size of the log so far. */
  | { readonly type: "log-grown"; readonly run: string; readonly attempt: number; readonly logBytes: number }
  /** Payload: frames from `offset`. `logBytes` is the size of the whole log; `missing` when the launcher no longer has it. */
  | {
      readonly type: "log";
      readonly id: number;
      readonly run: string;
      readonly attempt: number;
      readonly offset: number;
      readonly logBytes: number;
      readonly missing: boolean;
    }
  /** Ended or refused. Sent again after every reconnect until acknowledged. `receipt` is the launcher's signed JWS. Small logs ride along as the payload (`logInline`). */
  | { readonly type: "outcome"; readonly run: string; readonly attempt: number; readonly receipt: string; readonly logInline: boolean }
  | { readonly type: "facts"; readonly facts: NodeFacts }
  | { readonly type: "problem"; readonly id: number | null; readonly code: string; readonly message: string; readonly hint: string };

// --- controller -> agent -----------------------------------------------------------------------------------------
export type ToAgent =
  /** Answer to `hello`. `nodeName` is who the certificate says the agent is. */
  | { readonly type: "welcome"; readonly controller: string; readonly nodeName: string; readonly heartbeatMs: number }
  | { readonly type: "offer"; readonly run: string; readonly attempt: number; readonly token: string }
  | { readonly type: "cancel"; readonly run: string; readonly attempt: number; readonly by: string; readonly reason: string }
  /** Outcome committed. The agent forgets the run and tells the launcher. Also the answer to a run nobody waits for. */
  | { readonly type: "outcome-ack"; readonly run: string; readonly attempt: number }
  /** The controller has the log durably up to `offset`; the agent sends from there. Sent on demand of the controller after a reconnect. */
  | { readonly type: "log-position"; readonly run: string; readonly attempt: number; readonly offset: number }
  /** For the launcher, before the first offer that needs it: the realm's issuers have changed (S5). */
  | { readonly type: "rotation"; readonly announcement: string }
  /** PEM, for the key of the request. The present certificate stays good until this one is used. */
  | { readonly type: "renewed"; readonly certificate: string }
  | { readonly type: "goodbye"; readonly reason: string };

// --- agent -> controller -----------------------------------------------------------------------------------------
export type FromAgent =
  | {
      readonly type: "hello";
      readonly protocol: 1;
      readonly node: { readonly id: string; readonly name: string; readonly keyThumbprint: string };
      readonly facts: NodeFacts;
      readonly runs: readonly KnownRun[];
    }
  /** Journaled (fsynced) by the launcher, and about to start: the offer will not be lost. Not told where something later can be told soon. */
  | { readonly type: "accepted"; readonly run: string; readonly attempt: number }
  /** Said again on every new connection while the run goes on. */
  | {
      readonly type: "state";
      readonly run: string;
      readonly attempt: number;
      readonly state: "starting" | "running";
      readonly at: string;
      readonly decided?: NodeDecision;
    }
  /** Payload: frames from `offset`. Offsets never jump: what does not fit the controller's file is answered by `log-position`. */
  | { readonly type: "log"; readonly run: string; readonly attempt: number; readonly offset: number }
  /** The launcher no longer has the log from `offset` on: nothing more will come. */
  | { readonly type: "log-missing"; readonly run: string; readonly attempt: number; readonly offset: number }
  /** Payload: the whole log where `logInline`. */
  | { readonly type: "outcome"; readonly run: string; readonly attempt: number; readonly receipt: string; readonly logInline: boolean }
  | { readonly type: "facts"; readonly facts: NodeFacts }
  /** Asks for a new certificate for this very node: PEM of a PKCS #10 request. Not answered when it is asked too often. */
  | { readonly type: "renew"; readonly csr: string };
