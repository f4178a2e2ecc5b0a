/** Finding over the whole log, which the manager does piece by piece: matches arrive while it goes on. */
import { useEffect, useState } from "react";
import { call } from "#web/api/call.ts";
import { notifyProblem } from "#web/components/notify.ts";

/** More lines than this are not collected; the count then says so. */
const mostFound = 10_000;

interface Found {
  readonly text: string;
  readonly lines: readonly number[];
  /** Line where the manager is; null: it has looked at everything. */
  readonly from: number | null;
  readonly more: boolean;
  /** Index of the match that is shown; null: none yet. */
  readonly at: number | null;
}

const nothing: Found = { text: "", lines: [], from: null, more: false, at: null };

export interface LogFind {
  readonly lines: readonly number[];
  readonly more: boolean;
  readonly searchingFrom: number | null;
  readonly at: number | null;
  /** Line number of the match that is shown. */
  readonly current: number | null;
  /** Goes to the next or previous match, round the end; answers its line. */
  readonly step: (by: number) => number | null;
}

/** `total`: lines of the log; new ones are searched as well. */
export const useLogFind = (runId: string, text: string, total: number): LogFind => {
  const [found, setFound] = useState(nothing);
  const state = found.text === text ? found : nothing;
  const isDone = state.text === text && state.from === null;
  /** Where to go on: behind what was looked at. A batch of new lines is looked at together. */
  const [lookedAt, setLookedAt] = useState(0);
  const behind = text !== "" && isDone && !state.more && total > lookedAt;
  useEffect(() => {
    if (text === "" || total === 0) return undefined;
    const stop = new AbortController();
    const begin = behind ? lookedAt + 1 : 1;
    const timer = setTimeout(
      () => {
        void (async () => {
          try {
            let lines: readonly number[] = behind ? state.lines : [];
            for (let from: number | null = begin; from !== null;) {
              const answer: { lines: readonly number[]; next: number | null; total: number } = await call(
                "GET /api/v1/runs/{id}/log/find",
                { path: { id: runId }, query: { q: text, from, limit: 1000 } },
                { signal: stop.signal },
              );
              lines = [...lines, ...answer.lines];
              const more = lines.length >= mostFound && answer.next !== null;
              from = more ? null : answer.next;
              const shown = lines;
              const next = from;
              setFound((before) => ({ text, lines: shown, from: next, more, at: before.text === text ? before.at : null }));
              if (from === null) setLookedAt(answer.total);
            }
          } catch (error) {
            if (!stop.signal.aborted) notifyProblem(error);
          }
        })();
      },
      behind ? 500 : 0,
    );
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
    // Begun for a text and again for lines that came since; what it found by then is its own.
    // oxlint-disable-next-line react/exhaustive-deps, react/exhaustive-effect-dependencies
  }, [runId, text, behind, total === 0]);
  return {
    lines: state.lines,
    more: state.more,
    searchingFrom: text !== "" && !isDone ? (state.from ?? 1) : null,
    at: state.at,
    current: state.at === null ? null : (state.lines[state.at] ?? null),
    step: (by) => {
      const count = state.lines.length;
      if (count === 0) return null;
      const at = state.at === null ? (by > 0 ? 0 : count - 1) : (state.at + by + count) % count;
      setFound({ ...state, text, at });
      return state.lines[at] ?? null;
    },
  };
};
