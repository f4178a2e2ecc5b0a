/**
 * Tells the supervisor's keeper which named pipes to hold open beside the launcher, so that jobs neither notice a restart of the launcher
 * nor lose what they wrote meanwhile (O3). Without a supervisor there is no keeper, and nothing waits for one.
 */
import { connect, type Socket } from "node:net";
import { existsSync } from "node:fs";
import type { Log } from "#kernel/log.ts";

export interface KeeperLink {
  hold(paths: readonly string[]): void;
  release(paths: readonly string[]): void;
  close(): void;
}

const retryMs = 1000;
/** Letting go may wait for others: one message for many. */
const releaseAfterMs = 50;

export const openKeeperLink = (socketPath: string, log: Log): KeeperLink => {
  const live = new Set<string>();
  let socket: Socket | null = null;
  let isClosed = false;
  const released: string[] = [];
  let releaseTimer: NodeJS.Timeout | null = null;

  const tell = (word: "hold" | "release", paths: Iterable<string>): void => {
    if (socket === null || socket.connecting) return;
    let lines = "";
    for (const path of paths) lines += `${word} ${path}\n`;
    if (lines !== "") socket.write(lines);
  };

  const tellReleased = (): void => {
    releaseTimer = null;
    tell("release", released.splice(0));
  };

  const reach = (): void => {
    if (isClosed) return;
    if (!existsSync(socketPath)) {
      setTimeout(reach, retryMs).unref();
      return;
    }
    const found = connect(socketPath);
    found.unref();
    socket = found;
    found.once("connect", () => {
      log.debug({}, "keeper found");
      tell("hold", live);
    });
    found.on("error", () => found.destroy());
    found.once("close", () => {
      socket = null;
      setTimeout(reach, retryMs).unref();
    });
    found.resume();
  };
  reach();

  return {
    hold: (paths) => {
      for (const path of paths) live.add(path);
      tell("hold", paths);
    },
    release: (paths) => {
      for (const path of paths) live.delete(path);
      released.push(...paths);
      releaseTimer ??= setTimeout(tellReleased, releaseAfterMs).unref();
    },
    close: () => {
      isClosed = true;
      if (releaseTimer !== null) {
        clearTimeout(releaseTimer);
        tellReleased();
      }
      socket?.destroy();
    },
  };
};
