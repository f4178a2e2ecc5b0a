/**
 * Holds the read side of the jobs' output pipes beside the launcher (O3): while the launcher restarts, a job that writes gets no
 * SIGPIPE and what it wrote waits in the pipe. Reads nothing. Lines on the socket: `hold PATH`, `release PATH`.
 */
import { closeSync, constants, openSync, unlinkSync, chmodSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { dirname } from "node:path";
import type { Log } from "#kernel/log.ts";

export interface Keeper {
  /** How many pipes are held. */
  held(): number;
  close(): Promise<void>;
}

const maxHeld = 4096;

/** Listens at `socketPath`; only pipes directly in `fifoFolder` (or below it) are held. */
export const openKeeper = async (options: { socketPath: string; fifoFolder: string; log: Log }): Promise<Keeper> => {
  const { socketPath, fifoFolder, log } = options;
  const held = new Map<string, number>();

  const hold = (path: string): void => {
    if (held.has(path) || held.size >= maxHeld || path.includes("/../") || !dirname(path).startsWith(fifoFolder)) return;
    try {
      held.set(path, openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW));
    } catch (error) {
      log.debug({ path, error: String(error) }, "pipe is gone already");
    }
  };
  const release = (path: string): void => {
    const descriptor = held.get(path);
    if (descriptor === undefined) return;
    held.delete(path);
    closeSync(descriptor);
  };

  try {
    unlinkSync(socketPath);
  } catch {
    // Nothing was left behind.
  }
  const connections = new Set<Socket>();
  const server = createServer((socket) => {
    connections.add(socket);
    socket.on("close", () => connections.delete(socket));
    let rest = "";
    socket.setEncoding("utf8");
    socket.on("error", () => socket.destroy());
    socket.on("data", (text: string) => {
      rest += text;
      if (rest.length > 64 * 1024) {
        socket.destroy();
        return;
      }
      const lines = rest.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line.startsWith("hold ")) hold(line.slice(5));
        else if (line.startsWith("release ")) release(line.slice(8));
      }
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketPath, resolve);
  });
  chmodSync(socketPath, 0o600);

  return {
    held: () => held.size,
    close: () =>
      new Promise((resolve) => {
        for (const path of held.keys()) release(path);
        server.close(() => resolve());
        // A launcher that is left running keeps its connection for as long as we do.
        for (const socket of connections) socket.destroy();
      }),
  };
};
