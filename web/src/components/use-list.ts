/** A list that comes page by page with a cursor, as one growing array of rows. */
import { useInfiniteQuery, type QueryKey } from "@tanstack/react-query";
import { useMemo } from "react";

export interface ListPage<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
  /** Absent where the manager does not count. */
  readonly total?: number;
}

export interface List<T> {
  readonly rows: readonly T[];
  /** Null: not known before the last page. */
  readonly total: number | null;
  readonly hasMore: boolean;
  readonly isPending: boolean;
  readonly isLoadingMore: boolean;
  /** What went wrong with the first page, with the next one, or with loading again. */
  readonly error: Error | null;
  readonly updatedAtMs: number;
  readonly loadMore: () => void;
  readonly reload: () => void;
}

export const listKeyOf = (name: string, filters: object): QueryKey => [name, "list", filters];

/** `load` is asked with the cursor of the page before; undefined: the first. */
export const useList = <T>(
  key: QueryKey,
  load: (cursor: string | undefined, signal: AbortSignal) => Promise<ListPage<T>>,
  options: { readonly enabled?: boolean; readonly refetchInterval?: number } = {},
): List<T> => {
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => load(pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    // Comparing 100,000 rows at each page costs more than drawing the forty that are seen.
    structuralSharing: false,
    // A long list is loaded again page by page: not for a look at another window.
    refetchOnWindowFocus: ({ state }) => (state.data?.pages.length ?? 0) <= 3,
    ...options,
  });
  const { data, fetchNextPage, refetch } = query;
  const rows = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  const total = data?.pages.at(-1)?.total ?? (data !== undefined && !query.hasNextPage ? rows.length : null);
  return {
    rows,
    total,
    hasMore: query.hasNextPage,
    isPending: query.isPending,
    isLoadingMore: query.isFetchingNextPage,
    error: query.error,
    updatedAtMs: query.dataUpdatedAt,
    loadMore: () => {
      if (!query.isFetchingNextPage && query.hasNextPage) void fetchNextPage();
    },
    reload: () => void refetch(),
  };
};
