/** What the overview asks for. Each part stands alone: what one may not see leaves the others as they are. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { call } from "#web/api/call.ts";
import type { OverviewSearch } from "#web/pages/overview/route.ts";

const dayMs = 86_400_000;
/** Begins at a whole minute, so that asking again within it asks the same. */
const dayAgo = (): string => new Date(Math.floor((Date.now() - dayMs) / 60_000) * 60_000).toISOString();
export const often = { refetchInterval: 30_000 } as const;

export const nowCountsQuery = queryOptions({
  queryKey: ["runs", "counts", "now"],
  queryFn: async ({ signal }) => (await call("GET /api/v1/runs/counts", { query: {} }, { signal })).states,
  ...often,
});

export const dayCountsQuery = queryOptions({
  queryKey: ["runs", "counts", "day"],
  queryFn: async ({ signal }) => (await call("GET /api/v1/runs/counts", { query: { from: dayAgo() } }, { signal })).results,
  ...often,
});

export const seriesQuery = (span: NonNullable<OverviewSearch["span"]>) =>
  queryOptions({
    queryKey: ["runs", "series", span],
    queryFn: ({ signal }) => call("GET /api/v1/runs/series", { query: { span } }, { signal }),
    placeholderData: keepPreviousData,
    ...often,
  });

const shown = 8;
const failing = ["failed", "timed-out", "refused", "unknown"] as const;
const unended = ["running", "accepted", "offered", "queued"] as const;

const newestFirst = <T extends { readonly queuedAt: string }>(lists: readonly { readonly items: readonly T[] }[]): readonly T[] =>
  lists
    .flatMap(({ items }) => items)
    .toSorted((a, b) => (a.queuedAt < b.queuedAt ? 1 : -1))
    .slice(0, shown);

export const underWayQuery = queryOptions({
  queryKey: ["runs", "overview", "under-way"],
  queryFn: async ({ signal }) =>
    newestFirst(await Promise.all(unended.map((state) => call("GET /api/v1/runs", { query: { state, limit: shown } }, { signal })))),
  ...often,
});

export const failuresQuery = queryOptions({
  queryKey: ["runs", "overview", "failures"],
  queryFn: async ({ signal }) =>
    newestFirst(
      await Promise.all(failing.map((result) => call("GET /api/v1/runs", { query: { result, from: dayAgo(), limit: shown } }, { signal }))),
    ),
  ...often,
});

/** Those of one account that are under way or did not end well in the last day. */
export const mineQuery = (submitter: string) =>
  queryOptions({
    queryKey: ["runs", "overview", "mine", submitter],
    queryFn: async ({ signal }) => {
      const { items } = await call("GET /api/v1/runs", { query: { submitter, from: dayAgo(), limit: 100 } }, { signal });
      return items.filter(({ result }) => result !== "succeeded").slice(0, shown);
    },
    ...often,
  });

export const nodesQuery = queryOptions({
  queryKey: ["nodes", "overview"],
  queryFn: ({ signal }) => call("GET /api/v1/nodes", { query: { limit: 200 } }, { signal }),
  ...often,
});
