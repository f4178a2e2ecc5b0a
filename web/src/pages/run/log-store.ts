/**
 * Lines of one run's log as this page has them: asked for where somebody looks, the newest as they are written. What belongs here: which
 * lines are there and which are on their way. What does not: how they are shown (`log-view.tsx`).
 */
import { asProblem, type ApiProblem } from "#web/api/api-problem.ts";
import { call } from "#web/api/call.ts";
import { followStream, type StreamState } from "#web/api/follow.ts";
import type { Schemas } from "#web/api/generated.ts";

export type LogLine = Schemas["LogLine"];

/** Lines are asked for in runs of so many. */
const perPage = 200;
/** More are forgotten again, those farthest from where somebody looks first. */
const mostKept = 40_000;

export class LogStore {
  readonly #runId: string;
  readonly #lines = new Map<number, LogLine>();
  readonly #asked = new Set<number>();
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
      const { items, total, complete, ended } = await call(
        "GET /api/v1/runs/{id}/log/lines",
        { path: { id: this.#runId }, query: { limit: perPage } },
        { signal: this.#ended.signal },
      );
      this.loaded = true;
      this.#take({ items, total, complete });
      if (ended && complete) {
        this.ended = true;
        this.#changed();
        return;
      }
    } catch (error) {
      if (this.#ended.signal.aborted) return;
      this.problem = asProblem(error);
      this.#changed();
      return;
    }
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
          this.#asked.clear();
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

  /** Somebody looks at these lines: what is missing of them is asked for. */
  want(first: number, last: number): void {
    const end = Math.min(last, this.total);
    for (let page = Math.floor((Math.max(1, first) - 1) / perPage); page * perPage < end; page += 1) {
      const from = Math.max(first, page * perPage + 1);
      const to = Math.min(end, (page + 1) * perPage);
      for (let line = from; line <= to; line += 1) {
        if (this.#lines.has(line)) continue;
        void this.#load(page);
        break;
      }
    }
    if (this.#lines.size > mostKept) this.#forget((first + last) / 2);
  }

  async #load(page: number): Promise<void> {
    if (this.#asked.has(page)) return;
    this.#asked.add(page);
    try {
      const end = Math.min(this.total, (page + 1) * perPage);
      // Long lines come in several answers.
      for (let from = page * perPage + 1; from <= end;) {
        const { items, total, complete } = await call(
          "GET /api/v1/runs/{id}/log/lines",
          { path: { id: this.#runId }, query: { from, limit: end - from + 1 } },
          { signal: this.#ended.signal },
        );
        this.#take({ items, total: Math.max(total, this.total), complete });
        const last = items.at(-1);
        if (last === undefined) break;
        from = last.line + 1;
      }
      this.#asked.delete(page);
    } catch {
      // Asked for again when somebody looks there a little later; the stream tells that the manager is away.
      setTimeout(() => {
        this.#asked.delete(page);
        this.#changed();
      }, 2000);
    }
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
