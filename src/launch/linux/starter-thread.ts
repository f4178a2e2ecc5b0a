/**
 * The thread that starts processes, so that the launcher's own never waits for an exec: with both cores busy that wait was 1.2 ms of each start and
 * the limit of starts per second (measured). Its children inherit its session keyring: it takes a new one after every start (O5). What does
 * not belong here: deciding, watching, reaping.
 */
import { flushCompileCache } from "node:module";
import { parentPort } from "node:worker_threads";
import { joinNewSessionKeyring, resetScheduling } from "#launch/linux/libc.ts";
import {
  prepareProgram,
  startDirectly,
  type PreparedProgram,
  type SetprivStart,
  type StartedProgram,
} from "#launch/linux/start-setpriv.ts";

export type StarterRequest =
  | { readonly kind: "start"; readonly id: number; readonly start: SetprivStart }
  /** A process shall join the group with this `cgroup.procs`, and wait. */
  | { readonly kind: "prepare"; readonly id: number; readonly procs: number };

export type StarterAnswer =
  | { readonly kind: "started"; readonly id: number; readonly program: StartedProgram }
  | { readonly kind: "prepared"; readonly id: number; readonly program: PreparedProgram }
  | { readonly kind: "failed"; readonly id: number; readonly error: Error; readonly errno: number | null };

const handle = (request: StarterRequest): StarterAnswer => {
  const { id } = request;
  try {
    return request.kind === "start"
      ? { kind: "started", id, program: startDirectly(request.start) }
      : { kind: "prepared", id, program: prepareProgram(request.procs) };
  } catch (error) {
    // An error that goes to another thread leaves its number behind.
    const { errno } = error as { readonly errno?: unknown };
    return {
      kind: "failed",
      id,
      error: error instanceof Error ? error : new Error(String(error)),
      errno: typeof errno === "number" ? errno : null,
    };
  } finally {
    // What comes next in this thread must not share the keyring that this process has now.
    joinNewSessionKeyring();
  }
};

resetScheduling();
joinNewSessionKeyring();
const port = parentPort;
port?.on("message", (request: StarterRequest) => port.postMessage(handle(request)));
flushCompileCache();
