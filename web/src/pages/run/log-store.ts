/**
 * Lines of one run's log as this page has them: asked for where somebody looks, the newest as they are written. What belongs here: which
 * lines are there and which are on their way. What does not: how they are shown (`log-view.tsx`).
 */
import { asProblem, type ApiProblem } from "#web/api/api-problem.ts";
import { call } from "#web/api/call.ts";
import { followStream, type StreamState } from "#web/api/follow.ts";
import type { Operations, Schemas } from "#web/api/generated.ts";
import { freshMs, queryClient } from "#web/api/query-client.ts";
import { linesPerPage, logEndQuery } from "#web/pages/run/queries.ts";

export type LogLine = Schemas["LogLine"];
type Answer = Operations["GET /api/v1/runs/{id}/log/lines"]["answer"];

/** Asked for beyond what is seen, each way. */
const ahead = 150;
/** More are forgotten again, those farthest from where somebody looks first. */
const mostKept = 40_000;

export class LogStore {
  readonly #runId: string;
  readonly #lines = new Map<number, LogLine>();
  /** Lines that are seen now. */
  #seen: { readonly first: number; readonly last: number } | null = null;
  #asking = false;
  readonly #listeners = new Set<() => void>();
  readonly #ended = new AbortController();
  #version = 0;
  total = 0;
  /** False: the manager still counts. */
  complete = false;
  /** The run writes no more. */
  ended = false;
  loaded = false;
  problem: ApiProblem | null = null;
  stream: StreamState = "connecting";

  constructor(runId: string) {
    this.#runId = runId;
    // Asked ahead, when somebody was about to come here: then the first picture has its lines.
    const known = queryClient.getQueryState(logEndQuery(runId).queryKey);
    if (known?.data !== undefined && Date.now() - known.dataUpdatedAt < freshMs) this.#begin(known.data);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  version = (): number => this.#version;

  line(number: number): LogLine | undefined {
    return this.#lines.get(number);
  }

  /** Reads the end of the log, then follows it. */
  async open(): Promise<void> {
    this.problem = null;
    try {
      if (!this.loaded) this.#begin(await queryClient.fetchQuery({ ...logEndQuery(this.#runId), retry: false }));
    } catch (error) {
      this.problem = asProblem(error);
      this.#changed();
      return;
    }
    if (this.ended || this.#ended.signal.aborted) return;
    await followStream(`/api/v1/runs/${this.#runId}/log/lines/stream?known=${this.total}`, {
      signal: this.#ended.signal,
      onState: (state) => {
        this.stream = state;
        this.#changed();
      },
      onRefused: (problem) => {
        this.problem = problem;
        this.#changed();
      },
      onEvent: ({ event, data }) => {
        if (event === "restart") {
          this.#lines.clear();
          this.total = 0;
          this.#changed();
        }
        if (event === "lines") this.#take(data as { items: LogLine[]; total: number; complete: boolean });
        if (event !== "end") return;
        this.ended = true;
        this.#changed();
        return "stop";
      },
    });
  }

  close(): void {
    this.#ended.abort();
  }

  /** Somebody looks at these lines: what is missing of them is asked for, then what is missing beside them. */
  want(first: number, last: number): void {
    this.#seen = { first, last };
    if (this.#lines.size > mostKept) this.#forget((first + last) / 2);
    if (!this.#asking) void this.#askForSeen();
  }

  /** One page after the other, each where somebody looks by then: who drags the bar through a million lines waits for none that he has passed. */
  async #askForSeen(): Promise<void> {
    this.#asking = true;
    for (let page = this.#missing(); page !== null && !this.#ended.signal.aborted; page = this.#missing()) {
      try {
        if (!(await this.#load(page))) break;
      } catch {
        // Asked for again a little later; the stream tells that the manager is away.
        await new Promise((resolve) => setTimeout(resolve, 2000));
      }
    }
    this.#asking = false;
  }

  /** The page that is needed next; null: none is. */
  #missing(): number | null {
    if (this.#seen === null) return null;
    const { first, last } = this.#seen;
    for (const reach of [0, ahead]) {
      const end = Math.min(last + reach, this.total);
      for (let line = Math.max(1, first - reach); line <= end; line += 1)
        if (!this.#lines.has(line)) return Math.floor((line - 1) / linesPerPage);
    }
    return null;
  }

  /** Whether its lines are there then. */
  async #load(page: number): Promise<boolean> {
    const end = Math.min(this.total, (page + 1) * linesPerPage);
    // Long lines come in several answers.
    for (let from = page * linesPerPage + 1; from <= end;) {
      const { items, total, complete } = await call(
        "GET /api/v1/runs/{id}/log/lines",
        { path: { id: this.#runId }, query: { from, limit: end - from + 1 } },
        { signal: this.#ended.signal },
      );
      this.#take({ items, total: Math.max(total, this.total), complete });
      const last = items.at(-1);
      if (last === undefined) return false;
      from = last.line + 1;
    }
    return true;
  }

  #begin({ ended, ...answer }: Answer): void {
    this.loaded = true;
    this.ended = ended && answer.complete;
    this.#take(answer);
  }

  #take({ items, total, complete }: { items: readonly LogLine[]; total: number; complete: boolean }): void {
    for (const item of items) this.#lines.set(item.line, item);
    this.total = total;
    this.complete = complete;
    this.#changed();
  }

  #forget(around: number): void {
    const far = [...this.#lines.keys()].toSorted((a, b) => Math.abs(b - around) - Math.abs(a - around));
    for (const line of far.slice(0, this.#lines.size - mostKept / 2)) this.#lines.delete(line);
  }

  #changed(): void {
    this.#version += 1;
    for (const listener of this.#listeners) listener();
  }
}
