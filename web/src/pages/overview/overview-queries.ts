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
const failing = "failed,timed-out,refused,unknown";

export const underWayQuery = queryOptions({
  queryKey: ["runs", "overview", "under-way"],
  queryFn: async ({ signal }) => (await call("GET /api/v1/runs", { query: { state: "active", limit: shown } }, { signal })).items,
  ...often,
});

export const failuresQuery = queryOptions({
  queryKey: ["runs", "overview", "failures"],
  queryFn: async ({ signal }) =>
    (await call("GET /api/v1/runs", { query: { result: failing, from: dayAgo(), limit: shown } }, { signal })).items,
  ...often,
});

/** Those of one account that are under way, since whenever, or did not end well in the last day. */
export const mineQuery = (submitter: string) =>
  queryOptions({
    queryKey: ["runs", "overview", "mine", submitter],
    queryFn: async ({ signal }) => {
      const lists = await Promise.all([
        call("GET /api/v1/runs", { query: { submitter, state: "active", limit: shown } }, { signal }),
        call("GET /api/v1/runs", { query: { submitter, result: `${failing},cancelled`, from: dayAgo(), limit: shown } }, { signal }),
      ]);
      return lists
        .flatMap(({ items }) => items)
        .toSorted((a, b) => (a.queuedAt < b.queuedAt ? 1 : -1))
        .slice(0, shown);
    },
    ...often,
  });

export const nodesQuery = queryOptions({
  queryKey: ["nodes", "overview"],
  queryFn: ({ signal }) => call("GET /api/v1/nodes", { query: { limit: 200 } }, { signal }),
  ...often,
});
