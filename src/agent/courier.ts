/**
 * The courier: passes offers and cancellations from the controller to the launcher, and states, output and outcomes back. It believes
 * nothing and decides nothing (S10): tokens are checked by the launcher, receipts by the manager. What does not belong here: dialling,
 * TLS, the files.
 *
 * It remembers nothing beyond its own life: what a node has is what its launcher has journaled (ADR 13). An offer that died with an agent never reached
 * the launcher, and is made again.
 *
 * INVARIANT: every offer that was read is in every report from then on; a run is forgotten only after the controller has committed its outcome.
 */
import type { FromAgent, FromLauncher, KnownRun, NodeFacts, ToAgent, ToLauncher } from "#link/messages.ts";
import type { Log } from "#kernel/log.ts";
import { carriedRunKey, newCarriedRun, type CarriedRun } from "#agent/carried-run.ts";
import { LogShipper } from "#agent/log-shipper.ts";

type NodeName = Extract<FromAgent, { type: "hello" }>["node"];

export interface ControllerSide {
  send(message: FromAgent, payload?: Buffer): void;
  readonly bufferedBytes: number;
}

export interface LauncherSide {
  send(message: ToLauncher): boolean;
}

export interface CourierOptions {
  readonly log: Log;
  /** Who the agent's configuration says this node is, for reports before the launcher was ever seen. */
  readonly node: NodeName;
  /** The facts that are shown while the launcher is away and has never been seen. */
  readonly factsWithoutLauncher: NodeFacts;
}

const launcherAway = "the launcher is not reachable: nothing is started on this node until it is back";

export class Courier {
  readonly #log: Log;
  readonly #runs = new Map<string, CarriedRun>();
  /** Acknowledged by the controller while the launcher was away. */
  readonly #toAcknowledge = new Map<string, { readonly run: string; readonly attempt: number }>();
  readonly #shipper: LogShipper;
  #node: NodeName;
  #facts: NodeFacts;
  #controller: ControllerSide | null = null;
  #launcher: LauncherSide | null = null;
  #turn = 0;

  constructor(options: CourierOptions) {
    this.#log = options.log;
    this.#node = options.node;
    this.#facts = options.factsWithoutLauncher;
    this.#shipper = new LogShipper({
      toLauncher: (message) => this.#launcher?.send(message) ?? false,
      toController: (message, payload) => this.#controller?.send(message, payload),
      controllerBufferedBytes: () => this.#controller?.bufferedBytes ?? null,
    });
  }

  // --- the controller

  controllerUp(side: ControllerSide): void {
    this.#controller = side;
    this.#shipper.reset();
    for (const run of this.#runs.values()) run.shippedBytes = null;
    this.#hello();
    for (const { running, outcome } of this.#runs.values()) if (running !== null && outcome === null) side.send(running);
    // In the launcher's order: the receipts are a chain.
    const ended = [...this.#runs.values()]
      .filter((run) => run.outcome !== null)
      .toSorted((a, b) => (a.outcome?.turn ?? 0) - (b.outcome?.turn ?? 0));
    for (const run of ended) this.#sendOutcome(run);
  }

  controllerDown(): void {
    this.#controller = null;
    this.#shipper.reset();
  }

  fromController(message: ToAgent): void {
    switch (message.type) {
      case "offer":
        this.#offered(message);
        return;
      case "cancel":
        this.#cancel(message);
        return;
      case "outcome-ack":
        this.#acknowledged(message.run, message.attempt);
        return;
      case "log-position": {
        const run = this.#runs.get(carriedRunKey(message.run, message.attempt));
        if (run === undefined) return;
        run.shippedBytes = message.offset;
        run.logMissing = false;
        run.checkSize = run.outcome !== null;
        this.#shipper.wake(run);
        return;
      }
      case "rotation":
        // A launcher that is away says its serial when it comes, and the controller sends this again.
        this.#launcher?.send({ type: "rotate", announcement: message.announcement });
        return;
      case "welcome":
        this.#log.info({ controller: message.controller, node: message.nodeName }, "connected to the controller");
        return;
      case "goodbye":
        this.#log.info({ reason: message.reason }, "the controller says goodbye");
        return;
      default:
        this.#log.warn({ type: (message as { type: string }).type }, "message of an unknown kind from the controller");
    }
  }

  // --- the launcher

  launcherUp(side: LauncherSide, hello: Extract<FromLauncher, { type: "hello-ok" }>): void {
    this.#launcher = side;
    this.#node = hello.node;
    this.#facts = hello.facts;
    this.#shipper.reset();
    const known = new Set<string>();
    for (const told of hello.runs) {
      const key = carriedRunKey(told.run, told.attempt);
      known.add(key);
      if (this.#toAcknowledge.has(key)) continue;
      const run = this.#runs.get(key) ?? newCarriedRun(told.run, told.attempt, null);
      this.#runs.set(key, run);
      run.state = told.state;
      run.logBytes = told.logBytes;
      run.logMissing = false;
    }
    for (const { run, attempt } of this.#toAcknowledge.values()) side.send({ type: "acknowledge", run, attempt });
    this.#toAcknowledge.clear();
    for (const [key, run] of this.#runs) {
      if (!known.has(key)) {
        // It never arrived, or the launcher has lost its memory. The launcher tells which: the same token never starts twice (S3).
        if (run.token === null) this.#runs.delete(key);
        else if (run.outcome === null) side.send({ type: "start", run: run.run, attempt: run.attempt, token: run.token });
      }
      if (run.cancel !== null) side.send({ type: "cancel", run: run.run, attempt: run.attempt, ...run.cancel });
      run.cancel = null;
    }
    this.#hello();
  }

  launcherDown(): void {
    if (this.#launcher === null) return;
    this.#launcher = null;
    this.#shipper.reset();
    this.#log.warn({}, launcherAway);
    this.#hello();
  }

  fromLauncher(message: FromLauncher, payload: Buffer): void {
    switch (message.type) {
      case "state":
        this.#state(message);
        return;
      case "log-grown": {
        const run = this.#runs.get(carriedRunKey(message.run, message.attempt));
        if (run === undefined) return;
        run.logBytes = Math.max(run.logBytes, message.logBytes);
        this.#shipper.wake(run);
        return;
      }
      case "log":
        this.#shipper.answered(message, payload);
        return;
      case "outcome":
        this.#outcome(message, payload);
        return;
      case "facts":
        this.#facts = message.facts;
        this.#controller?.send({ type: "facts", facts: message.facts });
        return;
      case "problem":
        this.#log.warn({ code: message.code, hint: message.hint }, `the launcher reports: ${message.message}`);
        return;
      case "hello-ok":
        return;
      default:
        this.#log.warn({ type: (message as { type: string }).type }, "message of an unknown kind from the launcher");
    }
  }

  /** Runs that are carried at present. */
  get runCount(): number {
    return this.#runs.size;
  }

  // --- inside

  #hello(): void {
    if (this.#controller === null) return;
    const runs: KnownRun[] = [];
    for (const { run, attempt, state, logBytes } of this.#runs.values()) runs.push({ run, attempt, state, logBytes });
    const facts =
      this.#launcher === null
        ? { ...this.#facts, journalId: "", warnings: [...this.#facts.warnings.filter((warning) => warning !== launcherAway), launcherAway] }
        : this.#facts;
    this.#controller.send({ type: "hello", protocol: 1, node: this.#node, facts, runs });
  }

  #offered(message: Extract<ToAgent, { type: "offer" }>): void {
    const { run: id, attempt, token } = message;
    const key = carriedRunKey(id, attempt);
    if (this.#runs.has(key)) return;
    const run = newCarriedRun(id, attempt, token);
    run.shippedBytes = 0;
    this.#runs.set(key, run);
    // A launcher that is away is given it when it comes.
    this.#launcher?.send({ type: "start", run: id, attempt, token });
  }

  #cancel(message: Extract<ToAgent, { type: "cancel" }>): void {
    const { run: id, attempt, by, reason } = message;
    if (this.#launcher?.send({ type: "cancel", run: id, attempt, by, reason }) === true) return;
    const run = this.#runs.get(carriedRunKey(id, attempt));
    if (run !== undefined) run.cancel = { by, reason };
  }

  #acknowledged(id: string, attempt: number): void {
    const key = carriedRunKey(id, attempt);
    const run = this.#runs.get(key);
    if (run !== undefined) this.#shipper.forget(run);
    this.#runs.delete(key);
    if (this.#launcher?.send({ type: "acknowledge", run: id, attempt }) !== true) this.#toAcknowledge.set(key, { run: id, attempt });
  }

  #state(message: Extract<FromLauncher, { type: "state" }>): void {
    const run = this.#runs.get(carriedRunKey(message.run, message.attempt));
    if (run === undefined || run.outcome !== null) return;
    run.state = message.state;
    const { state, at, decided } = message;
    if (state === "running")
      run.running = { type: "state", run: run.run, attempt: run.attempt, state, at, ...(decided === undefined ? {} : { decided }) };
    this.#controller?.send(run.running ?? { type: "accepted", run: run.run, attempt: run.attempt });
  }

  #outcome(message: Extract<FromLauncher, { type: "outcome" }>, payload: Buffer): void {
    const key = carriedRunKey(message.run, message.attempt);
    const run = this.#runs.get(key) ?? newCarriedRun(message.run, message.attempt, null);
    this.#runs.set(key, run);
    this.#turn += 1;
    run.state = "ended";
    // A copy: the payload is a view into a larger buffer of the socket.
    run.outcome = {
      receipt: message.receipt,
      logInline: message.logInline,
      payload: message.logInline ? Buffer.from(payload) : Buffer.alloc(0),
      turn: this.#turn,
    };
    if (message.logInline) run.logBytes = payload.length;
    if (this.#controller !== null) this.#sendOutcome(run);
  }

  #sendOutcome(run: CarriedRun): void {
    if (run.outcome === null) return;
    const { receipt, logInline, payload } = run.outcome;
    this.#controller?.send({ type: "outcome", run: run.run, attempt: run.attempt, receipt, logInline }, payload);
    if (logInline) run.shippedBytes = run.logBytes;
    else {
      run.checkSize = true;
      this.#shipper.wake(run);
    }
  }
}
