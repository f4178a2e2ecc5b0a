/**
 * Where agents dial in: HTTPS with mutual TLS on a port of its own (S9). Two things are served: a WebSocket for who holds an agent's
 * certificate of the internal CA, and `POST /join` for who holds a join token (S8). No route of users exists here, and no cookie is read.
 *
 * SECURITY: nothing of a certificate is looked at before `socket.authorized`: `agent-listener.test.ts`.
 */
import { createServer, type Server } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { WebSocketServer } from "ws";
import type { Clock } from "#kernel/clock.ts";
import type { Log } from "#kernel/log.ts";
import { problem, ProblemError, type Problem } from "#kernel/problem.ts";
import { problemCodeEntry } from "#kernel/problem-codes.ts";
import { uriNamesOf } from "#link/uri-names.ts";
import { webSocketLimits, type CarriedSocket } from "#link/websocket.ts";
import { createJoinLimit } from "#controller/join-limit.ts";
import type { KnownNode, NodeDirectory } from "#controller/ports.ts";

export interface ListenerTls {
  readonly key: string | Buffer;
  readonly cert: string | Buffer;
  /** The internal CA: who may be a client, and nothing else. */
  readonly ca: string | Buffer;
}

export interface AgentListenerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly tls: ListenerTls;
  readonly nodes: NodeDirectory;
  /** Answers a join request; throws a problem. */
  readonly handleJoin: (body: unknown, from: { readonly address: string }) => Promise<unknown>;
  readonly onAgent: (connection: CarriedSocket, node: KnownNode) => void;
  readonly log: Log;
  readonly clock: Clock;
  readonly joinsPerMinute?: number;
}

export interface AgentListener {
  readonly port: number;
  /** New connections use the renewed certificate; open ones stay. */
  renewTls(tls: ListenerTls): void;
  close(): Promise<void>;
}

export const agentPath = "/agent";
const joinPath = "/join";
const maxJoinBytes = 64 * 1024;
const requestTimeoutMs = 10_000;
const maxConnections = 5000;

/** Which node a connection belongs to, by its certificate alone; a reason for the log otherwise. */
export const identifyAgent = async (
  socket: TLSSocket,
  nodes: NodeDirectory,
): Promise<{ readonly node: KnownNode } | { readonly refused: string }> => {
  if (!socket.authorized) return { refused: `no valid client certificate (${String(socket.authorizationError ?? "none given")})` };
  const certificate = socket.getPeerCertificate();
  const ids = uriNamesOf(certificate.subjectaltname).flatMap((uri) => nodes.nodeIdOf(uri) ?? []);
  const [id] = ids;
  if (id === undefined || ids.length !== 1) return { refused: "the certificate is not an agent's" };
  const node = await nodes.find(id);
  if (node === null) return { refused: "the certificate names a node that is not known" };
  if (!node.active) return { refused: `node \`${node.name}\` was revoked` };
  const fingerprint = certificate.fingerprint256.replaceAll(":", "").toLowerCase();
  if (node.certificateFingerprint === fingerprint) return { node };
  // SECURITY: the old certificate ends with the first use of the new one: `renewal.test.ts`.
  if (node.nextCertificateFingerprint === fingerprint && (await nodes.certificateUsed(id, fingerprint)))
    return { node: { ...node, certificateFingerprint: fingerprint, nextCertificateFingerprint: null } };
  return { refused: `the certificate is not the current one of node \`${node.name}\`` };
};

const answer = (response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void => {
  if (response.headersSent || response.destroyed) return;
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": status < 400 ? "application/json" : "application/problem+json",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...headers,
  });
  response.end(text);
};

const answerProblem = (response: ServerResponse, refused: Problem, headers?: Record<string, string>): void => {
  const { status, title } = problemCodeEntry(refused.code);
  answer(
    response,
    status,
    { type: "about:blank", title, status, detail: refused.message, code: refused.code, hint: refused.hint },
    headers,
  );
};

const readJsonBody = (request: IncomingMessage): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxJoinBytes) chunks.push(chunk);
      else {
        request.removeAllListeners("data").resume();
        reject(new ProblemError(problem("input.too-large", `the join request is larger than ${maxJoinBytes} bytes`)));
      }
    });
    request.on("error", reject);
    request.on("aborted", () => reject(new Error("aborted")));
    request.on("end", () => {
      try {
        resolve(JSON.parse(Buffer.concat(chunks).toString("utf8")));
      } catch {
        reject(new ProblemError(problem("input.malformed-json", "the join request is not JSON")));
      }
    });
  });

const refuseUpgrade = (socket: Duplex, status: string): void => {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
};

/** Starts listening. Rejects with `controller.port-taken` or `controller.cannot-listen`. */
export const openAgentListener = async (options: AgentListenerOptions): Promise<AgentListener> => {
  const { log, clock, nodes } = options;
  const limit = createJoinLimit(options.joinsPerMinute ?? 10, 60);
  const webSockets = new WebSocketServer({ ...webSocketLimits, noServer: true, clientTracking: false });
  let closing = false;

  const join = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const address = request.socket.remoteAddress ?? "";
    if (!limit.take(address, clock.monotonicMs())) {
      request.resume();
      return answerProblem(response, problem("controller.join-limited", "too many attempts to join from this address"), {
        "retry-after": "30",
      });
    }
    if ((request.headers["content-type"] ?? "").split(";")[0]?.trim() !== "application/json") {
      request.resume();
      return answerProblem(response, problem("input.wrong-content-type", "a join request is JSON"));
    }
    try {
      const body = await readJsonBody(request);
      answer(response, 200, (await options.handleJoin(body, { address })) as object);
    } catch (error) {
      if (error instanceof ProblemError) {
        log.warn({ address, code: error.problem.code }, "a join request was refused");
        return answerProblem(response, error.problem);
      }
      log.error({ address, error }, "a join request failed");
      answerProblem(response, problem("general.internal", "the join request could not be answered"));
    }
  };

  const secure = (tls: ListenerTls): object => ({ key: tls.key, cert: tls.cert, ca: tls.ca, minVersion: "TLSv1.3" });
  const server: Server = createServer(
    // Unauthorized clients are let in for `/join` alone; what they may do is decided by `authorized` below.
    {
      ...secure(options.tls),
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: requestTimeoutMs,
      requestTimeout: requestTimeoutMs,
      headersTimeout: requestTimeoutMs,
      maxHeaderSize: 8192,
    },
    (request, response) => {
      if (request.method === "POST" && request.url === joinPath) return void join(request, response);
      request.resume();
      answerProblem(response, problem("input.unknown-route", "agents dial in here; there is nothing else"), { connection: "close" });
    },
  );
  server.maxConnections = maxConnections;
  server.keepAliveTimeout = 1000;
  server.on("tlsClientError", (error, socket) =>
    log.debug({ address: socket.remoteAddress, reason: error.message }, "a TLS handshake failed"),
  );
  server.on("clientError", (_error, socket) => socket.destroy());
  server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => socket.destroy());
    if (closing || request.url !== agentPath) return refuseUpgrade(socket, "404 Not Found");
    identifyAgent(socket as TLSSocket, nodes).then(
      (identified) => {
        if ("refused" in identified) {
          log.warn({ address: request.socket.remoteAddress, reason: identified.refused }, "an agent was refused");
          return refuseUpgrade(socket, "403 Forbidden");
        }
        if (closing) return refuseUpgrade(socket, "503 Service Unavailable");
        webSockets.handleUpgrade(request, socket, head, (webSocket) =>
          options.onAgent({ socket: webSocket, carrier: socket }, identified.node),
        );
      },
      (error: unknown) => {
        log.error({ error }, "an agent could not be identified");
        refuseUpgrade(socket, "503 Service Unavailable");
      },
    );
  });

  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const where = `\`${options.host}:${options.port}\``;
      reject(
        new ProblemError(
          error.code === "EADDRINUSE"
            ? problem("controller.port-taken", `another program listens at ${where}, where agents should dial in`)
            : problem("controller.cannot-listen", `agents cannot dial in at ${where} (${error.code ?? "error"})`),
          { cause: error },
        ),
      );
    });
    server.listen(options.port, options.host, resolve);
  });
  server.removeAllListeners("error");
  server.on("error", (error) => log.error({ error }, "agent listener"));
  const bound = server.address();
  return {
    port: typeof bound === "object" && bound !== null ? bound.port : options.port,
    renewTls: (tls) => server.setSecureContext(secure(tls)),
    close: () =>
      new Promise<void>((resolve) => {
        closing = true;
        server.close(() => resolve());
        server.closeIdleConnections();
        // Agents were told goodbye; whoever is still there after this is cut.
        setTimeout(() => server.closeAllConnections(), 500).unref();
      }),
  };
};
