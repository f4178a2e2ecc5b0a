/**
 * Unix sockets that carry frames: between agent and launcher, and for the local administration. A peer that breaks the format, sends too much or does not
 * read is closed, never waited for. What belongs here: a connection, and the side that dials. What does not: the side that listens
 * (`frame-server.ts`, which needs native code to know its peers), the messages.
 */
import { connect, type Socket } from "node:net";
import { encodeFrame, FrameReader, type Frame } from "#link/frame.ts";
import { writeTogether } from "#link/write-together.ts";
import type { PeerCredentials } from "#link/peer-credentials.ts";
import { fail } from "#kernel/problem.ts";
import type { Log } from "#kernel/log.ts";

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
  /** Null on the side that dials: it knows whom by the path. */
  readonly peer: PeerCredentials | null;
  /** False when the connection is gone: the message was not sent. */
  send(header: Out, payload?: Buffer): boolean;
  /** Sends what is pending, then ends. */
  end(): void;
  /** Ends at once: what the kernel has not taken by now is lost. */
  destroy(): void;
}

export interface FrameHandlers<In> {
  /** A throw closes the connection. */
  onFrame(frame: Frame<In>): void;
  onClose?(): void;
}

/** Makes a connection of a connected socket. */
export const wireFrames = <In, Out extends object>(
  socket: Socket,
  peer: PeerCredentials | null,
  log: Log,
  handlersFor: (connection: FrameConnection<Out>) => FrameHandlers<In>,
): FrameConnection<Out> => {
  const reader = new FrameReader<In>();
  const together = writeTogether(socket);
  const connection: FrameConnection<Out> = {
    peer,
    send: (header, payload) => {
      if (socket.destroyed || socket.writableEnded) return false;
      together.hold();
      socket.write(encodeFrame(header, payload));
      if (socket.writableLength > closeAboveBytes) {
        log.warn({ peer, pendingBytes: socket.writableLength }, "peer does not read; connection closed");
        socket.destroy();
        return false;
      }
      return true;
    },
    end: () => void socket.end(),
    destroy: () => {
      together.release();
      socket.destroy();
    },
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
      resolve(wireFrames(socket, null, options.log, options.onConnection));
    });
  });
};
