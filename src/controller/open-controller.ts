/**
 * The controller: dispatch to the agents that dial in. It runs inside the manager's process. What belongs here: putting its pieces together, and the
 * little that the manager may ask of it. What does not: any decision.
 */
import { readRun } from "#jobs/dispatch-store.ts";
import type { Dispatch } from "#jobs/ports.ts";
import type { Problem } from "#kernel/problem.ts";
import { openAgentListener, type AgentListenerOptions, type ListenerTls } from "#controller/agent-listener.ts";
import { AgentSession, type SessionFacts } from "#controller/agent-session.ts";
import {
  defaultControllerSettings,
  type ControllerContext,
  type ControllerSettings,
  type RunChange,
} from "#controller/controller-context.ts";
import { Dispatcher } from "#controller/dispatcher.ts";
import { rememberRevisions } from "#controller/job-cache.ts";
import { endRunsOfNode } from "#controller/end-runs-of-node.ts";
import { openRunLogs, type RunLogs, type RunLogSettings } from "#controller/run-log.ts";
import { endCancelledQueued } from "#controller/settle-run.ts";
import { createJoinLimit } from "#controller/join-limit.ts";
import { createStateBatch } from "#controller/state-batch.ts";

export interface ControllerOptions extends Pick<
  ControllerContext,
  "store" | "audit" | "clock" | "log" | "nodes" | "jobs" | "principalOf" | "signer" | "announcement" | "realm"
> {
  readonly logsFolder: string;
  /** Hears when the log of a run is whole, or large. */
  readonly logHeard?: Pick<RunLogSettings, "onSealed" | "onLarge">;
  readonly listener: { readonly host: string; readonly port: number; readonly tls: ListenerTls };
  readonly handleJoin: AgentListenerOptions["handleJoin"];
  readonly settings?: Partial<ControllerSettings>;
}

export interface Controller {
  /** The port where agents dial in. */
  readonly port: number;
  readonly logs: RunLogs;
  /** A submission was committed. */
  wake(): void;
  /** See `jobs/ports.ts`. */
  readonly prepare: Dispatch["prepare"];
  /** A cancellation was committed: ends a queued run, tells the node of another. */
  cancel(runId: string): void;
  /** Why nothing new may be submitted at present; null: it may (O3). */
  admission(): Problem | null;
  /** Changes of runs, after their commit. */
  onChange(listener: (change: RunChange) => void): () => void;
  /** New size of a run's log; -1 when it begins anew. */
  onLog(runId: string, listener: (size: number) => void): () => void;
  /** Nodes that are connected now. */
  nodes(): readonly SessionFacts[];
  /** Nodes came, went or reported. */
  onNodes(listener: () => void): () => void;
  /** The node was revoked: its connection is cut, and what it had ends as unknown. */
  nodeRevoked(nodeId: string, nodeName: string): Promise<void>;
  /** The realm's issuers have changed: tells the nodes that are connected, before anything that is signed from now on. */
  issuersChanged(): void;
  /** New connections use the renewed certificate. */
  renewTls(tls: ListenerTls): void;
  /** Offers nothing more, and waits until nothing is in flight, or so long. True: nothing is. */
  drain(waitMs: number): Promise<boolean>;
  close(): Promise<void>;
}

const seenEveryMs = 60_000;
const lookForDrainMs = 50;
/** An agent asks once in a year and a half, and again after a connection that broke at the wrong moment. */
const renewalsPerMinute = 3;

/** Starts the controller: listens, and offers what is queued to whoever comes. */
export const openController = async (options: ControllerOptions): Promise<Controller> => {
  const { store, clock } = options;
  const log = options.log.child({ room: "controller" });
  const settings: ControllerSettings = { ...defaultControllerSettings, ...options.settings };
  const { logHeard = {} } = options;
  const logs = await openRunLogs({ folder: options.logsFolder, floorBytes: settings.logFloorBytes, checkEveryMs: 5000, ...logHeard }, log);
  const sessions = new Map<string, AgentSession>();
  const changeListeners = new Set<(change: RunChange) => void>();
  const nodeListeners = new Set<() => void>();
  const background = new Set<Promise<unknown>>();

  const tell = <T>(listeners: Iterable<(value: T) => void>, value: T): void => {
    for (const listener of listeners) {
      try {
        listener(value);
      } catch (error) {
        log.error({ error }, "a listener failed");
      }
    }
  };
  const nodesChanged = (): void => tell<void>(nodeListeners, undefined);
  const inBackground = (work: Promise<unknown>, what: string): void => {
    background.add(work);
    work.catch((error: unknown) => log.error({ error }, what)).finally(() => background.delete(work));
  };

  const renewals = createJoinLimit(renewalsPerMinute, 60);

  const context: ControllerContext = {
    settings,
    store,
    audit: options.audit,
    clock,
    log,
    nodes: options.nodes,
    jobs: rememberRevisions(options.jobs),
    principalOf: options.principalOf,
    realm: options.realm,
    signer: options.signer,
    announcement: options.announcement,
    mayRenew: (nodeId) => renewals.take(nodeId, clock.monotonicMs()),
    logs,
    states: createStateBatch(store, log),
    changed: (change) => tell(changeListeners, change),
    wake: () => dispatcher.wake(),
  };
  const dispatcher: Dispatcher = new Dispatcher(context, () => sessions.values());

  const saveSeen = async (): Promise<void> => {
    const ids = [...sessions.values()].map((session) => session.node.id);
    if (ids.length > 0) {
      await store.write(async (tx) => {
        for (const id of ids) await context.nodes.saveSeen(tx, id, clock.nowMs());
      });
    }
  };
  const seenTimer = setInterval(() => inBackground(saveSeen(), "when nodes were last seen could not be stored"), seenEveryMs).unref();

  const listener = await openAgentListener({
    ...options.listener,
    nodes: options.nodes,
    handleJoin: options.handleJoin,
    log,
    clock,
    onAgent: (connection, node) => {
      // The newer one wins: the older may be a connection whose end was not noticed yet.
      sessions.get(node.id)?.close("another connection of this node has begun");
      const session = new AgentSession(
        context,
        connection,
        node,
        (ended) => {
          if (sessions.get(node.id) === ended) sessions.delete(node.id);
          nodesChanged();
        },
        nodesChanged,
      );
      sessions.set(node.id, session);
    },
  });

  const cancel = async (runId: string): Promise<void> => {
    for (let tries = 0; tries < 5; tries += 1) {
      const row = await readRun(store.read, runId);
      if (row === null || row.cancel === null) return;
      if (row.state === "ended") {
        // Ended together with its cancellation: nobody has told yet.
        dispatcher.forget(runId);
        return context.changed({
          run: row.id,
          submission: row.submissionId,
          jobPath: row.jobPath,
          folder: row.folder,
          submitter: row.submitter,
          node: row.node,
          state: "ended",
          result: row.result,
          attempt: row.attempt,
          atMs: clock.nowMs(),
        });
      }
      if (row.state === "queued") {
        dispatcher.forget(runId);
        if (await endCancelledQueued(context, runId)) return;
        continue; // It was offered meanwhile.
      }
      for (const session of sessions.values()) if (session.node.name === row.node && session.cancel(runId, row.cancel)) return;
      // Committed as offered and not yet sent: a moment later it is. A node that is away is told when it comes.
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  return {
    port: listener.port,
    logs,
    wake: () => dispatcher.submitted(),
    prepare: async (controller, runs) => (controller === settings.name ? dispatcher.prepare(runs) : null),
    cancel: (runId) => inBackground(cancel(runId), "a run could not be cancelled"),
    admission: () => logs.admission(),
    onChange: (changed) => {
      changeListeners.add(changed);
      return () => changeListeners.delete(changed);
    },
    onLog: (runId, grown) => logs.onGrown(runId, grown),
    nodes: () => [...sessions.values()].filter((session) => session.isOpen && session.isKnown).map((session) => session.facts),
    onNodes: (changed) => {
      nodeListeners.add(changed);
      return () => nodeListeners.delete(changed);
    },
    nodeRevoked: async (nodeId, nodeName) => {
      sessions.get(nodeId)?.close("this node was revoked", true);
      sessions.delete(nodeId);
      await endRunsOfNode(context, nodeName, "the node was revoked");
    },
    issuersChanged: () => {
      for (const session of sessions.values()) session.announce();
    },
    renewTls: (tls) => listener.renewTls(tls),
    drain: async (waitMs) => {
      await dispatcher.stop();
      const until = clock.monotonicMs() + waitMs;
      const busy = (): boolean => [...sessions.values()].some((session) => session.isOpen && session.unsettledRuns > 0);
      while (busy() && clock.monotonicMs() < until) await new Promise((resolve) => setTimeout(resolve, lookForDrainMs));
      return !busy();
    },
    close: async () => {
      clearInterval(seenTimer);
      await dispatcher.stop();
      for (const session of sessions.values()) session.close("the controller ends");
      await listener.close();
      await context.states.flush();
      await Promise.allSettled(background);
      await logs.close();
    },
  };
};
