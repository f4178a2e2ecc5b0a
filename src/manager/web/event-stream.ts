/**
 * Server-sent events with the rules that every stream keeps (W4): its question is decided again every 30 s and at once when
 * roles or accounts change, it ends with its session, a session has a limited number, a slow reader is waited for and never
 * buffered without bound. What is sent is the routes' matter.
 */
import type { ServerResponse } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Log } from "#kernel/log.ts";
import { fail, ProblemError } from "#kernel/problem.ts";

export interface StreamEvent {
  /** What `Last-Event-ID` gives back on resume. */
  readonly id?: string | number;
  readonly event: string;
  readonly data: unknown;
}

export interface StreamOptions {
  /** Milliseconds between decisions; 30 s. */
  readonly recheckMs: number;
  readonly heartbeatMs: number;
  readonly perSession: number;
}

export const defaultStreamOptions: StreamOptions = { recheckMs: 30_000, heartbeatMs: 15_000, perSession: 8 };

const render = (event: StreamEvent): string =>
  `${event.id === undefined ? "" : `id: ${event.id}\n`}event: ${event.event}\ndata: ${JSON.stringify(event.data)}\n\n`;

/** One open stream. */
export class EventStream {
  readonly signal: AbortSignal;
  readonly #ended = new AbortController();
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
    this.signal = this.#ended.signal;
    response.once("close", () => this.#ended.abort());
  }

  get closed(): boolean {
    return this.signal.aborted;
  }

  /** Writes one event and waits while the reader is slower than we are. */
  async send(event: StreamEvent): Promise<void> {
    if (this.closed || this.#response.write(render(event))) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#response.removeListener("drain", done);
        this.signal.removeEventListener("abort", done);
        resolve();
      };
      this.#response.once("drain", done);
      this.signal.addEventListener("abort", done, { once: true });
    });
  }

  /** Bytes that the reader has not taken yet. */
  get pendingBytes(): number {
    return this.#response.writableLength;
  }

  /** A comment that keeps proxies and the reader's own timeout from giving up. */
  beat(): void {
    if (!this.closed && !this.#response.writableNeedDrain) this.#response.write(": alive\n\n");
  }

  /** Says why and ends. */
  close(reason: string): void {
    if (this.closed) return;
    this.#response.end(render({ event: "closed", data: { reason } }));
    this.#ended.abort();
  }
}

interface Held {
  readonly stream: EventStream;
  readonly sessionId: string | null;
  readonly owner: string;
  readonly recheck: () => Promise<unknown>;
}

/** All open streams of the manager. */
export class EventStreams {
  readonly #held = new Set<Held>();
  readonly #options: StreamOptions;
  readonly #log: Log;
  readonly #recheckTimer: NodeJS.Timeout;
  readonly #beatTimer: NodeJS.Timeout;
  #closing = false;

  constructor(log: Log, options: StreamOptions = defaultStreamOptions) {
    this.#log = log;
    this.#options = options;
    this.#recheckTimer = setInterval(() => void this.recheckAll(), options.recheckMs).unref();
    this.#beatTimer = setInterval(() => {
      for (const { stream } of this.#held) stream.beat();
    }, options.heartbeatMs).unref();
  }

  get count(): number {
    return this.#held.size;
  }

  /** Bytes that slow readers have not taken yet. */
  get pendingBytes(): number {
    return [...this.#held].reduce((sum, { stream }) => sum + stream.pendingBytes, 0);
  }

  /** Takes over the answer. `recheck` throws when the reader may no longer read. */
  open(request: FastifyRequest, reply: FastifyReply, recheck: () => Promise<unknown>): EventStream {
    const { caller } = request;
    if (caller === null) return fail("identity.not-signed-in", "nobody is signed in");
    const owner = caller.session?.id ?? caller.principal.accessId;
    const mine = [...this.#held].filter((held) => held.owner === owner).length;
    if (mine >= this.#options.perSession) fail("manager.too-many-streams", `this session already has ${mine} open streams`);
    if (this.#closing) fail("general.overloaded", "the manager is stopping");
    const headers = reply.getHeaders();
    reply.hijack();
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) reply.raw.setHeader(name, value);
    reply.raw.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no", connection: "keep-alive" });
    reply.raw.write(": open\n\n");
    request.raw.socket.setNoDelay(true);
    const stream = new EventStream(reply.raw);
    const held: Held = { stream, sessionId: caller.session?.id ?? null, owner, recheck };
    this.#held.add(held);
    stream.signal.addEventListener("abort", () => this.#held.delete(held), { once: true });
    return stream;
  }

  /** Decides every stream again; one that is refused, or cannot be decided, ends. */
  async recheckAll(): Promise<void> {
    await Promise.all(
      [...this.#held].map(async ({ stream, recheck }) => {
        try {
          await recheck();
        } catch (error) {
          if (!(error instanceof ProblemError)) this.#log.error({ err: error }, "stream could not be decided again; closed");
          stream.close(error instanceof ProblemError ? error.problem.code : "general.internal");
        }
      }),
    );
  }

  /** Logout, disable, reset: the streams of that session end now. */
  endSession(sessionId: string): void {
    for (const held of this.#held) if (held.sessionId === sessionId) held.stream.close("identity.not-signed-in");
  }

  closeAll(): void {
    this.#closing = true;
    clearInterval(this.#recheckTimer);
    clearInterval(this.#beatTimer);
    for (const { stream } of this.#held) stream.close("general.overloaded");
  }
}
