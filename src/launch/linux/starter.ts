/**
 * The launcher's side of the thread that starts processes. It is made at the first start and made again should it break; it does not keep
 * the launcher alive while nothing is asked of it. What does not belong here: what is done there (`starter-thread.ts`).
 */
import { Worker } from "node:worker_threads";
import type { PreparedProgram, SetprivStart, StartedProgram } from "#launch/linux/start-setpriv.ts";
import type { StarterAnswer, StarterRequest } from "#launch/linux/starter-thread.ts";

export interface Starter {
  /** Rejects where it cannot be started at all; nothing is left of it then. */
  start(start: SetprivStart): Promise<StartedProgram>;
  /** A process joins the group with this `cgroup.procs`, and waits to become a run: the caller's from then on. */
  prepare(procs: number): Promise<PreparedProgram>;
  /** Ends the thread once it has answered. */
  close(): Promise<void>;
}

interface Waiting {
  readonly resolve: (answer: StarterAnswer) => void;
  readonly reject: (error: Error) => void;
  readonly settled: Promise<StarterAnswer>;
}

const compileCache = process.env["NODE_COMPILE_CACHE"];
const threadFile = new URL("./starter-thread.ts", import.meta.url);

const unanswered = (answer: StarterAnswer): never => {
  if (answer.kind !== "failed") throw new Error("the starting thread answered something else");
  throw answer.errno === null ? answer.error : Object.assign(answer.error, { errno: answer.errno });
};

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
    const { promise, resolve, reject } = Promise.withResolvers<StarterAnswer>();
    waiting.set(id, { resolve, reject, settled: promise });
    asked.ref();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    asked.postMessage(request(id));
    return promise;
  };

  return {
    start: async (start) => {
      const answer = await ask((id) => ({ kind: "start", id, start }));
      return answer.kind === "started" ? answer.program : unanswered(answer);
    },
    prepare: async (procs) => {
      const answer = await ask((id) => ({ kind: "prepare", id, procs }));
      return answer.kind === "prepared" ? answer.program : unanswered(answer);
    },
    close: async () => {
      const closing = worker;
      if (closing === null) return;
      await Promise.allSettled([...waiting.values()].map(({ settled }) => settled));
      worker = null;
      await closing.terminate();
    },
  };
};
