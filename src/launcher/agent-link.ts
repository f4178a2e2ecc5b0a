/**
 * The launcher's side of the link to the agent (`link/messages.ts`): reads requests strictly, tells what happens, sends outcomes until they are
 * confirmed. The agent is only a courier: nothing here believes it (S1, S11).
 */
import { integer, object, oneOf, readShape, text, variant, type Shape } from "#kernel/shape.ts";
import type { Problem } from "#kernel/problem.ts";
import type { Log } from "#kernel/log.ts";
import type { FromLauncher, NodeFacts, ToLauncher } from "#link/messages.ts";
import { serveFrames, type FrameServer } from "#link/frame-server.ts";
import type { FrameConnection } from "#link/socket.ts";
import { readLogFrames } from "#launcher/run-log.ts";
import { attemptKey, type EndedRecord } from "#launcher/run-records.ts";
import type { RunEvents, ToldState } from "#launcher/run-events.ts";
import type { Runs } from "#launcher/runs.ts";
import type { Result } from "#kernel/result.ts";
import { shutdownActor } from "#proof/launch-order.ts";
import { maxAnnouncementCharacters } from "#proof/rotation.ts";
import { maxTokenCharacters } from "#proof/delegation-token.ts";

const run = text({ min: 1, max: 100, pattern: /^[A-Za-z0-9_]+$/, expected: "an id" });
const attempt = integer(1, 1_000_000);
const id = integer(0, Number.MAX_SAFE_INTEGER);

const requestShape: Shape<ToLauncher> = variant("type", {
  hello: object({ type: oneOf("hello"), id }),
  start: object({ type: oneOf("start"), run, attempt, token: text({ min: 1, max: maxTokenCharacters, nul: true }) }),
  cancel: object({ type: oneOf("cancel"), run, attempt, by: text({ max: 1024 }), reason: text({ max: 8192 }) }),
  "read-log": object({
    type: oneOf("read-log"),
    id,
    run,
    attempt,
    offset: integer(0, Number.MAX_SAFE_INTEGER),
    maxBytes: integer(1, Number.MAX_SAFE_INTEGER),
  }),
  acknowledge: object({ type: oneOf("acknowledge"), run, attempt }),
  rotate: object({ type: oneOf("rotate"), announcement: text({ min: 1, max: maxAnnouncementCharacters }) }),
});

/** Largest payload of one `log` answer. */
const maxLogPayloadBytes = 256 * 1024;
/** Logs up to this ride along with the outcome. */
const inlineLogBytes = 64 * 1024;
const grownEveryMs = 100;
/** A run that ends within it is told of once, as ended: two messages of it less on every way to the manager. */
const stateAfterMs = 50;

export interface AgentLink {
  readonly events: RunEvents;
  /** Opens the socket; the runs answer from then on. */
  listen(runs: Runs): Promise<void>;
  /** Tells changed facts to whoever is connected. */
  tellFacts(): void;
  close(): Promise<void>;
}

export interface AgentLinkOptions {
  readonly socket: string;
  readonly socketFolder: string;
  readonly agent: { readonly uid: number; readonly gid: number } | null;
  readonly log: Log;
  readonly node: () => { readonly id: string; readonly name: string; readonly keyThumbprint: string };
  readonly facts: () => NodeFacts;
  /** Takes an announcement of the realm's issuers that the courier brings. */
  readonly takeRotation: (announcement: string) => Result<number>;
}

type Peer = FrameConnection<FromLauncher>;
type StateMessage = FromLauncher & { readonly type: "state" };

const stateMessage = ({ atMs, decided, ...told }: ToldState): StateMessage => ({
  type: "state",
  ...told,
  at: new Date(atMs).toISOString(),
  ...(decided === null ? {} : { decided }),
});

export const openAgentLink = (options: AgentLinkOptions): AgentLink => {
  const { log } = options;
  const ownUid = process.getuid?.() ?? -1;
  /** Those that said hello: they are told what happens. */
  const listening = new Set<Peer>();
  const grown = new Map<string, { readonly run: string; readonly attempt: number; logBytes: number }>();
  let grownTimer: NodeJS.Timeout | null = null;
  const states = new Map<string, StateMessage>();
  let stateTimer: NodeJS.Timeout | null = null;
  let server: FrameServer | null = null;
  let runs: Runs | null = null;

  const tell = (message: FromLauncher, payload?: Buffer): void => {
    for (const peer of listening) peer.send(message, payload);
  };

  const tellGrown = (): void => {
    grownTimer = null;
    for (const entry of grown.values()) tell({ type: "log-grown", ...entry });
    grown.clear();
  };

  const tellStates = (): void => {
    stateTimer = null;
    for (const state of states.values()) tell(state);
    states.clear();
  };

  const sendEnded = async (ended: EndedRecord, peers: Iterable<Peer>): Promise<void> => {
    const to = [...peers];
    if (to.length === 0) return;
    let payload: Buffer | null = ended.logBytes === 0 ? Buffer.alloc(0) : null;
    if (ended.logBytes > 0 && ended.logBytes <= inlineLogBytes && runs !== null)
      payload = await readLogFrames(runs.logPath(ended.run, ended.attempt), 0, inlineLogBytes, ended.logBytes);
    const logInline = payload !== null && payload.length === ended.logBytes;
    for (const peer of to)
      peer.send(
        { type: "outcome", run: ended.run, attempt: ended.attempt, receipt: ended.receipt, logInline },
        logInline && payload !== null ? payload : undefined,
      );
  };

  const sendProblem = (peer: Peer, found: Problem, requestId: number | null, about?: { run: string; attempt: number }): void => {
    log.warn({ code: found.code, ...about }, "request refused");
    peer.send({ type: "problem", id: requestId, code: found.code, message: found.message, hint: found.hint });
  };

  const readLog = async (known: Runs, peer: Peer, request: ToLauncher & { type: "read-log" }): Promise<void> => {
    const { run, attempt, offset } = request;
    const logBytes = known.logBytes(run, attempt);
    const maxBytes = Math.min(request.maxBytes, maxLogPayloadBytes);
    const bytes =
      logBytes === null
        ? null
        : offset >= logBytes
          ? Buffer.alloc(0)
          : await readLogFrames(known.logPath(run, attempt), offset, maxBytes, logBytes);
    peer.send({ type: "log", id: request.id, run, attempt, offset, logBytes: logBytes ?? 0, missing: bytes === null }, bytes ?? undefined);
  };

  const handle = (known: Runs, peer: Peer, request: ToLauncher): void => {
    switch (request.type) {
      case "hello":
        listening.add(peer);
        peer.send({ type: "hello-ok", id: request.id, node: options.node(), facts: options.facts(), runs: known.known() });
        // A courier that came anew knows none of it.
        for (const told of known.running()) peer.send(stateMessage(told));
        for (const ended of known.unconfirmed()) void sendEnded(ended, [peer]);
        break;
      case "start":
        known.start(request).then(
          (found) => {
            if (found !== null) sendProblem(peer, found, null, request);
          },
          (error: unknown) => log.error({ run: request.run, error }, "start failed"),
        );
        break;
      case "cancel": {
        const by = request.by === shutdownActor ? `courier:${request.by}` : request.by;
        const found = known.cancel(request.run, request.attempt, by, request.reason);
        if (found !== null) sendProblem(peer, found, null, request);
        break;
      }
      case "read-log":
        readLog(known, peer, request).catch((error: unknown) => {
          log.error({ run: request.run, error }, "log could not be read");
          peer.send({
            type: "log",
            id: request.id,
            run: request.run,
            attempt: request.attempt,
            offset: request.offset,
            logBytes: 0,
            missing: true,
          });
        });
        break;
      case "rotate": {
        const taken = options.takeRotation(request.announcement);
        if (!taken.ok) return sendProblem(peer, taken.problem, null);
        log.info({ serial: taken.value }, "the realm's signing key was replaced");
        return tell({ type: "facts", facts: options.facts() });
      }
      case "acknowledge":
        known.acknowledge(request.run, request.attempt);
        break;
    }
  };

  return {
    events: {
      onState: (told) => {
        if (listening.size === 0) return;
        states.set(attemptKey(told.run, told.attempt), stateMessage(told));
        stateTimer ??= setTimeout(tellStates, stateAfterMs).unref();
      },
      onLogGrown: (run, attempt, logBytes) => {
        if (listening.size === 0) return;
        grown.set(attemptKey(run, attempt), { run, attempt, logBytes });
        grownTimer ??= setTimeout(tellGrown, grownEveryMs).unref();
      },
      onEnded: (ended) => {
        const key = attemptKey(ended.run, ended.attempt);
        grown.delete(key);
        states.delete(key);
        void sendEnded(ended, listening);
      },
    },
    listen: async (known) => {
      runs = known;
      server = await serveFrames<unknown, FromLauncher>({
        path: options.socket,
        folder: options.socketFolder,
        folderMode: options.agent === null ? 0o700 : 0o710,
        ...(options.agent === null ? {} : { folderGid: options.agent.gid }),
        log,
        mayConnect: ({ uid }) => uid === ownUid || uid === options.agent?.uid,
        onConnection: (peer) => ({
          onFrame: ({ header }) => {
            const request = readShape(requestShape, header, "the request");
            if (!request.ok) {
              log.warn({ uid: peer.peer?.uid, why: request.problem.message }, "connection closed: request not understood");
              peer.destroy();
              return;
            }
            handle(known, peer, request.value);
          },
          onClose: () => listening.delete(peer),
        }),
      });
    },
    tellFacts: () => tell({ type: "facts", facts: options.facts() }),
    close: async () => {
      if (grownTimer !== null) clearTimeout(grownTimer);
      if (stateTimer !== null) clearTimeout(stateTimer);
      await server?.close();
    },
  };
};
