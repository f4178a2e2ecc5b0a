/** Keeps the agent's connection to its launcher: dials, says hello, hands over, dials again. What does not belong here: what passes. */
import { connectFrames, type FrameConnection } from "#link/socket.ts";
import { keepConnected, type Reconnector } from "#link/reconnect.ts";
import type { FromLauncher, ToLauncher } from "#link/messages.ts";
import type { Log } from "#kernel/log.ts";
import type { LauncherSide } from "#agent/courier.ts";

export interface LauncherLinkEvents {
  up(side: LauncherSide, hello: Extract<FromLauncher, { type: "hello-ok" }>): void;
  message(message: FromLauncher, payload: Buffer): void;
  down(): void;
  /** A first attempt has failed: the launcher is away. */
  away(): void;
}

const settings = { firstDelayMs: 50, longestDelayMs: 2000 };
const helloTimeoutMs = 5000;

export interface LauncherLink {
  close(): void;
}

export const keepLauncherLink = (path: string, events: LauncherLinkEvents, log: Log): LauncherLink => {
  let connection: FrameConnection<ToLauncher> | null = null;
  let closed = false;
  const dial = (): void => {
    let greeted = false;
    let timer: NodeJS.Timeout | null = null;
    connectFrames<FromLauncher, ToLauncher>({
      path,
      log,
      onConnection: (made) => ({
        onFrame: ({ header, payload }) => {
          if (greeted) return events.message(header, payload);
          if (header.type !== "hello-ok") return;
          greeted = true;
          if (timer !== null) clearTimeout(timer);
          log.info({}, "connected to the launcher");
          events.up(made, header);
        },
        onClose: () => {
          if (timer !== null) clearTimeout(timer);
          connection = null;
          if (greeted) events.down();
          else events.away();
          if (!closed) reconnector.ended(greeted);
        },
      }),
    }).then(
      (made) => {
        if (closed) return made.destroy();
        connection = made;
        made.send({ type: "hello", id: 0 });
        // A launcher that accepts and says nothing is as good as away.
        timer = setTimeout(() => made.destroy(), helloTimeoutMs).unref();
      },
      () => {
        events.away();
        reconnector.ended(false);
      },
    );
  };
  const reconnector: Reconnector = keepConnected(dial, settings);
  return {
    close: () => {
      closed = true;
      reconnector.stop();
      connection?.destroy();
    },
  };
};
