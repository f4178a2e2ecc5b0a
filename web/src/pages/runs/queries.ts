/** What the list of runs asks for. */
import { queryOptions } from "@tanstack/react-query";
import { call } from "#web/api/call.ts";
import { listQuery } from "#web/api/list.ts";
import { cancelPermission, createPermission } from "#web/components/run-queries.ts";
import type { RunsSearch } from "#web/pages/runs/route.ts";

const hinted = `${cancelPermission},${createPermission}`;
const perPage = 200;
const spanMs = { "1h": 3_600_000, "24h": 86_400_000, "7d": 7 * 86_400_000 } as const;

/** What the manager is asked for: the filters of the address, their span as an instant. */
export type RunsFilter = Omit<RunsSearch, "since"> & { readonly from?: string };

/** The span begins at a whole minute, so that asking again within it asks the same. */
export const runsFilter = ({ since, ...rest }: RunsSearch, nowMs: number): RunsFilter => ({
  ...rest,
  ...(since === undefined ? {} : { from: new Date(Math.floor((nowMs - spanMs[since]) / 60_000) * 60_000).toISOString() }),
});

export const runsQuery = (filter: RunsFilter) =>
  listQuery("runs", filter, (cursor, signal) =>
    call("GET /api/v1/runs", { query: { ...filter, may: hinted, limit: perPage, ...cursor } }, { signal }),
  );

/** What is counted may be narrower than what a list shows. */
type CountedFilter = Omit<RunsFilter, "state"> & { readonly state?: RunsFilter["state"] | "active"; readonly before?: string };

export const runCountsQuery = (filter: CountedFilter) =>
  queryOptions({
    queryKey: ["runs", "counts", filter],
    queryFn: ({ signal }) => call("GET /api/v1/runs/counts", { query: filter }, { signal }),
  });
