/**
 * One connected node: what it said, what it was given, and the connection itself. What belongs here: the conversation with one agent. What
 * does not: choosing runs (`dispatcher.ts`), believing outcomes (`outcome-desk.ts`), who may connect (`agent-listener.ts`).
 */
import { FrameSocket, type CarriedSocket } from "#link/websocket.ts";
import type { FromAgent, KnownRun, NodeDecision, NodeFacts, ToAgent } from "#link/messages.ts";
import { readRun, readRunsOnNode, resumeQueued, type RunOnNode } from "#jobs/dispatch-store.ts";
import { readAgentMessage } from "#controller/agent-message.ts";
import type { ControllerContext } from "#controller/controller-context.ts";
import { liveRunOf, type LiveRun } from "#controller/live-run.ts";
import { OutcomeDesk } from "#controller/outcome-desk.ts";
import { LogIntake } from "#controller/log-intake.ts";
import type { KnownNode } from "#controller/ports.ts";
import { reconcile } from "#controller/rules/reconcile.ts";
import { settleNotReached, settleUnknown } from "#controller/settle-run.ts";

export interface SessionFacts {
  readonly nodeId: string;
  readonly nodeName: string;
  readonly connectedAtMs: number;
  /** False: the agent is there, its launcher is not. */
  readonly launcherReachable: boolean;
  readonly facts: NodeFacts | null;
  readonly runsInFlight: number;
}

/** An acknowledgement only lets the node forget: a few at once are one message to carry. */
const ackAfterMs = 25;

export class AgentSession {
  readonly node: KnownNode;
  readonly #context: ControllerContext;
  readonly #socket: FrameSocket<FromAgent, ToAgent>;
  readonly #desk: OutcomeDesk;
  readonly #intake: LogIntake;
  readonly #live = new Map<string, LiveRun>();
  /** Live runs that still occupy the node. */
  #inFlight = 0;
  /** Slots promised to offers that are being committed. */
  #reserved = 0;
  #heldUntil = Number.NEGATIVE_INFINITY;
  #facts: NodeFacts | null = null;
  #reconciled = false;
  #welcomed = false;
  #closed = false;
  readonly #toAcknowledge: { run: string; attempt: number }[] = [];
  #ackTimer: NodeJS.Timeout | null = null;
  #waiting: { message: FromAgent; payload: Buffer }[] | null = null;
  readonly connectedAtMs: number;
  readonly #onClosed: (session: AgentSession) => void;
  readonly #onFacts: () => void;

  constructor(
    context: ControllerContext,
    connection: CarriedSocket,
    node: KnownNode,
    onClosed: (session: AgentSession) => void,
    onFacts: () => void,
  ) {
    this.#context = context;
    this.node = node;
    this.#onClosed = onClosed;
    this.#onFacts = onFacts;
    this.connectedAtMs = context.clock.nowMs();
    this.#socket = new FrameSocket<FromAgent, ToAgent>(
      connection,
      { message: (header, payload) => this.#read(header, payload), closed: (reason) => this.#ended(reason) },
      { pingEveryMs: context.settings.heartbeatMs, silenceMs: context.settings.silenceMs },
    );
    this.#intake = new LogIntake(context.logs, context.log, {
      logPosition: (live, offset) => {
        if (this.isOpen && this.#live.get(live.run) === live)
          this.#send({ type: "log-position", run: live.run, attempt: live.attempt, offset });
      },
      grown: (live) => {
        if (live.outcome !== null) void this.#desk.progress(live);
      },
      hold: () => this.#socket.pause(),
      goOn: () => this.#socket.resume(),
    });
    this.#desk = new OutcomeDesk(context, node, {
      ack: (run, attempt) => {
        const live = this.#live.get(run);
        if (live?.attempt === attempt) this.#live.delete(run);
        this.#acknowledge(run, attempt);
      },
      logPosition: (run, attempt, offset) => this.#send({ type: "log-position", run, attempt, offset }),
      holdOffers: () => this.#holdOffers(),
      left: () => {
        this.#inFlight -= 1;
        context.wake();
      },
    });
  }

  get isOpen(): boolean {
    return !this.#closed && this.#socket.isOpen;
  }

  /** It has reported once. */
  get isKnown(): boolean {
    return this.#facts !== null;
  }

  /** Runs whose outcome is not committed and acknowledged. */
  get unsettledRuns(): number {
    return this.#live.size;
  }

  /** The journal that an offer would go into; null while nothing may be offered. */
  get journalId(): string | null {
    const id = this.#facts?.journalId ?? "";
    return this.isOpen && this.#reconciled && id !== "" ? id : null;
  }

  get freeSlots(): number {
    if (this.#context.clock.monotonicMs() < this.#heldUntil) return 0;
    return Math.max(0, this.#context.settings.maxInFlightPerNode - this.#inFlight - this.#reserved);
  }

  get facts(): SessionFacts {
    return {
      nodeId: this.node.id,
      nodeName: this.node.name,
      connectedAtMs: this.connectedAtMs,
      launcherReachable: (this.#facts?.journalId ?? "") !== "",
      facts: this.#facts,
      runsInFlight: this.#inFlight,
    };
  }

  reserve(slots: number): () => void {
    this.#reserved += slots;
    return () => {
      this.#reserved -= slots;
    };
  }

  /** Sends an offer that is committed. False: the connection is gone, and the token never left. */
  offer(live: LiveRun, token: string): boolean {
    if (!this.isOpen) return false;
    live.offeredHere = true;
    // The first attempt, or one before which the log was emptied.
    live.logUntouched = true;
    live.logFlowing = true;
    this.#live.set(live.run, live);
    this.#inFlight += 1;
    this.#send({ type: "offer", run: live.run, attempt: live.attempt, token });
    return true;
  }

  /** Passes a cancellation on. False: the run is not live here (yet). */
  cancel(run: string, cancel: { readonly by: string; readonly reason: string }): boolean {
    const live = this.#live.get(run);
    if (live === undefined) return false;
    live.cancel = cancel;
    this.#send({ type: "cancel", run, attempt: live.attempt, by: cancel.by, reason: cancel.reason });
    return true;
  }

  /** Sends the realm's announcement of its issuers, unless the node has it. */
  announce(): void {
    const announced = this.#context.announcement();
    if (announced === null || !this.isOpen || this.#facts === null || this.#facts.journalId === "") return;
    if ((this.#facts.rotationSerial ?? 0) < announced.serial) this.#send({ type: "rotation", announcement: announced.text });
  }

  /** Ends the connection: goodbye, or at once where the node may not be trusted with a goodbye. */
  close(reason: string, atOnce = false): void {
    this.#desk.close();
    if (atOnce) return this.#socket.terminate(reason);
    this.#sendAcknowledgements();
    this.#send({ type: "goodbye", reason });
    this.#socket.close(1000, reason);
  }

  #acknowledge(run: string, attempt: number): void {
    this.#toAcknowledge.push({ run, attempt });
    this.#ackTimer ??= setTimeout(() => this.#sendAcknowledgements(), ackAfterMs).unref();
  }

  #sendAcknowledgements(): void {
    if (this.#ackTimer !== null) clearTimeout(this.#ackTimer);
    this.#ackTimer = null;
    for (const { run, attempt } of this.#toAcknowledge.splice(0)) this.#send({ type: "outcome-ack", run, attempt });
  }

  #send(message: ToAgent): void {
    this.#socket.send(message);
  }

  #ended(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#desk.close();
    this.#context.log.info({ node: this.node.name, reason }, "an agent has gone");
    this.#onClosed(this);
  }

  #read(header: unknown, payload: Buffer): void {
    if (this.#closed) return;
    const read = readAgentMessage(header);
    if (!read.ok) {
      this.#context.log.error({ node: this.node.name, code: read.problem.code }, `connection cut: ${read.problem.message}`);
      return this.close("protocol error");
    }
    // While the node's report is compared with the store, what follows it waits in order.
    if (this.#waiting !== null) {
      this.#waiting.push({ message: read.value, payload: Buffer.from(payload) });
      return;
    }
    this.#handle(read.value, payload);
  }

  #handle(message: FromAgent, payload: Buffer): void {
    if (message.type === "hello") return void this.#hello(message);
    if (!this.#welcomed) return this.close("said something before hello");
    switch (message.type) {
      case "accepted":
        return this.#accepted(message.run, message.attempt, "accepted");
      case "state":
        return message.state === "running"
          ? this.#accepted(message.run, message.attempt, "running", Date.parse(message.at), message.decided)
          : this.#accepted(message.run, message.attempt, "accepted");
      case "log": {
        const live = this.#liveAt(message.run, message.attempt);
        if (live !== null) this.#intake.take(live, message.offset, payload);
        return;
      }
      case "log-missing": {
        const live = this.#liveAt(message.run, message.attempt);
        if (live === null) return;
        live.logMissing = true;
        return void this.#desk.progress(live);
      }
      case "outcome":
        return void this.#outcome(message, payload);
      case "renew":
        return void this.#renew(message.csr);
      case "facts":
        // A change of the journal, or its loss, comes with a hello.
        if (this.#facts !== null && message.facts.journalId === this.#facts.journalId) void this.#keepFacts(message.facts);
        return;
    }
  }

  async #renew(csr: string): Promise<void> {
    const { log, nodes } = this.#context;
    if (!this.#context.mayRenew(this.node.id)) return log.warn({ node: this.node.name }, "an agent asks for certificates too often");
    try {
      this.#send({ type: "renewed", certificate: await nodes.renewCertificate(this.node.id, csr) });
      log.info({ node: this.node.name }, "an agent's certificate was renewed");
    } catch (error) {
      log.error({ node: this.node.name, error }, "an agent's certificate could not be renewed");
    }
  }

  #holdOffers(): void {
    const { clock, settings, wake } = this.#context;
    this.#heldUntil = clock.monotonicMs() + settings.holdOffersMs;
    setTimeout(wake, settings.holdOffersMs + 1).unref();
  }

  #liveAt(run: string, attempt: number): LiveRun | null {
    const live = this.#live.get(run);
    return live?.attempt === attempt ? live : null;
  }

  #accepted(
    run: string,
    attempt: number,
    state: "accepted" | "running",
    startedAt: number | null = null,
    decided: NodeDecision | null = null,
  ): void {
    const live = this.#liveAt(run, attempt);
    if (live === null || live.outcome !== null) return;
    live.offeredHere = false;
    // That it runs may be the first that is heard of it: then the node had it when it began.
    live.acceptedAtMs ??= Math.min(this.#context.clock.nowMs(), startedAt ?? Number.POSITIVE_INFINITY);
    const acceptedAt = live.acceptedAtMs;
    this.#context.states.add({ id: run, attempt, state, acceptedAt, startedAt, decided }, () =>
      this.#context.changed({
        run,
        submission: live.submission,
        jobPath: live.jobPath,
        folder: live.folder,
        submitter: live.submitter,
        node: live.node,
        state,
        result: null,
        attempt,
        atMs: this.#context.clock.nowMs(),
      }),
    );
  }

  async #outcome(message: Extract<FromAgent, { type: "outcome" }>, payload: Buffer): Promise<void> {
    const { run, attempt, receipt } = message;
    const inlineLog = message.logInline ? payload : null;
    const live = this.#liveAt(run, attempt);
    try {
      if (live !== null) return await this.#desk.received(live, receipt, inlineLog);
      if ((await this.#desk.stray(run, attempt, receipt)) === "resumed") {
        const row = await readRun(this.#context.store.read, run);
        if (row !== null) await this.#desk.received(await this.#adopt(row), receipt, inlineLog);
      }
    } catch (error) {
      // Not acknowledged: it comes again with the next connection.
      this.#context.log.error({ run, node: this.node.name, error }, "an outcome could not be taken");
    }
  }

  /** The run has left this node in another way than by an outcome. */
  async #gone(live: LiveRun, settle: () => Promise<unknown>): Promise<void> {
    this.#live.delete(live.run);
    if (live.outcome === null) this.#inFlight -= 1;
    try {
      await settle();
      this.#context.wake();
    } catch (error) {
      // The next report of this node says the same again.
      this.#context.log.error({ run: live.run, node: this.node.name, error }, "a run could not be settled");
      this.close("the manager cannot write its store at present");
    }
  }

  async #adopt(row: RunOnNode): Promise<LiveRun> {
    const revision = await this.#context.jobs.getRevision(row.jobPath, row.jobRevision);
    const live = liveRunOf(row, revision?.job ?? { successExitCodes: [[0, 0]], restartable: false });
    this.#live.set(row.id, live);
    this.#inFlight += 1;
    return live;
  }

  async #keepFacts(facts: NodeFacts): Promise<void> {
    this.#facts = facts;
    this.#onFacts();
    try {
      await this.#context.store.write((tx) => this.#context.nodes.saveFacts(tx, this.node.id, facts, this.#context.clock.nowMs()));
    } catch (error) {
      this.#context.log.warn({ node: this.node.name, error }, "facts of a node could not be stored");
    }
  }

  async #hello(message: Extract<FromAgent, { type: "hello" }>): Promise<void> {
    const waiting: { message: FromAgent; payload: Buffer }[] = [];
    this.#waiting = waiting;
    this.#reconciled = false;
    try {
      await this.#reconcileWith(message);
    } catch (error) {
      this.#context.log.error({ node: this.node.name, error }, "a node's report could not be compared with the store");
      return this.close("the manager cannot read its store at present");
    }
    this.#waiting = null;
    // A hello among them makes the rest wait again.
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (this.#closed) return;
      this.#handle(next.message, next.payload);
      if (this.#waiting !== null) {
        (this.#waiting as { message: FromAgent; payload: Buffer }[]).push(...waiting);
        return;
      }
    }
    this.#onFacts();
    this.#context.wake();
  }

  async #reconcileWith(message: Extract<FromAgent, { type: "hello" }>): Promise<void> {
    const { facts, node } = message;
    const { store, nodes, audit, clock, log, settings } = this.#context;
    // An agent that has not seen its launcher yet does not know its key: nothing is offered to it either.
    const isUnseen = facts.journalId === "" && node.keyThumbprint === "";
    if (node.id !== this.node.id || (node.keyThumbprint !== this.node.keyThumbprint && !isUnseen)) {
      log.error(
        { node: this.node.name, reported: node.id },
        "the launcher behind this agent is not the one that joined as this node: connection cut",
      );
      return this.close("this launcher is not the one that joined as this node; join it anew with `behalf node join`");
    }
    const { journalId } = facts;
    const before = this.#facts?.journalId === undefined || this.#facts.journalId === "" ? this.node.journalId : this.#facts.journalId;
    const changed = journalId !== "" && before !== null && before !== journalId;
    this.#facts = facts;
    this.#desk.journalIs(journalId, changed);
    await store.write(async (tx, stage) => {
      // While its launcher is away, a node's facts are what the agent remembers: not worth storing.
      if (journalId === "") return nodes.saveSeen(tx, this.node.id, clock.nowMs());
      await nodes.saveFacts(tx, this.node.id, facts, clock.nowMs());
      if (!changed) return;
      await nodes.saveReceiptPosition(tx, this.node.id, { sequence: 0, hash: "" });
      audit.stageNote(stage, {
        actor: "part:controller",
        action: "nodes.journal-changed",
        object: this.node.name,
        detail: { before, now: journalId },
      });
    });
    if (!this.#welcomed) {
      this.#welcomed = true;
      this.#send({ type: "welcome", controller: settings.name, nodeName: this.node.name, heartbeatMs: settings.heartbeatMs });
      log.info({ node: this.node.name, launcherReachable: journalId !== "", runs: message.runs.length }, "an agent has come");
    }
    // Before any offer on this connection, and again to a launcher that was away.
    this.announce();
    const known = new Map<string, KnownRun>();
    for (const run of message.runs) if ((known.get(run.run)?.attempt ?? 0) < run.attempt) known.set(run.run, run);
    const rows = await readRunsOnNode(store.read, { controller: settings.name, node: this.node.name });
    const onNode = new Set<string>();
    for (const row of rows) {
      onNode.add(row.id);
      await this.#compare(row, known.get(row.id) ?? null, journalId);
    }
    for (const run of known.values()) if (!onNode.has(run.run)) await this.#unexpected(run, journalId);
    this.#reconciled = true;
  }

  async #compare(row: RunOnNode, known: KnownRun | null, journalId: string): Promise<void> {
    const before = this.#liveAt(row.id, row.attempt);
    const decided = reconcile(
      { attempt: row.attempt, journalId: row.journalId, offeredHere: before?.offeredHere ?? false },
      { journalId, known },
    );
    if (decided.kind === "wait" && before !== null) return;
    const live = before ?? (await this.#adopt(row));
    if (live.settling || live.outcome !== null) return;
    switch (decided.kind) {
      case "wait":
        return;
      case "offer-again":
        this.#context.log.warn({ run: live.run, attempt: live.attempt, node: this.node.name }, "the node never got this run");
        return this.#gone(live, () => settleNotReached(this.#context, live, "the offer never reached the node"));
      case "unknown":
        this.#context.log.warn({ run: live.run, attempt: live.attempt, node: this.node.name }, "the node has lost its memory of this run");
        return this.#gone(live, () => settleUnknown(this.#context, live, "the node's journal was lost"));
      case "keep":
        live.offeredHere = false;
        if (row.state !== decided.state && row.state !== "running") this.#accepted(row.id, row.attempt, decided.state);
        if (known?.state !== "ended" && known?.state !== "refused") {
          live.logFlowing = true;
          this.#send({ type: "log-position", run: row.id, attempt: row.attempt, offset: await this.#context.logs.size(row.id) });
        }
        if (row.cancel !== null) this.cancel(row.id, row.cancel);
    }
  }

  /** The node knows a run that should not be on it. */
  async #unexpected(known: KnownRun, journalId: string): Promise<void> {
    const row = await readRun(this.#context.store.read, known.run);
    // An outcome, where there is one, is sent by itself and acknowledged then.
    if (row === null || row.node !== this.node.name) return;
    if (row.state === "ended" && known.state === "accepted") this.#send({ type: "outcome-ack", run: known.run, attempt: known.attempt });
    const isRunning = known.state === "running" || known.state === "starting";
    if (row.state === "queued" && row.attempt === known.attempt && isRunning && row.orderDigest !== null) {
      const resumed = await this.#context.store.write((tx) =>
        resumeQueued(tx, { id: row.id, attempt: row.attempt, state: "running", journalId, orderDigest: row.orderDigest ?? "" }),
      );
      if (resumed) await this.#compare({ ...row, state: "running", journalId }, known, journalId);
    }
  }
}
