/**
 * One supervised part (manager, agent or launcher): started in its own session so that a terminal's ctrl-C reaches only the
 * supervisor, restarted with backoff when it dies, or adopted when a killed supervisor left it behind. Its log lines go to a file.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { EventEmitter } from "node:events";
import { closeSync, constants, fchmodSync, fchownSync, fstatSync, openSync, renameSync, statSync } from "node:fs";
import { entryOf } from "#kernel/bundle.ts";
import type { Log } from "#kernel/log.ts";
import { fail } from "#kernel/problem.ts";
import { shellWord } from "#kernel/shell-word.ts";
import { isAlive, processIdOf, type ProcessId } from "#supervise/process-id.ts";

export type PartName = "manager" | "agent" | "launcher";

/** Account a part runs under; null: the starter's. */
export interface PartAccount {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export interface PartPlan {
  readonly name: PartName;
  readonly nodeFlags: readonly string[];
  readonly args: readonly string[];
  readonly account: PartAccount | null;
  readonly logFile: string;
  readonly cacheFolder: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** What a supervisor leaves in `parts.json` for the next one. */
export interface PartRecord extends ProcessId {
  readonly name: PartName;
  readonly version: string;
}

const firstDelayMs = 100;
const longestDelayMs = 10_000;
const settledAfterMs = 30_000;
const adoptedPollMs = 250;
const largestLogBytes = 32 * 1024 * 1024;

const openLog = (path: string, account: PartAccount | null): number => {
  try {
    if (statSync(path).size > largestLogBytes) renameSync(path, `${path}.1`);
  } catch {
    // First start: there is no log yet.
  }
  const refuse = (cause?: unknown): never =>
    fail("files.unsafe", `\`${path}\` is not a plain file of its own`, { hint: `look at it, and remove it: rm ${shellWord(path)}`, cause });
  let descriptor: number;
  try {
    // A pipe in its place must not keep the supervisor waiting for a reader.
    descriptor = openSync(
      path,
      constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK,
      0o600,
    );
  } catch (error) {
    if (["ELOOP", "ENXIO"].includes((error as NodeJS.ErrnoException).code ?? "")) return refuse(error);
    throw error;
  }
  // SECURITY: the folder is the part's own account's, which could give another file of root's this name (`part.test.ts`).
  const found = fstatSync(descriptor);
  if (!found.isFile() || found.nlink !== 1) {
    closeSync(descriptor);
    return refuse();
  }
  fchmodSync(descriptor, 0o600);
  if (account !== null) fchownSync(descriptor, account.uid, account.gid);
  return descriptor;
};

/**
 * One heap instead of one per thread, and what is free goes back to the system: 20 MB less after 5,000 runs, at the same processor time. The C library
 * reads it at the start of a process, and jobs do not inherit it.
 */
const smallNativeHeap = { MALLOC_ARENA_MAX: "1", MALLOC_TRIM_THRESHOLD_: "262144", MALLOC_MMAP_THRESHOLD_: "262144" };

/** Only what a part needs of the starter's environment: nothing of npm, and no secret by accident. */
const partEnvironment = (plan: PartPlan): NodeJS.ProcessEnv => {
  const kept: NodeJS.ProcessEnv = {};
  for (const name of ["PATH", "LANG", "LC_ALL", "TZ", "HOME"]) {
    const value = process.env[name];
    if (value !== undefined) kept[name] = value;
  }
  return { ...kept, ...smallNativeHeap, NODE_COMPILE_CACHE: plan.cacheFolder, ...plan.environment };
};

/**
 * Emits `message` (from the part's own channel), `unstarted` (the error), `exit` ({ code, signal, restarting }) and `start` ({ pid }).
 */
export class Part extends EventEmitter {
  readonly plan: PartPlan;
  readonly #log: Log;
  readonly #onRecord: () => void;
  #child: ChildProcess | null = null;
  #id: ProcessId | null = null;
  #adoptedTimer: NodeJS.Timeout | null = null;
  #restartTimer: NodeJS.Timeout | null = null;
  #stopping = false;
  #failures = 0;
  #startedAt = 0;

  constructor(plan: PartPlan, options: { log: Log; onRecord: () => void }) {
    super();
    this.plan = plan;
    this.#log = options.log;
    this.#onRecord = options.onRecord;
  }

  get id(): ProcessId | null {
    return this.#id;
  }

  /** Takes over a part that still runs. */
  adopt(id: ProcessId): void {
    this.#id = id;
    this.#startedAt = performance.now();
    this.#adoptedTimer = setInterval(() => {
      if (!isAlive(id)) this.#ended(null, null);
    }, adoptedPollMs);
    this.#onRecord();
  }

  start(): void {
    this.#restartTimer = null;
    const { plan } = this;
    const logDescriptor = openLog(plan.logFile, plan.account);
    const child = spawn(process.execPath, [...plan.nodeFlags, entryOf(plan.name), ...plan.args], {
      cwd: "/",
      detached: true,
      env: partEnvironment(plan),
      stdio: plan.name === "manager" ? ["ignore", logDescriptor, logDescriptor, "ipc"] : ["ignore", logDescriptor, logDescriptor],
      ...(plan.account === null ? {} : { uid: plan.account.uid, gid: plan.account.gid }),
    });
    closeSync(logDescriptor);
    this.#child = child;
    this.#startedAt = performance.now();
    this.#id = child.pid === undefined ? null : processIdOf(child.pid);
    child.on("message", (message) => this.emit("message", message));
    child.on("error", (error) => {
      this.#log.error({ part: plan.name, error: String(error) }, "part could not be started");
      this.emit("unstarted", error);
    });
    child.on("exit", (code, signal) => this.#ended(code, signal));
    this.#onRecord();
    this.emit("start", { pid: child.pid });
  }

  /** Sends a message to a part that has a channel (the manager); false when it has none or it is closed. */
  send(message: object): boolean {
    return this.#child?.connected === true ? this.#child.send(message) : false;
  }

  #ended(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#adoptedTimer !== null) clearInterval(this.#adoptedTimer);
    this.#adoptedTimer = null;
    this.#child = null;
    this.#id = null;
    this.emit("exit", { code, signal, restarting: !this.#stopping });
    // Whoever heard that may have let it go: at a first start a part that says why it cannot begin is not started again.
    if (this.#stopping) return;
    this.#failures = performance.now() - this.#startedAt > settledAfterMs ? 0 : this.#failures + 1;
    const delayMs = Math.min(longestDelayMs, firstDelayMs * 2 ** Math.max(0, this.#failures - 1));
    this.#log.warn({ part: this.plan.name, code, signal, delayMs }, "part ended, starting it again");
    this.#restartTimer = setTimeout(() => this.#startAgain(), delayMs);
  }

  /** What cannot be started now, on a disk without room for its log, say, is tried again. */
  #startAgain(): void {
    try {
      this.start();
    } catch (error) {
      this.#log.error({ part: this.plan.name, error, delayMs: longestDelayMs }, "part could not be started, trying again");
      this.#restartTimer = setTimeout(() => this.#startAgain(), longestDelayMs);
    }
  }

  /** Ends the part and starts it anew, e.g. because its configuration has changed. */
  async restart(): Promise<void> {
    const id = this.#id;
    const ended = new Promise((resolve) => this.once("start", resolve));
    if (id === null) return;
    this.#failures = 0;
    await endProcess(id, 10_000);
    await ended;
  }

  /** No restart from here on; the part itself is left alone. */
  release(): void {
    this.#stopping = true;
    if (this.#restartTimer !== null) clearTimeout(this.#restartTimer);
    if (this.#adoptedTimer !== null) clearInterval(this.#adoptedTimer);
    if (this.#child?.connected === true) this.#child.disconnect();
    this.#child?.unref();
  }

  /** Ends the part: SIGTERM, and SIGKILL after `graceMs`. Resolves when it is gone. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    if (this.#restartTimer !== null) clearTimeout(this.#restartTimer);
    const id = this.#id;
    if (id === null) return;
    await endProcess(id, graceMs);
    if (this.#adoptedTimer !== null) clearInterval(this.#adoptedTimer);
  }
}

/** Ends one process by its id: SIGTERM, then SIGKILL after `graceMs`. */
export const endProcess = async (id: ProcessId, graceMs: number): Promise<void> => {
  const signal = (name: NodeJS.Signals): void => {
    if (!isAlive(id)) return;
    try {
      process.kill(id.pid, name);
    } catch {
      // It ended between the look and the signal.
    }
  };
  signal("SIGTERM");
  const deadline = performance.now() + graceMs;
  while (isAlive(id)) {
    if (performance.now() > deadline) signal("SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
};
