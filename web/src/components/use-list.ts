/** A list that comes page by page with a cursor, as one growing array of rows. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { isLong, type ListQuery } from "#web/api/list.ts";

export interface List<T, B = unknown> {
  readonly rows: readonly T[];
  /** Undefined: nothing is loaded yet, or nothing is said. */
  readonly beside: B | undefined;
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

export const useList = <T, B = unknown>(asked: ListQuery<T, B>): List<T, B> => {
  const query = useInfiniteQuery({
    ...asked,
    refetchOnWindowFocus: ({ state }) => !isLong(state.data?.pages.length ?? 0),
  });
  const { data, fetchNextPage, refetch } = query;
  const rows = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  const total = data?.pages.at(-1)?.total ?? (data !== undefined && !query.hasNextPage ? rows.length : null);
  return {
    rows,
    beside: data?.pages.at(-1)?.beside,
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
