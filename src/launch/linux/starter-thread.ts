/**
 * The thread that starts processes, so that the launcher's own never waits for an exec: with both cores busy that wait was 1.2 ms of each start and
 * the limit of starts per second (measured). Its children inherit its session keyring: it takes a new one after every start (O5). What does
 * not belong here: deciding, watching, reaping.
 */
import { flushCompileCache } from "node:module";
import { parentPort } from "node:worker_threads";
import { joinNewSessionKeyring, resetScheduling } from "#launch/linux/libc.ts";
import {
  dismissProgram,
  prepareProgram,
  startDirectly,
  startPrepared,
  type PreparedProgram,
  type SetprivStart,
  type StartedProgram,
} from "#launch/linux/start-setpriv.ts";

export type StarterRequest =
  | { readonly kind: "start"; readonly id: number; readonly start: SetprivStart }
  /** A process shall wait in the group with this `cgroup.procs`; whoever is started there next is made of it. */
  | { readonly kind: "prepare"; readonly id: number; readonly procs: number }
  /** What waits there shall go; null: all that wait. */
  | { readonly kind: "dismiss"; readonly id: number; readonly procs: number | null };

export type StarterAnswer =
  | { readonly kind: "started"; readonly id: number; readonly program: StartedProgram }
  | { readonly kind: "done"; readonly id: number }
  | { readonly kind: "failed"; readonly id: number; readonly error: Error };

/** By their `cgroup.procs`. */
const prepared = new Map<number, PreparedProgram>();

const dismiss = (procs: number): void => {
  const waiting = prepared.get(procs);
  prepared.delete(procs);
  if (waiting !== undefined) dismissProgram(waiting);
};

const start = (request: SetprivStart): StartedProgram => {
  const waiting = request.procs === null ? undefined : prepared.get(request.procs);
  if (waiting !== undefined) {
    const program = startPrepared(waiting, request);
    if (program !== null) {
      prepared.delete(waiting.procs);
      return program;
    }
    dismiss(waiting.procs);
  }
  try {
    return startDirectly(request);
  } finally {
    // What comes next in this thread must not share the keyring that this process has now.
    joinNewSessionKeyring();
  }
};

const handle = (request: StarterRequest): StarterAnswer => {
  const { id } = request;
  try {
    switch (request.kind) {
      case "start":
        return { kind: "started", id, program: start(request.start) };
      case "prepare":
        try {
          prepared.set(request.procs, prepareProgram(request.procs));
        } finally {
          joinNewSessionKeyring();
        }
        return { kind: "done", id };
      case "dismiss":
        for (const procs of request.procs === null ? [...prepared.keys()] : [request.procs]) dismiss(procs);
        return { kind: "done", id };
    }
  } catch (error) {
    return { kind: "failed", id, error: error instanceof Error ? error : new Error(String(error)) };
  }
};

resetScheduling();
joinNewSessionKeyring();
const port = parentPort;
port?.on("message", (request: StarterRequest) => port.postMessage(handle(request)));
flushCompileCache();
