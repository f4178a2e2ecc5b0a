/** What the runs of this node tell the link, which tells the agent. */
import type { NodeDecision } from "#link/messages.ts";
import type { OpenRun } from "#launcher/run-book.ts";
import type { EndedRecord } from "#launcher/run-records.ts";

/** Where a run stands that has not ended. */
export interface ToldState {
  readonly run: string;
  readonly attempt: number;
  readonly state: "starting" | "running";
  readonly atMs: number;
  readonly pid: number | null;
  /** Of what runs. */
  readonly decided: NodeDecision | null;
}

export interface RunEvents {
  onState(told: ToldState): void;
  onLogGrown(run: string, attempt: number, logBytes: number): void;
  onEnded(ended: EndedRecord): void;
}

export const toldState = ({ starting, running }: Pick<OpenRun, "starting" | "running">): ToldState => {
  const { run, attempt, order } = starting;
  if (running === null) return { run, attempt, state: "starting", atMs: starting.atMs, pid: null, decided: null };
  const decided = order.runAs === null ? null : { runAs: order.runAs.user, verdicts: order.verdicts };
  return { run, attempt, state: "running", atMs: running.atMs, pid: running.process.pid, decided };
};
