/** Where each part keeps its things below one data folder. One place, so that no two parts disagree. */
import { join } from "node:path";

export interface DataLayout {
  readonly root: string;
  readonly supervisor: { readonly folder: string; readonly lock: string; readonly keeperSocket: string; readonly partsFile: string };
  readonly manager: {
    readonly folder: string;
    readonly database: string;
    readonly keys: string;
    readonly logs: string;
    readonly checkpoints: string;
    /** Receipts of nodes that wait for a verification. */
    readonly witnesses: string;
    /** The local CLI's socket in a 0700 folder (S11). */
    readonly socketFolder: string;
    readonly socket: string;
    /** `{ url, agentListener, caFingerprint, pid }`, written when ready. */
    readonly instanceFile: string;
  };
  readonly agent: {
    readonly folder: string;
    readonly key: string;
    readonly certificate: string;
    /** A renewed pair, until it was used. */
    readonly nextKey: string;
    readonly nextCertificate: string;
    readonly ca: string;
    readonly config: string;
  };
  readonly launcher: {
    readonly folder: string;
    /** Owner launcher, group agent, 0710 (S11). */
    readonly socketFolder: string;
    readonly socket: string;
    /** 0700: `credential`, `policy`, `trust`, `table`, `test` (S11). */
    readonly adminSocketFolder: string;
    readonly adminSocket: string;
    readonly credentials: string;
    readonly policy: string;
    readonly table: string;
    readonly trust: string;
    readonly key: string;
    readonly journal: string;
    readonly time: string;
    readonly runs: string;
    readonly fifos: string;
  };
}

/** The layout below an absolute data folder. */
export const dataLayout = (root: string): DataLayout => {
  const at = (...parts: string[]): string => join(root, ...parts);
  return {
    root,
    supervisor: {
      folder: at("up"),
      lock: at("up", "lock"),
      keeperSocket: at("up", "keeper.sock"),
      partsFile: at("up", "parts.json"),
    },
    manager: {
      folder: at("manager"),
      database: at("manager", "behalf.db"),
      keys: at("manager", "keys"),
      logs: at("manager", "logs"),
      checkpoints: at("manager", "checkpoints.jsonl"),
      witnesses: at("manager", "witnesses"),
      socketFolder: at("manager", "cli"),
      socket: at("manager", "cli", "m.sock"),
      instanceFile: at("manager", "instance.json"),
    },
    agent: {
      folder: at("agent"),
      key: at("agent", "agent.key"),
      certificate: at("agent", "agent.crt"),
      nextKey: at("agent", "agent.next.key"),
      nextCertificate: at("agent", "agent.next.crt"),
      ca: at("agent", "ca.crt"),
      config: at("agent", "agent.json"),
    },
    launcher: {
      folder: at("launcher"),
      socketFolder: at("launcher", "link"),
      socket: at("launcher", "link", "l.sock"),
      adminSocketFolder: at("launcher", "admin"),
      adminSocket: at("launcher", "admin", "a.sock"),
      credentials: at("launcher", "credentials.json"),
      policy: at("launcher", "policy.json"),
      table: at("launcher", "table.json"),
      trust: at("launcher", "trust.json"),
      key: at("launcher", "node.key"),
      journal: at("launcher", "journal"),
      time: at("launcher", "time"),
      runs: at("launcher", "runs"),
      fifos: at("launcher", "fifos"),
    },
  };
};
