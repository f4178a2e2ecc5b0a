/**
 * The side of a unix socket of frames that listens. The folder is the boundary, the peer's credentials are the second one (S11). What does not belong
 * here: what a connection does with what it reads (`socket.ts`).
 */
import { chmodSync, chownSync, lstatSync, unlinkSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { peerOfSocket, type PeerCredentials } from "#link/peer-credentials.ts";
import { checkSocketPath, wireFrames, type FrameConnection, type FrameHandlers } from "#link/socket.ts";
import { fail } from "#kernel/problem.ts";
import { makePrivateFolder } from "#kernel/private-file.ts";
import type { Log } from "#kernel/log.ts";
import { shellWord } from "#kernel/shell-word.ts";

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
  new Promise((resolve, reject) => {
    const probe = connect(path);
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    // EACCES and the like mean that something is there which is not ours to replace.
    probe.once("error", (error: NodeJS.ErrnoException) => {
      // This process may not open another socket: that says nothing about the path.
      if (error.code === "EMFILE" || error.code === "ENFILE") reject(Object.assign(error, { path }));
      else resolve(error.code !== "ECONNREFUSED" && error.code !== "ENOENT");
    });
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
    else fail("files.unsafe", `\`${path}\` is in the way of a socket`, { hint: `rm ${shellWord(path)}` });
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
    wireFrames(socket, peer, log, options.onConnection);
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
