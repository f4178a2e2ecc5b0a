/** Follows a stream of the manager: reads it with the CSRF token (which `EventSource` cannot send), and goes on where it broke off. */
import { ApiProblem } from "#web/api/api-problem.ts";
import { createEventReader, type ServerEvent } from "#web/api/event-reader.ts";
import { send } from "#web/api/call.ts";

export type StreamState = "connecting" | "live" | "offline";

export interface FollowOptions {
  readonly signal: AbortSignal;
  /** Answers `stop` when it needs no more. */
  readonly onEvent: (event: ServerEvent) => "stop" | void;
  readonly onState?: (state: StreamState) => void;
  /** Refused for good (403, 404 and the like). */
  readonly onRefused?: (problem: ApiProblem) => void;
}

const firstWaitMs = 500;
const longestWaitMs = 15_000;

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });

/** Resolves when the stream ended for good or the signal aborted. */
export const followStream = async (address: string, options: FollowOptions): Promise<void> => {
  const { signal, onEvent, onState } = options;
  let lastEventId: string | null = null;
  let connectedBefore = false;
  for (let waitMs = firstWaitMs; !signal.aborted; waitMs = Math.min(waitMs * 2, longestWaitMs)) {
    onState?.(connectedBefore ? "offline" : "connecting");
    try {
      // The first id of a list's stream is empty on purpose: any value asks for `resync` after a break.
      const headers: Record<string, string> = connectedBefore ? { "last-event-id": lastEventId ?? "0" } : {};
      const answer = await send("GET", address, { signal, background: true, headers });
      onState?.("live");
      connectedBefore = true;
      const read = createEventReader();
      const reader = (answer.body ?? new ReadableStream<Uint8Array<ArrayBuffer>>()).pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        waitMs = firstWaitMs;
        for (const event of read(value)) {
          if (event.id !== null) lastEventId = event.id;
          if (event.event === "closed") {
            const { reason } = event.data as { reason: string };
            if (reason === "end") return;
            // Told to the stream before a new id has reached this page: the request that follows finds out.
            continue;
          }
          if (onEvent(event) === "stop") return;
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiProblem && error.status >= 400 && error.status < 500 && error.status !== 429) {
        options.onRefused?.(error);
        return;
      }
    }
    onState?.("offline");
    await pause(waitMs * (0.75 + Math.random() / 2), signal);
  }
};
