/** The list of runs as it changes: rows that are shown follow the stream, new ones are counted until somebody wants them. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { Schemas } from "#web/api/generated.ts";
import { useLiveEvents } from "#web/api/live.ts";
import { useList, type List } from "#web/components/use-list.ts";
import { runCountsQuery, runsFilter, runsQuery, type RunsFilter } from "#web/pages/runs/queries.ts";
import type { RunsSearch } from "#web/pages/runs/route.ts";

export type Run = Schemas["RunSummary"];

/** Counting 100,000 runs takes the manager a tenth of a second: not at each change. */
const countAfterMs = 4000;

export interface Runs {
  readonly filter: RunsFilter;
  readonly list: List<Run>;
  readonly counts: { readonly states: Readonly<Record<string, number>>; readonly results: Readonly<Record<string, number>> } | null;
  /** Runs that began since the list was loaded. */
  readonly fresh: number;
  readonly showFresh: () => void;
}

export const useRuns = (search: RunsSearch): Runs => {
  const queries = useQueryClient();
  const { since } = search;
  // Fixed while the filter stands, so that pages of one list are of one list.
  const [begun, setBegun] = useState(() => ({ since, atMs: Date.now() }));
  if (begun.since !== since) setBegun({ since, atMs: Date.now() });
  const filter = runsFilter(search, begun.atMs);
  const listed = runsQuery(filter);
  const known = useRef<ReadonlySet<string>>(new Set());
  const [fresh, setFresh] = useState<ReadonlySet<string>>(new Set());
  const list = useList<Run>(listed);
  const counts = useQuery({
    ...runCountsQuery(filter),
    // For changes that nobody told of.
    refetchInterval: 60_000,
  });
  useEffect(() => {
    known.current = new Set(list.rows.map(({ id }) => id));
  }, [list.rows]);

  const showFresh = (): void => {
    setFresh(new Set());
    // From the top, and only the top: what was loaded below has moved.
    queries.setQueryData(listed.queryKey, (data) =>
      data === undefined ? undefined : { pages: data.pages.slice(0, 1), pageParams: data.pageParams.slice(0, 1) },
    );
    list.reload();
    void counts.refetch();
  };

  // Changes arrive in bursts: they are put into the list together.
  const changed = useRef(new Map<string, Run>());
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const countTimer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const flush = (): void => {
    timer.current = undefined;
    const now = changed.current;
    changed.current = new Map();
    const unknown = [...now.keys()].filter((id) => !known.current.has(id));
    if (now.size > unknown.length)
      queries.setQueryData(listed.queryKey, (data) =>
        data === undefined
          ? undefined
          : {
              ...data,
              pages: data.pages.map((page) =>
                page.items.some(({ id }) => now.has(id))
                  ? {
                      ...page,
                      items: page.items.map((row) => {
                        const next = now.get(row.id);
                        return next === undefined ? row : { ...next, ...(row.may === undefined ? {} : { may: row.may }) };
                      }),
                    }
                  : page,
              ),
            },
      );
    if (unknown.length > 0) setFresh((before) => new Set([...before, ...unknown]));
  };
  useLiveEvents((event) => {
    if (event.event === "resync") list.reload();
    if (event.event !== "run") return;
    const run = event.data;
    const isListed = known.current.has(run.id);
    const fits =
      (filter.job === undefined || run.job === filter.job) &&
      (filter.node === undefined || run.node === filter.node) &&
      (filter.state === undefined || run.state === filter.state) &&
      (filter.result === undefined || run.result === filter.result) &&
      (filter.submission === undefined || run.submission === filter.submission) &&
      (filter.submitter === undefined || run.submitter.accessId === filter.submitter) &&
      (filter.folder === undefined || filter.folder === "/" || run.job.startsWith(`${filter.folder}/`));
    if (!isListed && !fits) return;
    countTimer.current ??= setTimeout(() => {
      countTimer.current = undefined;
      void counts.refetch();
    }, countAfterMs);
    // What follows the last row that is loaded is not new, only further down.
    const oldest = list.hasMore ? list.rows.at(-1) : undefined;
    const isFurtherDown = oldest !== undefined && Date.parse(run.queuedAt) <= Date.parse(oldest.queuedAt);
    if (!isListed && (isFurtherDown || Date.parse(run.queuedAt) < list.updatedAtMs - 60_000)) return;
    changed.current.set(run.id, run);
    timer.current ??= setTimeout(flush, 150);
  });
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      clearTimeout(countTimer.current);
    },
    [],
  );

  return { filter, list: { ...list, total: counts.data?.total ?? list.total }, counts: counts.data ?? null, fresh: fresh.size, showFresh };
};
