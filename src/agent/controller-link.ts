/**
 * Keeps the agent's connection to its controller: WebSocket over mutual TLS. The server must hold a certificate of the realm's internal
 * CA for the dialled name and in the role of a manager: another agent's certificate of the same CA is not enough (S9).
 */
import type { Duplex } from "node:stream";
import { checkServerIdentity, type ConnectionOptions, type PeerCertificate } from "node:tls";
import { WebSocket, type ClientOptions } from "ws";
import { keepConnected, type Reconnector } from "#link/reconnect.ts";
import { uriNamesOf } from "#link/uri-names.ts";
import { FrameSocket, webSocketLimits } from "#link/websocket.ts";
import type { FromAgent, ToAgent } from "#link/messages.ts";
import type { Log } from "#kernel/log.ts";
import { problem, ProblemError } from "#kernel/problem.ts";
import type { ControllerSide } from "#agent/courier.ts";

/** What a connection is made with; asked for at every dial, since a certificate may have been renewed. */
export interface ControllerCredentials {
  /** `wss://host:port/agent`; tried in turn. */
  readonly urls: readonly string[];
  readonly key: string | Buffer;
  readonly certificate: string | Buffer;
  readonly ca: string | Buffer;
  /** Whether this URI SAN stands for a manager of the realm. */
  readonly isManagerName: (uri: string) => boolean;
}

export interface ControllerLinkEvents {
  up(side: ControllerSide): void;
  message(message: ToAgent): void;
  down(): void;
}

export interface ControllerLink {
  /** Ends the present connection and dials anew, with what is then the certificate. */
  renew(): void;
  close(): void;
}

const settings = { firstDelayMs: 100, longestDelayMs: 5000 };
const handshakeTimeoutMs = 10_000;
/** Until the controller has said its own interval. */
const firstSilenceMs = 10_000;

/** Masks are against proxies that read plain text; inside TLS they only cost a copy of every byte. `ws` takes a mask of zeros as none. */
const noMask = (): void => {};

export const keepControllerLink = (credentials: () => ControllerCredentials, events: ControllerLinkEvents, log: Log): ControllerLink => {
  let turn = 0;
  let current: FrameSocket<ToAgent, FromAgent> | null = null;
  let dialling: WebSocket | null = null;
  let closed = false;
  const again = (healthy: boolean): void => {
    if (!closed) reconnector.ended(healthy);
  };

  const dial = (): void => {
    let using: ControllerCredentials;
    try {
      using = credentials();
    } catch (error) {
      if (error instanceof ProblemError) log.error({ code: error.problem.code, hint: error.problem.hint }, error.problem.message);
      else log.error({ error }, "the agent's certificate or key cannot be read");
      return again(false);
    }
    const url = using.urls[turn % using.urls.length];
    if (url === undefined) return again(false);
    turn += 1;
    const tls: ConnectionOptions = {
      key: using.key,
      cert: using.certificate,
      ca: using.ca,
      minVersion: "TLSv1.3",
      checkServerIdentity: (host: string, certificate: PeerCertificate) => {
        const wrongName = checkServerIdentity(host, certificate);
        if (wrongName !== undefined) return wrongName;
        return uriNamesOf(certificate.subjectaltname).some(using.isManagerName)
          ? undefined
          : new Error("the server's certificate is not that of a manager");
      },
    };
    // The types of `ws` know another `checkServerIdentity`; it hands these options to `tls.connect` as they are.
    const socket = new WebSocket(url, {
      ...(tls as ClientOptions),
      ...webSocketLimits,
      handshakeTimeout: handshakeTimeoutMs,
      followRedirects: false,
      generateMask: noMask,
    });
    dialling = socket;
    let failure = "";
    let opened = false;
    socket.on("error", (error) => {
      failure = error.message;
    });
    socket.on("close", () => {
      if (opened) return;
      dialling = null;
      // What the listener answers to a certificate that is not, or no longer, an active node's.
      if (failure.endsWith("response: 403")) {
        const { code, hint, message } = problem(
          "nodes.refused-by-manager",
          "the manager does not know this node's certificate, or no longer",
        );
        log.error({ url, code, hint }, message);
      } else log.warn({ url, reason: failure }, "the controller cannot be reached");
      again(false);
    });
    let carrier: Duplex | null = null;
    socket.once("upgrade", (response) => {
      carrier = response.socket;
    });
    socket.once("open", () => {
      if (carrier === null) return socket.terminate();
      opened = true;
      dialling = null;
      let welcomed = false;
      const frames = new FrameSocket<ToAgent, FromAgent>(
        { socket, carrier },
        {
          message: (message) => {
            if (message.type === "welcome") {
              welcomed = true;
              frames.silenceMs = Math.max(1000, Math.ceil(message.heartbeatMs * 3.4));
            }
            events.message(message);
          },
          closed: (reason) => {
            current = null;
            log.warn({ url, reason }, "the connection to the controller has ended");
            events.down();
            again(welcomed);
          },
        },
        { pingEveryMs: null, silenceMs: firstSilenceMs },
      );
      current = frames;
      if (closed) frames.close(1001, "the agent ends");
      else events.up(frames);
    });
  };

  const reconnector: Reconnector = keepConnected(dial, settings);
  return {
    renew: () => current?.close(1000, "the agent's certificate was renewed"),
    close: () => {
      closed = true;
      reconnector.stop();
      dialling?.terminate();
      current?.close(1001, "the agent ends");
    },
  };
};
