/** Lists that come page by page with a cursor: how they are asked for, by the page that shows them and by who asks ahead (`ahead.ts`). */
import { infiniteQueryOptions, type QueryKey } from "@tanstack/react-query";

export interface ListPage<T, B = unknown> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
  /** Absent where the manager does not count. */
  readonly total?: number;
  /** What the answer says of the whole list beside its rows. */
  readonly beside?: B;
}

export const listKeyOf = (name: string, filters: object): QueryKey => [name, "list", filters];

/** `load` is asked with the cursor of the page before; `{}`: the first. */
export const listQuery = <T, B = unknown>(
  name: string,
  filters: object,
  load: (cursor: { readonly cursor?: string }, signal: AbortSignal) => Promise<ListPage<T, B>>,
) =>
  infiniteQueryOptions({
    queryKey: listKeyOf(name, filters),
    queryFn: ({ pageParam, signal }) => load(pageParam === undefined ? {} : { cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    // Comparing 100,000 rows at each page costs more than drawing the forty that are seen.
    structuralSharing: false,
  });

export type ListQuery<T, B = unknown> = ReturnType<typeof listQuery<T, B>>;

/** A longer list is loaded again page by page: not for a look at another window, nor because somebody points at a link. */
export const isLong = (pages: number): boolean => pages > 3;
