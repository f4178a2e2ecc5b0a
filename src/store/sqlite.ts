/**
 * SQLite behind Kysely: `node:sqlite` with one connection that writes and one that reads, so that no read waits for a write.
 * Here: the connections, their durability and their files' modes. Not here: who writes when (`group-commit.ts`).
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { chmodSync, closeSync, constants, fchmodSync, fstatSync, lstatSync, mkdirSync, openSync, readSync, statSync } from "node:fs";
import { dirname } from "node:path";
import {
  type CompiledQuery,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryCompiler,
  type QueryResult,
} from "kysely";
import { makePrivateFolder } from "#kernel/private-file.ts";
import { ProblemError, fail } from "#kernel/problem.ts";
import { checkParameters } from "#store/parameters.ts";
import { asStoreError, storeProblemOf } from "#store/store-problem.ts";
import type { Tables } from "#store/tables.ts";

/** How long a write waits for another process that holds the file, milliseconds. */
const busyTimeoutMs = 5000;
const cachedStatements = 300;
/** Longer statements (rows by the hundred) are rare and not worth their memory. */
const longestCachedStatement = 16 * 1024;

interface Prepared {
  readonly statement: StatementSync;
  readonly returnsRows: boolean;
}

class SqliteConnection implements DatabaseConnection {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, Prepared>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  #prepare(text: string): Prepared {
    const known = this.#prepared.get(text);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(text);
    const prepared = { statement, returnsRows: statement.columns().length > 0 };
    if (text.length <= longestCachedStatement) {
      if (this.#prepared.size >= cachedStatements) {
        const oldest = this.#prepared.keys().next();
        if (oldest.done !== true) this.#prepared.delete(oldest.value);
      }
      this.#prepared.set(text, prepared);
    }
    return prepared;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    checkParameters(query.parameters);
    try {
      const { statement, returnsRows } = this.#prepare(query.sql);
      const parameters = query.parameters as (string | number | null)[];
      if (returnsRows) {
        const rows = statement.all(...parameters);
        // node:sqlite gives rows without a prototype; PostgreSQL does not, and callers must not be able to tell.
        for (let index = 0; index < rows.length; index += 1) rows[index] = { ...rows[index] };
        return { rows: rows as R[] };
      }
      const { changes } = statement.run(...parameters);
      return { numAffectedRows: BigInt(changes), rows: [] };
    } catch (error) {
      throw asStoreError(error);
    }
  }

  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    checkParameters(query.parameters);
    try {
      // A statement of its own: a cached one that is still being read would start over.
      for (const row of this.#database.prepare(query.sql).iterate(...(query.parameters as (string | number | null)[])))
        yield { rows: [{ ...row } as R] };
    } catch (error) {
      throw asStoreError(error);
    }
  }

  run(text: string): void {
    try {
      this.#prepare(text).statement.run();
    } catch (error) {
      throw asStoreError(error);
    }
  }

  rollback(): void {
    // SQLite has rolled back by itself after a full disk or an I/O error.
    if (this.#database.isTransaction) this.run("rollback");
  }

  close(): void {
    this.#prepared.clear();
    if (this.#database.isOpen) this.#database.close();
  }
}

class SqliteDriver implements Driver {
  readonly #connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }

  async beginTransaction(): Promise<void> {
    // Immediate: a deferred one that starts to write after another process did fails at once, whatever the busy timeout.
    this.#connection.run("begin immediate");
  }

  async commitTransaction(): Promise<void> {
    this.#connection.run("commit");
  }

  async rollbackTransaction(): Promise<void> {
    this.#connection.rollback();
  }

  async savepoint(_connection: DatabaseConnection, name: string): Promise<void> {
    this.#connection.run(`savepoint "${name}"`);
  }

  async rollbackToSavepoint(_connection: DatabaseConnection, name: string): Promise<void> {
    this.#connection.run(`rollback to "${name}"`);
  }

  async releaseSavepoint(_connection: DatabaseConnection, name: string): Promise<void> {
    this.#connection.run(`release "${name}"`);
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    this.#connection.close();
  }
}

/** The reading connection takes deferred transactions: a snapshot, and never a lock. */
class SqliteReadDriver extends SqliteDriver {
  readonly #reading: SqliteConnection;

  constructor(connection: SqliteConnection) {
    super(connection);
    this.#reading = connection;
  }

  override async beginTransaction(): Promise<void> {
    this.#reading.run("begin deferred");
  }
}

const dialect = (driver: Driver): Dialect => ({
  createDriver: () => driver,
  createQueryCompiler: (): QueryCompiler => new SqliteQueryCompiler(),
  createAdapter: () => new SqliteAdapter(),
  createIntrospector: (db) => new SqliteIntrospector(db),
});

const header = "SQLite format 3\0";

/** Makes the missing folders. Not `mkdirSync` with `recursive`: below /proc Node never returns from it. */
const makeFolders = (folder: string): void => {
  if (statSync(folder, { throwIfNoEntry: false }) !== undefined) return;
  if (dirname(folder) !== folder) makeFolders(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
  makePrivateFolder(folder);
};

/** Makes the file with mode 600 before SQLite does; `-wal` and `-shm` take its mode (O10). A file that is no database is left as it is. */
const makePrivateFile = (path: string): void => {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const because =
      code === "ELOOP"
        ? "it is a link"
        : code === "EISDIR"
          ? "it is a folder"
          : code === "EROFS"
            ? "the file system is read-only"
            : code === "ENOSPC"
              ? "the disk is full"
              : "this account may not write there";
    return fail("store.cannot-open", `\`${path}\` cannot be opened: ${because}`, { cause: error });
  }
  try {
    if (!fstatSync(descriptor).isFile()) fail("store.cannot-open", `\`${path}\` is not a plain file`);
    const start = Buffer.alloc(header.length);
    const length = readSync(descriptor, start, 0, start.length, 0);
    if (length > 0 && start.toString("latin1", 0, length) !== header) fail("store.not-a-database", `\`${path}\` is not a database`);
    if ((fstatSync(descriptor).mode & 0o777) !== 0o600) fchmodSync(descriptor, 0o600);
  } finally {
    closeSync(descriptor);
  }
  for (const beside of [`${path}-wal`, `${path}-shm`, `${path}-journal`]) {
    const found = lstatSync(beside, { throwIfNoEntry: false });
    if (found === undefined) continue;
    if (!found.isFile()) fail("store.cannot-open", `\`${beside}\` is not a plain file`);
    if ((found.mode & 0o777) !== 0o600) chmodSync(beside, 0o600);
  }
};

const configure = (database: DatabaseSync, reading: boolean): void => {
  database.exec(`pragma busy_timeout = ${busyTimeoutMs}`);
  const mode = database.prepare("pragma journal_mode = wal").get() as { journal_mode: string };
  if (mode.journal_mode !== "wal")
    fail("store.cannot-open", "the database's file system does not allow write-ahead logging", {
      hint: "keep the database on a local file system",
    });
  // LIKE as in PostgreSQL; every other comparison is bytewise by default.
  database.exec(
    `pragma synchronous = full; pragma foreign_keys = on; pragma trusted_schema = off; pragma wal_autocheckpoint = 4000; pragma case_sensitive_like = on; pragma query_only = ${reading ? "on" : "off"}`,
  );
};

/** Switching a new file to write-ahead logging fails at once while another process does the same: SQLite asks no busy handler there. */
const openConnection = async (path: string, reading: boolean): Promise<SqliteConnection> => {
  for (let attempt = 1; ; attempt += 1) {
    const database = new DatabaseSync(path, { allowExtension: false });
    try {
      configure(database, reading);
      return new SqliteConnection(database);
    } catch (error) {
      database.close();
      const found = storeProblemOf(error);
      if (found?.problem.code !== "store.busy" || attempt === 50) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

export interface OpenedDatabase {
  readonly write: Kysely<Tables>;
  readonly read: Kysely<Tables>;
  /** Idempotent. Kysely's own `destroy` closes nothing that was never asked. */
  close(): Promise<void>;
}

/** Opens (or makes) the database file. Throws `store.*` problems that name the path. */
export const openSqlite = async (path: string): Promise<OpenedDatabase> => {
  const folder = dirname(path);
  try {
    makeFolders(folder);
    makePrivateFile(path);
    const writing = await openConnection(path, false);
    const reading = await openConnection(path, true);
    return {
      write: new Kysely<Tables>({ dialect: dialect(new SqliteDriver(writing)) }),
      read: new Kysely<Tables>({ dialect: dialect(new SqliteReadDriver(reading)) }),
      close: async () => {
        reading.close();
        // The last one to close brings the write-ahead log into the file.
        writing.close();
      },
    };
  } catch (error) {
    if (error instanceof ProblemError && error.problem.message.includes(path)) throw error;
    const found = storeProblemOf(error);
    const hint = found?.problem.hint;
    if (found !== null)
      return fail(found.problem.code, `\`${path}\` cannot be opened: ${found.problem.message}`, {
        ...(hint === undefined ? {} : { hint }),
        cause: error,
      });
    return fail("store.cannot-open", `\`${path}\` cannot be opened`, { cause: error });
  }
};
