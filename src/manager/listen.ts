/**
 * The listeners of the manager: TCP (both loopback addresses, or refuse, W1; any other address only with TLS) and the local
 * socket in a 0700 folder (S11). All hand their requests to the same app. What they know about a connection stands in
 * `web/channel.ts`; what a request may do is decided in the app's hooks.
 */
import { createServer as createHttpServer, type RequestListener, type Server as HttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { connect, isIP, type AddressInfo, type Socket } from "node:net";
import { chmodSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import type { FastifyInstance } from "fastify";
import type { Clock } from "#kernel/clock.ts";
import { newId } from "#kernel/ids.ts";
import { makePrivateFolder } from "#kernel/private-file.ts";
import { fail, problem, type Problem } from "#kernel/problem.ts";
import { problemCodeEntry } from "#kernel/problem-codes.ts";
import { rememberChannel } from "#manager/web/channel.ts";
import { peerOfSocket } from "#link/peer-credentials.ts";
import { acceptedHosts, hostText, namesAcceptedHost } from "#manager/web/host-list.ts";

import { problemBody } from "#manager/web/problem-answer.ts";
import { securityHeaders } from "#manager/web/security-headers.ts";

export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
}

export interface ListenOptions {
  readonly app: FastifyInstance;
  readonly clock: Clock;
  /** `localhost`, `127.0.0.1` and `::1` mean both loopback addresses; anything else is one address and needs `tls`. */
  readonly host: string;
  /** 0 chooses a free port. */
  readonly port: number;
  readonly tls: TlsMaterial | null;
  /** Further names under which people reach this address. */
  readonly allowHosts: readonly string[];
  /** Path of the local socket; null: none. */
  readonly socket: string | null;
}

export interface Listening {
  /** As people type it. */
  readonly url: string;
  readonly port: number;
  /** No new connections; requests under way may finish. Resolves when every connection is gone, at the latest after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

const loopbackNames: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "::1", "[::1]"]);
/** `sun_path` is 108 bytes with its final NUL on Linux; Node truncates silently. */
const maxSocketPathBytes = 107;

/** Whether the host setting means loopback only. */
export const isLoopbackHost = (host: string): boolean => loopbackNames.has(host.toLowerCase());

const settings = {
  headersTimeout: 15_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 65_000,
  maxHeaderSize: 16 * 1024,
  requireHostHeader: false,
} as const;

const answerRaw = (response: Parameters<RequestListener>[1], reported: Problem, clock: Clock, tls: boolean): void => {
  const { status } = problemCodeEntry(reported.code);
  response.writeHead(status, {
    ...securityHeaders({ tls }),
    "content-type": "application/problem+json; charset=utf-8",
    connection: "close",
  });
  response.end(JSON.stringify(problemBody(reported, newId("err", clock.nowMs()))));
};

const whenListening = (server: HttpServer, target: { host: string; port: number } | { path: string }): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ ...target, exclusive: true, ...("host" in target ? { ipv6Only: target.host.includes(":") } : {}) }, () => {
      server.removeListener("error", reject);
      resolve();
    });
  });

const errorCode = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

const harden = (server: HttpServer): HttpServer => {
  server.on("clientError", (_error, socket) => {
    if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    else socket.destroy();
  });
  return server;
};

const tcpServer = (options: ListenOptions, hosts: () => ReadonlySet<string>): HttpServer => {
  const tls = options.tls !== null;
  const handler: RequestListener = (request, response) => {
    if (!namesAcceptedHost(request, hosts())) {
      answerRaw(response, problem("manager.wrong-host", "this instance does not answer under that name"), options.clock, tls);
      return;
    }
    options.app.routing(request, response);
  };
  const server =
    options.tls === null
      ? createHttpServer(settings, handler)
      : createHttpsServer({ ...settings, ...options.tls, minVersion: "TLSv1.2" }, handler);
  server.on(tls ? "secureConnection" : "connection", (socket: Socket) =>
    rememberChannel(socket, { kind: "tcp", address: socket.remoteAddress ?? "", tls }),
  );
  return harden(server);
};

const portTaken = (host: string, port: number): never =>
  fail("manager.port-taken", `port ${port} of \`${host}\` is already in use`, {
    hint: `choose another port with \`--port\`, e.g. \`--port ${port + 1}\`, or stop what listens there`,
  });

/** Binds one address; null where this machine does not have it. */
const bind = async (server: HttpServer, host: string, port: number): Promise<boolean> => {
  try {
    await whenListening(server, { host, port });
    return true;
  } catch (error) {
    const code = errorCode(error);
    if (code === "EADDRINUSE") return portTaken(host, port);
    if (code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT") return false;
    if (code === "EACCES")
      return fail("manager.cannot-listen", `this account may not listen on port ${port}`, {
        hint: "choose a port above 1023 with `--port`",
      });
    return fail("manager.cannot-listen", `cannot listen on \`${host}\``, { cause: error });
  }
};

/** Both loopback addresses on the same port. A machine without IPv6 has only one, and then nobody else can hold the other. */
const bindLoopback = async (make: () => HttpServer, port: number): Promise<{ servers: HttpServer[]; port: number }> => {
  for (let attempt = 0; ; attempt += 1) {
    const first = make();
    if (!(await bind(first, "127.0.0.1", port))) fail("manager.cannot-listen", "this machine has no address 127.0.0.1");
    const chosen = (first.address() as AddressInfo).port;
    const second = make();
    try {
      return { servers: (await bind(second, "::1", chosen)) ? [first, second] : [first], port: chosen };
    } catch (error) {
      first.close();
      if (port !== 0 || attempt === 9) throw error;
    }
  }
};

const socketAnswers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = connect(path);
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", () => resolve(false));
  });

const openSocket = async (options: ListenOptions, path: string): Promise<HttpServer> => {
  if (Buffer.byteLength(path) > maxSocketPathBytes)
    fail("manager.socket-path-too-long", `the socket path \`${path}\` is longer than ${maxSocketPathBytes} bytes`);
  makePrivateFolder(dirname(path), 0o700);
  if (await socketAnswers(path)) fail("manager.already-running", `another manager answers at \`${path}\``);
  rmSync(path, { force: true });
  const server = harden(createHttpServer(settings, (request, response) => options.app.routing(request, response)));
  server.on("connection", (socket: Socket) => {
    const peer = peerOfSocket(socket);
    if (peer === null) socket.destroy();
    else rememberChannel(socket, { kind: "local", peer });
  });
  await whenListening(server, { path });
  chmodSync(path, 0o600);
  return server;
};

const closeServer = (server: HttpServer, graceMs: number): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });

/** Opens every listener, or none. */
export const openListeners = async (options: ListenOptions): Promise<Listening> => {
  const loopback = isLoopbackHost(options.host);
  if (!loopback && options.tls === null)
    fail("manager.needs-tls", `listening on \`${options.host}\` needs TLS: passwords would cross the network in plain text`);
  const wildcard = options.host === "0.0.0.0" || options.host === "::";
  if (wildcard && options.allowHosts.length === 0)
    fail("manager.setting", "listening on every address needs the names people use", {
      hint: "add `--allow-host NAME` for each name or address of this machine",
    });
  let hosts: ReadonlySet<string> = new Set();
  const make = (): HttpServer => tcpServer(options, () => hosts);
  let servers: HttpServer[];
  let port: number;
  if (loopback) ({ servers, port } = await bindLoopback(make, options.port));
  else {
    const server = make();
    if (!(await bind(server, options.host, options.port))) fail("manager.cannot-listen", `this machine has no address \`${options.host}\``);
    servers = [server];
    port = (server.address() as AddressInfo).port;
  }
  const names = loopback ? ["localhost", "127.0.0.1", "::1"] : wildcard ? [] : [options.host];
  hosts = acceptedHosts([...names, ...options.allowHosts], port, options.tls !== null);
  if (options.socket !== null) {
    try {
      servers.push(await openSocket(options, options.socket));
    } catch (error) {
      await Promise.all(servers.map((server) => closeServer(server, 0)));
      throw error;
    }
  }
  const shown = loopback
    ? "localhost"
    : wildcard
      ? (options.allowHosts[0] ?? "localhost")
      : isIP(options.host) === 0
        ? options.host
        : hostText(options.host);
  return {
    url: `${options.tls === null ? "http" : "https"}://${shown}:${port}`,
    port,
    close: async (graceMs) => {
      await Promise.all(servers.map((server) => closeServer(server, graceMs)));
    },
  };
};
