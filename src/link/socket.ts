/**
 * Unix sockets that carry frames: between agent and launcher, and for the local administration. The folder is the boundary, the
 * peer's credentials are the second one (S11). A peer that breaks the format, sends too much or does not read is closed, never
 * waited for. What does not belong here: the messages.
 */
import { chmodSync, chownSync, lstatSync, unlinkSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { encodeFrame, FrameReader, type Frame } from "#link/frame.ts";
import { peerOfSocket, type PeerCredentials } from "#link/peer-credentials.ts";
import { fail } from "#kernel/problem.ts";
import { makePrivateFolder } from "#kernel/private-file.ts";
import type { Log } from "#kernel/log.ts";

export { peerCredentials, peerOfSocket, type PeerCredentials } from "#link/peer-credentials.ts";

/** Above this, nothing more is read from the peer until it has read what it asked for. */
const pauseAboveBytes = 1024 * 1024;
/** Above this, the peer is not reading at all. */
const closeAboveBytes = 64 * 1024 * 1024;
/** `sun_path` has 108 bytes with its final NUL; a longer path was cut silently. */
export const maxSocketPathBytes = 107;

/** Fails with `link.socket-path-too-long` before anything listens at a cut path. */
export const checkSocketPath = (path: string): void => {
  const bytes = Buffer.byteLength(path, "utf8");
  if (bytes > maxSocketPathBytes)
    fail("link.socket-path-too-long", `the socket path \`${path}\` has ${bytes} bytes; ${maxSocketPathBytes} are possible`, {
      hint: `choose a data folder whose path is at least ${bytes - maxSocketPathBytes} bytes shorter: \`--data DIR\``,
    });
};

export interface FrameConnection<Out extends object> {
  readonly peer: PeerCredentials | null;
  /** False when the connection is gone: the message was not sent. */
  send(header: Out, payload?: Buffer): boolean;
  /** Sends what is pending, then ends. */
  end(): void;
  /** Ends at once. */
  destroy(): void;
}

export interface FrameHandlers<In> {
  /** A throw closes the connection. */
  onFrame(frame: Frame<In>): void;
  onClose?(): void;
}

const wire = <In, Out extends object>(
  socket: Socket,
  peer: PeerCredentials | null,
  log: Log,
  handlersFor: (connection: FrameConnection<Out>) => FrameHandlers<In>,
): FrameConnection<Out> => {
  const reader = new FrameReader<In>();
  const connection: FrameConnection<Out> = {
    peer,
    send: (header, payload) => {
      if (socket.destroyed || socket.writableEnded) return false;
      socket.write(encodeFrame(header, payload));
      if (socket.writableLength > closeAboveBytes) {
        log.warn({ peer, pendingBytes: socket.writableLength }, "peer does not read; connection closed");
        socket.destroy();
        return false;
      }
      return true;
    },
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
  };
  const handlers = handlersFor(connection);
  socket.on("data", (chunk: Buffer) => {
    try {
      for (const frame of reader.push(chunk)) {
        if (socket.destroyed) return;
        handlers.onFrame(frame);
      }
    } catch (error) {
      log.warn({ peer, error: error instanceof Error ? error.message : String(error) }, "connection closed: broken frame");
      socket.destroy();
      return;
    }
    if (socket.writableLength > pauseAboveBytes) socket.pause();
  });
  socket.on("drain", () => socket.resume());
  socket.on("error", () => socket.destroy());
  socket.on("close", () => handlers.onClose?.());
  return connection;
};

export interface FrameServerOptions<In, Out extends object> {
  readonly path: string;
  /** Mode and, where given, owner group of the folder that holds the socket. */
  readonly folderMode: number;
  readonly folderGid?: number;
  readonly folder: string;
  readonly log: Log;
  /** SECURITY: asked before a byte is read. A peer that is not known is refused. */
  readonly mayConnect: (peer: PeerCredentials) => boolean;
  readonly onConnection: (connection: FrameConnection<Out>) => FrameHandlers<In>;
  readonly maxConnections?: number;
}

export interface FrameServer {
  /** Stops listening and ends the connections after sending what is pending. */
  close(): Promise<void>;
}

/** Whether somebody listens at this socket path. */
export const isSocketAlive = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = connect(path);
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    // EACCES and the like mean that something is there which is not ours to replace.
    probe.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "ECONNREFUSED" && error.code !== "ENOENT"));
  });

/** Listens on a unix socket in a folder of its own. A socket left by a dead process is replaced; a living one is `link.socket-taken`. */
export const serveFrames = async <In, Out extends object>(options: FrameServerOptions<In, Out>): Promise<FrameServer> => {
  const { path, folder, log } = options;
  checkSocketPath(path);
  makePrivateFolder(folder, options.folderMode);
  if (options.folderGid !== undefined) {
    chownSync(folder, -1 >>> 0, options.folderGid);
    // chown clears set-id bits only, but the mode is set again so that no order of events leaves another one.
    chmodSync(folder, options.folderMode);
  }
  if (await isSocketAlive(path)) fail("link.socket-taken", `another process listens at \`${path}\``);
  try {
    if (lstatSync(path).isSocket()) unlinkSync(path);
    else fail("files.unsafe", `\`${path}\` is in the way of a socket`, { hint: `rm '${path}'` });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const open = new Set<Socket>();
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    const peer = peerOfSocket(socket);
    if (peer === null || !options.mayConnect(peer)) {
      log.warn({ peer }, "connection refused: not one of the accounts that may connect");
      socket.destroy();
      return;
    }
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    wire(socket, peer, log, options.onConnection);
    socket.resume();
  });
  server.maxConnections = options.maxConnections ?? 64;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      resolve();
    });
  });
  server.on("error", (error) => log.error({ error }, "socket server"));
  // The folder is the boundary: whoever may enter it may connect, and the peer's uid is checked then.
  chmodSync(path, 0o666);
  return {
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of open) {
          socket.end();
          setTimeout(() => socket.destroy(), 500).unref();
        }
      }),
  };
};

/** Connects to a frame server. Rejects with `link.not-reachable`. */
export const connectFrames = <In, Out extends object>(options: {
  readonly path: string;
  readonly log: Log;
  readonly onConnection: (connection: FrameConnection<Out>) => FrameHandlers<In>;
}): Promise<FrameConnection<Out>> => {
  checkSocketPath(options.path);
  return new Promise((resolve, reject) => {
    const socket = connect(options.path);
    const refused = (error: NodeJS.ErrnoException): void => {
      try {
        fail("link.not-reachable", `nothing answers at \`${options.path}\` (${error.code ?? "error"})`, { cause: error });
      } catch (problem) {
        reject(problem);
      }
    };
    socket.once("error", refused);
    socket.once("connect", () => {
      socket.off("error", refused);
      resolve(wire(socket, peerOfSocket(socket), options.log, options.onConnection));
    });
  });
};
