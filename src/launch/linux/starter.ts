/**
 * The launcher's side of the thread that starts processes. It is made at the first start and made again should it break; it does not keep
 * the launcher alive while nothing is asked of it. What does not belong here: what is done there (`starter-thread.ts`).
 */
import { Worker } from "node:worker_threads";
import type { SetprivStart, StartedProgram } from "#launch/linux/start-setpriv.ts";
import type { StarterAnswer, StarterRequest } from "#launch/linux/starter-thread.ts";

export interface Starter {
  /** Rejects where it cannot be started at all; nothing is left of it then. */
  start(start: SetprivStart): Promise<StartedProgram>;
  /** A process waits in the group with this `cgroup.procs` for the next start there. In order with `start`. */
  prepare(procs: number): Promise<void>;
  /** What waits there shall go. */
  dismiss(procs: number): Promise<void>;
  /** Ends what waits, and the thread. */
  close(): Promise<void>;
}

interface Waiting {
  readonly resolve: (answer: StarterAnswer) => void;
  readonly reject: (error: Error) => void;
}

const compileCache = process.env["NODE_COMPILE_CACHE"];
const threadFile = new URL("./starter-thread.ts", import.meta.url);

export const openStarter = (): Starter => {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | null = null;
  let lastId = 0;

  const open = (): Worker => {
    const made = new Worker(threadFile, {
      name: "starter",
      // With the code that this process may keep compiled the thread takes 10 MB, without it 27.
      env: compileCache === undefined ? {} : { NODE_COMPILE_CACHE: compileCache },
      resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 1 },
      // Descriptors made there are used and closed here: the end of the thread must not close what has their numbers by then.
      trackUnmanagedFds: false,
    });
    made.unref();
    made.on("message", (answer: StarterAnswer) => {
      waiting.get(answer.id)?.resolve(answer);
      waiting.delete(answer.id);
      if (waiting.size === 0) made.unref();
    });
    const ended = (error: Error): void => {
      if (worker === made) worker = null;
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
    };
    made.on("error", ended);
    made.on("exit", (code) => ended(new Error(`the starting thread ended with ${code}`)));
    return made;
  };

  const ask = (request: (id: number) => StarterRequest): Promise<StarterAnswer> => {
    const asked = (worker ??= open());
    lastId += 1;
    const id = lastId;
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      asked.ref();
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      asked.postMessage(request(id));
    });
  };

  const answered = async (answer: Promise<StarterAnswer>): Promise<StarterAnswer> => {
    const found = await answer;
    if (found.kind === "failed") throw found.error;
    return found;
  };

  return {
    start: async (start) => {
      const answer = await answered(ask((id) => ({ kind: "start", id, start })));
      if (answer.kind !== "started") throw new Error("the starting thread answered something else");
      return answer.program;
    },
    prepare: async (procs) => void (await answered(ask((id) => ({ kind: "prepare", id, procs })))),
    dismiss: async (procs) => void (await answered(ask((id) => ({ kind: "dismiss", id, procs })))),
    close: async () => {
      const closing = worker;
      if (closing === null) return;
      await ask((id) => ({ kind: "dismiss", id, procs: null })).catch(() => undefined);
      worker = null;
      await closing.terminate();
    },
  };
};
