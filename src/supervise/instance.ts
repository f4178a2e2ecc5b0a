/** The manager's instance file: where it answers. Written by the manager when it is ready, read by supervisor and CLI. */
import { readFileSync } from "node:fs";
import type { DataLayout } from "#kernel/data-layout.ts";

export interface Instance {
  readonly url: string;
  /** `host:port` of the agents' listener. */
  readonly agentListener: string;
  readonly caFingerprint: string;
  readonly pid: number;
  readonly version: string;
  readonly realm: { readonly id: string; readonly name: string };
}

/** Null when there is none, or it is being written. */
export const readInstance = (layout: DataLayout): Instance | null => {
  try {
    return JSON.parse(readFileSync(layout.manager.instanceFile, "utf8")) as Instance;
  } catch {
    return null;
  }
};
