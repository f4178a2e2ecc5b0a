/** Opens the store behind a URL, brings its schema up to date and puts the write queue before it. */
import { systemClock, type Clock } from "#kernel/clock.ts";
import { fail } from "#kernel/problem.ts";
import { GroupCommit } from "#store/group-commit.ts";
import { migrate } from "#store/migrate.ts";
import { openPostgres } from "#store/postgres.ts";
import { openSqlite } from "#store/sqlite.ts";
import type { Store } from "#store/store.ts";

export interface StoreOptions {
  /** `sqlite:PATH` or `postgres://USER:PASSWORD@HOST:PORT/DATABASE`. */
  readonly url: string;
  readonly clock?: Clock;
  readonly log?: { info(fields: object, message: string): void };
  /** After this long a group of writes takes nobody in any more. */
  readonly longestGroupMs?: number;
}

/** Opens SQLite or PostgreSQL, migrating forward. Throws `store.*` problems; none holds the URL's password. */
export const openStore = async ({ url, clock = systemClock, log, longestGroupMs }: StoreOptions): Promise<Store> => {
  const kind = url.startsWith("sqlite:")
    ? "sqlite"
    : /^postgres(?:ql)?:\/\//.test(url)
      ? "postgres"
      : fail("store.wrong-url", "the database URL starts neither with `sqlite:` nor with `postgres://`");
  const path = url.slice("sqlite:".length);
  if (kind === "sqlite" && path === "") fail("store.wrong-url", "the database URL `sqlite:` names no file");
  const { write, read, close } = kind === "sqlite" ? await openSqlite(path) : await openPostgres(url);
  try {
    const applied = await migrate(write, kind, clock);
    if (applied.length > 0) log?.info({ applied, store: kind }, "database schema brought up to date");
  } catch (error) {
    await close();
    throw error;
  }
  const queue = new GroupCommit(write, longestGroupMs);
  let closing: Promise<void> | null = null;
  return {
    kind,
    read,
    write: (work) => queue.write(work),
    flushWith: (flusher) => queue.flushWith(flusher),
    close: () => (closing ??= queue.close().then(close)),
  };
};
