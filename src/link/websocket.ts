/**
 * One WebSocket as a carrier of frames: what the listener and the agent share. What belongs here: framing, heartbeat by
 * ping and pong, back pressure. What does not: who may connect, and what a message means.
 */
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { decodeFrame, encodeFrame, FrameError, maxFrameBytes } from "#link/frame.ts";
import { writeTogether, type WriteTogether } from "#link/write-together.ts";

/** Options that both ends give to `ws`. Compression would put attacker-chosen output and tokens into one window, and costs more than the link. */
export const webSocketLimits = { perMessageDeflate: false, maxPayload: maxFrameBytes + 8, skipUTF8Validation: false } as const;

export interface FrameSocketEvents<In> {
  /** A frame that was readable as one; its content is not yet checked. */
  message(header: In, payload: Buffer): void;
  /** Once, however the connection ended. `reason` is for logs. */
  closed(reason: string): void;
}

/** A WebSocket, and the connection that it runs over. */
export interface CarriedSocket {
  readonly socket: WebSocket;
  readonly carrier: Duplex;
}

export interface FrameSocketOptions {
  /** Sends a ping at this interval; null: only answers. */
  readonly pingEveryMs: number | null;
  /** Ends the connection when nothing at all was received for this long. */
  readonly silenceMs: number;
}

/** A connected WebSocket that speaks frames. */
export class FrameSocket<In, Out extends object> {
  readonly #socket: WebSocket;
  readonly #together: WriteTogether;
  readonly #events: FrameSocketEvents<In>;
  #silenceMs: number;
  #lastHeard = performance.now();
  readonly #timers: NodeJS.Timeout[] = [];
  #closed = false;
  #paused = false;
  #reason = "";

  constructor({ socket, carrier }: CarriedSocket, events: FrameSocketEvents<In>, options: FrameSocketOptions) {
    this.#socket = socket;
    this.#together = writeTogether(carrier);
    this.#events = events;
    this.#silenceMs = options.silenceMs;
    socket.binaryType = "nodebuffer";
    const heard = (): void => {
      this.#lastHeard = performance.now();
    };
    socket.on("ping", heard);
    socket.on("pong", heard);
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      heard();
      if (this.#closed) return;
      if (!isBinary) return this.#breakOff("text message");
      try {
        const { header, payload } = decodeFrame<In>(data);
        events.message(header, payload);
      } catch (error) {
        if (error instanceof FrameError) this.#breakOff(error.message);
        else throw error;
      }
    });
    socket.on("error", (error) => {
      this.#reason ||= error.message;
    });
    socket.on("close", (code, reason) => this.#finish(this.#reason || reason.toString("utf8").slice(0, 200) || `closed with ${code}`));
    if (options.pingEveryMs !== null) {
      this.#timers.push(
        setInterval(() => {
          if (socket.readyState === socket.OPEN) socket.ping();
        }, options.pingEveryMs).unref(),
      );
    }
    // A clock of its own: a paused or jumping wall clock must not cut a live connection.
    this.#timers.push(
      setInterval(
        () => {
          if (!this.#paused && performance.now() - this.#lastHeard > this.#silenceMs) this.terminate("nothing was heard in time");
        },
        Math.max(50, Math.min(1000, options.silenceMs / 4)),
      ).unref(),
    );
  }

  get isOpen(): boolean {
    return !this.#closed && this.#socket.readyState === this.#socket.OPEN;
  }

  /** Bytes handed over and not yet taken by the kernel. */
  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  set silenceMs(value: number) {
    this.#silenceMs = value;
  }

  /** Silently drops when closed: whoever must know gets `closed`. */
  send(header: Out, payload?: Buffer): void {
    if (!this.isOpen) return;
    this.#together.hold();
    this.#socket.send(encodeFrame(header, payload));
  }

  /** Stops reading: TCP then holds the peer back. The silence timer is held as well. */
  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#lastHeard = performance.now();
    this.#socket.resume();
  }

  /** Polite end. */
  close(code: number, reason: string): void {
    if (this.#closed) return;
    this.#reason ||= reason;
    this.#socket.close(code, reason.slice(0, 120));
    setTimeout(() => this.terminate(reason), 2000).unref();
  }

  /** End without asking the peer. */
  terminate(reason: string): void {
    if (this.#closed) return;
    this.#reason ||= reason;
    this.#together.release();
    this.#socket.terminate();
  }

  #breakOff(reason: string): void {
    this.#reason ||= reason;
    this.close(1002, reason);
  }

  #finish(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#events.closed(reason);
  }
}
