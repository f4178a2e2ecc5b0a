/** A real launcher process with a realm's keys in the test's hands, and an agent's side of its socket. */
import { spawn, type ChildProcess } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { KeyObject } from "node:crypto";
import { dataLayout, type DataLayout } from "#kernel/data-layout.ts";
import { newId } from "#kernel/ids.ts";
import { silentLog } from "#kernel/log.ts";
import { connectFrames, type FrameConnection } from "#link/socket.ts";
import { decodeLogFrames } from "#link/log-format.ts";
import type { FromLauncher, ToLauncher } from "#link/messages.ts";
import type { AdminRequest, NodePolicy } from "#launch/ports.ts";
import { mintDelegationToken } from "#proof/delegation-token.ts";
import { generateSigningKey, keyThumbprint, privateKeyFromPem } from "#proof/keys.ts";
import type { LaunchOrder, Receipt } from "#proof/launch-order.ts";
import { checkReceipt } from "#proof/receipt.ts";
import { launcherFlags } from "#supervise/part-plans.ts";
import { sampleOrder } from "#test/fixtures/launch-order.ts";
import { jobTmpFolder } from "#launcher/open-host.ts";

export const isRoot = process.getuid?.() === 0;
export const ownUser = userInfo().username;

export interface Realm {
  readonly id: string;
  readonly name: string;
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: string;
}

export const makeRealm = (): Realm => {
  const key = generateSigningKey();
  return {
    id: newId("rlm", Date.now()),
    name: "corp",
    kid: keyThumbprint(key.publicKey),
    privateKey: privateKeyFromPem(key.privatePem),
    publicKey: key.publicKey,
  };
};

export interface TestLauncher {
  readonly layout: DataLayout;
  readonly realm: Realm;
  readonly pid: number;
  readonly nodeKey: { readonly publicKey: string; readonly thumbprint: string };
  /** Everything that it has logged. */
  log(): string;
  admin<T = Record<string, unknown>>(
    request: AdminRequest | Record<string, unknown>,
  ): Promise<T & { type: string; code?: string; message?: string; hint?: string }>;
  order(change?: Partial<LaunchOrder>): LaunchOrder;
  token(order: LaunchOrder, realm?: Realm): string;
  kill(): Promise<void>;
  stop(): Promise<number | null>;
  start(flags?: readonly string[]): Promise<void>;
}

const started = new Set<ChildProcess>();

/** The job account of the tests: `nobody` for root, else oneself. */
export const jobUser = isRoot ? "nobody" : ownUser;

export interface LauncherWorld {
  readonly flags?: readonly string[];
  readonly policy?: Partial<NodePolicy>;
  readonly folder?: string;
  /** Do not join a realm. */
  readonly bare?: boolean;
}

/** Starts a launcher on a fresh data folder, joined to a fresh realm whose table lets `os:1000` operate, with a key `jobs` for everyone below `/`. */
export const startTestLauncher = async (t: TestContext, world: LauncherWorld = {}): Promise<TestLauncher> => {
  const root = world.folder ?? mkdtempSync(join(tmpdir(), "bhf-l-"));
  chmodSync(root, 0o711);
  const layout = dataLayout(root);
  const realm = makeRealm();
  const node = { id: newId("nod", Date.now()), name: "local" };
  let child: ChildProcess | null = null;
  let logged = "";
  let nodeKey = { publicKey: "", thumbprint: "" };

  const admin: TestLauncher["admin"] = (request) =>
    new Promise((resolve, reject) => {
      connectFrames<never, object>({
        path: layout.launcher.adminSocket,
        log: silentLog,
        onConnection: (connection) => ({
          onFrame: ({ header }) => {
            resolve(header);
            connection.end();
          },
          onClose: () => reject(new Error(`no answer to ${String((request as { type: string }).type)}`)),
        }),
      }).then((connection) => connection.send(request), reject);
    });

  const start = async (flags: readonly string[] = world.flags ?? []): Promise<void> => {
    const made = spawn(
      process.execPath,
      [...launcherFlags, join(import.meta.dirname, "main.ts"), "--data", root, "--embedded", "--free-space-bytes", "0", ...flags],
      {
        stdio: ["ignore", "ignore", "pipe"],
        env: { PATH: process.env["PATH"] ?? "", BEHALF_TEST_SECRET: "must-not-reach-jobs" },
        cwd: "/",
      },
    );
    child = made;
    started.add(made);
    made.stderr?.setEncoding("utf8").on("data", (text: string) => (logged += text));
    let exitCode: number | null | undefined;
    made.once("exit", (code) => {
      exitCode = code;
      started.delete(made);
    });
    for (let tries = 0; tries < 3000; tries += 1) {
      if (exitCode !== undefined) throw new Error(`launcher ended with ${exitCode}: ${logged}`);
      try {
        const status = await admin<{ publicKey: string; node: { keyThumbprint: string } }>({ type: "status" });
        nodeKey = { publicKey: status.publicKey, thumbprint: status.node.keyThumbprint };
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
    throw new Error(`launcher does not answer: ${logged}`);
  };

  const ended = (made: ChildProcess): Promise<number | null> =>
    new Promise((resolve) =>
      made.exitCode !== null || made.signalCode !== null ? resolve(made.exitCode) : made.once("exit", (code) => resolve(code)),
    );

  t.after(async () => {
    if (child !== null && child.exitCode === null && child.signalCode === null) {
      await admin({ type: "drain", drainMs: 0 }).catch(() => {});
      child.kill("SIGKILL");
      await ended(child);
    }
    rmSync(jobTmpFolder(layout.launcher.folder), { recursive: true, force: true });
    if (world.folder === undefined) rmSync(root, { recursive: true, force: true });
  });

  await start();
  if (world.bare !== true) {
    await admin({
      type: "trust-set",
      trust: {
        version: 1,
        node,
        realm: { id: realm.id, name: realm.name, epoch: 1 },
        rootKey: realm.publicKey,
        rotationSerial: 0,
        issuers: [{ kid: realm.kid, key: realm.publicKey }],
      },
    });
    await admin({ type: "table-set", table: { version: 1, entries: [{ subject: "os:1000", roles: ["operator"] }] } });
    await admin({
      type: "policy-set",
      policy: {
        version: 1,
        namedUids: isRoot ? [65534] : [process.getuid?.() ?? -1],
        defaultJobAccount: jobUser,
        accounts: [],
        exclusive: "none",
        ...world.policy,
      },
    });
    await admin({
      type: "credential-set",
      entry: {
        key: "jobs",
        user: jobUser,
        allow: { folders: ["/"], submitters: ["authenticated"] },
        allowNologin: true,
        noNewPrivileges: false,
      },
    });
  }

  return {
    layout,
    realm,
    admin,
    start,
    log: () => logged,
    get pid() {
      return child?.pid ?? -1;
    },
    get nodeKey() {
      return nodeKey;
    },
    order: (change = {}) => {
      const iat = Math.floor(Date.now() / 1000);
      return sampleOrder({
        realm: { id: realm.id, name: realm.name, epoch: 1 },
        node: { ...node, keyThumbprint: nodeKey.thumbprint },
        run: newId("run", Date.now()),
        submission: newId("sub", Date.now()),
        job: { path: "/test/job", revision: 1, author: "os:1000" },
        program: { kind: "shell", text: "true" },
        arguments: {},
        environment: {},
        umask: null,
        as: { kind: "credential", key: "jobs", loadProfile: false },
        limits: { timeoutMs: 60_000, graceMs: 1000, outputBytes: 1_000_000_000 },
        submitter: { accessId: "os:1000", name: "os:1000", groups: [] },
        actor: { accessId: "os:1000", name: "os:1000", groups: [] },
        authTime: iat,
        iat,
        exp: iat + 300,
        ...change,
      });
    },
    token: (order, by = realm) => mintDelegationToken(order, { kid: by.kid, privateKey: by.privateKey }),
    kill: async () => {
      if (child === null) return;
      child.kill("SIGKILL");
      await ended(child);
    },
    stop: async () => {
      if (child === null) return null;
      child.kill("SIGTERM");
      return ended(child);
    },
  };
};

export interface EndedRun {
  readonly receipt: Receipt;
  readonly jws: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly notices: string;
}

/** The agent's side: sends, remembers what came, waits for it. */
export class TestAgent {
  readonly messages: { readonly message: FromLauncher; readonly payload: Buffer }[] = [];
  readonly #launcher: TestLauncher;
  #connection: FrameConnection<ToLauncher> | null = null;
  #waiting: (() => void)[] = [];
  isClosed = false;

  constructor(launcher: TestLauncher) {
    this.#launcher = launcher;
  }

  async connect(): Promise<Extract<FromLauncher, { type: "hello-ok" }>> {
    this.isClosed = false;
    const connection = await connectFrames<FromLauncher, ToLauncher>({
      path: this.#launcher.layout.launcher.socket,
      log: silentLog,
      onConnection: () => ({
        onFrame: ({ header, payload }) => {
          this.messages.push({ message: header, payload: Buffer.from(payload) });
          this.#wake();
        },
        onClose: () => {
          this.isClosed = true;
          this.#wake();
        },
      }),
    });
    this.#connection = connection;
    const before = this.messages.length;
    this.send({ type: "hello", id: 1 });
    const found = await this.until((message) => message.type === "hello-ok", before);
    return found.message as Extract<FromLauncher, { type: "hello-ok" }>;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  send(message: ToLauncher): void {
    this.#connection?.send(message);
  }

  close(): void {
    this.#connection?.destroy();
  }

  /** Waits for a message from position `from` on. */
  async until(
    wanted: (message: FromLauncher) => boolean,
    from = 0,
    limitMs = 60_000,
  ): Promise<{ message: FromLauncher; payload: Buffer; index: number }> {
    const deadline = Date.now() + limitMs;
    for (;;) {
      for (let index = from; index < this.messages.length; index += 1) {
        const found = this.messages[index];
        if (found !== undefined && wanted(found.message)) return { ...found, index };
      }
      const left = deadline - Date.now();
      if (left <= 0)
        throw new Error(
          `not told in time; told: ${this.messages
            .slice(-10)
            .map(({ message }) => JSON.stringify(message).slice(0, 200))
            .join("\n")}\n${this.#launcher.log().slice(-2000)}`,
        );
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  startToken(order: Pick<LaunchOrder, "run" | "attempt">, token: string): void {
    this.send({ type: "start", run: order.run, attempt: order.attempt, token });
  }

  /** Starts an order; `ended` waits for its outcome. */
  startOrder(order: LaunchOrder): void {
    this.startToken(order, this.#launcher.token(order));
  }

  running(order: LaunchOrder): Promise<unknown> {
    return this.until((message) => message.type === "state" && message.run === order.run && message.state === "running");
  }

  async ended(order: Pick<LaunchOrder, "run" | "attempt">, from = 0, limitMs?: number): Promise<EndedRun> {
    const { message, payload } = await this.until(
      (one) => one.type === "outcome" && one.run === order.run && one.attempt === order.attempt,
      from,
      limitMs,
    );
    if (message.type !== "outcome") throw new Error("unreachable");
    const checked = checkReceipt(message.receipt, this.#launcher.nodeKey.publicKey);
    if (!checked.ok) throw new Error(`receipt does not hold: ${checked.problem.message}`);
    const bytes = message.logInline ? payload : await this.readLog(order);
    const { chunks } = decodeLogFrames(bytes, 0);
    const of = (stream: string): string =>
      Buffer.concat(chunks.filter((chunk) => chunk.stream === stream).map((chunk) => chunk.bytes)).toString();
    return { receipt: checked.value, jws: message.receipt, stdout: of("stdout"), stderr: of("stderr"), notices: of("notice") };
  }

  #nextId = 100;

  async readLog(order: Pick<LaunchOrder, "run" | "attempt">): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let offset = 0; ;) {
      const id = (this.#nextId += 1);
      const from = this.messages.length;
      this.send({ type: "read-log", id, run: order.run, attempt: order.attempt, offset, maxBytes: 1_000_000 });
      const { message, payload } = await this.until((one) => one.type === "log" && one.id === id, from);
      if (message.type !== "log" || message.missing || payload.length === 0) return Buffer.concat(parts);
      parts.push(payload);
      offset += payload.length;
    }
  }

  async run(order: LaunchOrder): Promise<EndedRun> {
    this.startOrder(order);
    return this.ended(order);
  }
}

export const shell = (text: string): LaunchOrder["program"] => ({ kind: "shell", text });

/** A launcher and an agent that is connected to it. */
export const connect = async (t: TestContext, world: LauncherWorld = {}): Promise<{ launcher: TestLauncher; agent: TestAgent }> => {
  const launcher = await startTestLauncher(t, world);
  const agent = new TestAgent(launcher);
  await agent.connect();
  t.after(() => agent.close());
  return { launcher, agent };
};

/** A folder in which any job may leave marks: what was really started, and how often. */
export const marks = (t: TestContext): { folder: string; mark: string; count(): number } => {
  const folder = mkdtempSync(join(tmpdir(), "bhf-marks-"));
  chmodSync(folder, 0o1777);
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return { folder, mark: `mktemp ${folder}/XXXXXXXX >/dev/null`, count: () => readdirSync(folder).length };
};
