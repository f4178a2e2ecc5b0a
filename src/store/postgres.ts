/**
 * PostgreSQL behind Kysely: one connection that writes, a small pool that reads. Here: the connections, their types and their
 * durability. Not here: who writes when (`group-commit.ts`).
 */
import { Pool, types as defaultTypes, type CustomTypesConfig } from "pg";
import {
  Kysely,
  PostgresAdapter,
  PostgresDriver,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
  type DatabaseConnection,
  type Dialect,
} from "kysely";
import { fail } from "#kernel/problem.ts";
import { checkParameters } from "#store/parameters.ts";
import { asStoreError, storeProblemOf } from "#store/store-problem.ts";
import type { OpenedDatabase } from "#store/sqlite.ts";
import type { Tables } from "#store/tables.ts";

const readConnections = 4;
const connectTimeoutMs = 10_000;

/** `bigint` and the `numeric` of its sums as numbers, as in SQLite; what a number cannot hold is refused, as there. */
const parseInteger = (text: string): number => {
  const value = Number(text);
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) throw new RangeError("an integer in the database is too large for a number");
  return value;
};
const int8 = 20;
const numeric = 1700;
const types: CustomTypesConfig = {
  getTypeParser: (oid: number, format?: "text" | "binary") =>
    oid === int8 || oid === numeric ? parseInteger : defaultTypes.getTypeParser(oid, format),
};

class CheckingDriver extends PostgresDriver {
  readonly #checked = new WeakSet<DatabaseConnection>();

  override async acquireConnection(): Promise<DatabaseConnection> {
    let connection: DatabaseConnection;
    try {
      connection = await super.acquireConnection();
    } catch (error) {
      throw asStoreError(error);
    }
    if (!this.#checked.has(connection)) {
      this.#checked.add(connection);
      const execute = connection.executeQuery.bind(connection);
      connection.executeQuery = async (query, options) => {
        checkParameters(query.parameters);
        try {
          return await execute(query, options);
        } catch (error) {
          throw asStoreError(error);
        }
      };
    }
    return connection;
  }
}

const makePool = (url: string, connections: number, settings: string): Pool => {
  const pool = new Pool({
    connectionString: url,
    max: connections,
    types,
    application_name: "behalf",
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: 0,
    keepAlive: true,
    options: settings,
  });
  // An idle connection that the server ends is replaced at the next query; unheard, the event would end the process.
  pool.on("error", () => {});
  // The same for a connection in use: its query is rejected as well, and that is what counts.
  pool.on("connect", (client) => void client.on("error", () => {}));
  return pool;
};

const dialect = (pool: Pool): Dialect => ({
  createDriver: () => new CheckingDriver({ pool }),
  createQueryCompiler: () => new PostgresQueryCompiler(),
  createAdapter: () => new PostgresAdapter(),
  createIntrospector: (db) => new PostgresIntrospector(db),
});

/** Host, port and database of a URL, for people. SECURITY: never its user, password or query. */
const placeOf = (url: string): string => {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    // The parser's own error holds the whole URL: it must not become a cause.
    return fail("store.wrong-url", "the database URL is not a URL");
  }
  const socketFolder = parsed.searchParams.get("host");
  const host = parsed.hostname !== "" ? parsed.hostname : (socketFolder ?? "localhost");
  return `${host}:${parsed.port === "" ? "5432" : parsed.port}${parsed.pathname}`;
};

/** Opens a database of a PostgreSQL server. Throws `store.*` problems that name host and database, never the password. */
export const openPostgres = async (url: string): Promise<OpenedDatabase> => {
  const place = placeOf(url);
  const writing = makePool(url, 1, "-c default_transaction_isolation=read\\ committed");
  const reading = makePool(url, readConnections, "-c default_transaction_read_only=on");
  const write = new Kysely<Tables>({ dialect: dialect(writing) });
  const read = new Kysely<Tables>({ dialect: dialect(reading) });
  let closing: Promise<unknown> | null = null;
  const close = async (): Promise<void> => {
    await (closing ??= Promise.all([reading.end(), writing.end()]));
  };
  try {
    const { rows } = await sql<{
      encoding: string;
      commit: string;
    }>`select current_setting('server_encoding') as encoding, current_setting('synchronous_commit') as commit`.execute(write);
    if (rows[0]?.encoding !== "UTF8")
      fail("store.cannot-open", `the database at \`${place}\` is not in UTF8`, {
        hint: "create it with `createdb --encoding UTF8 --template template0 NAME`",
      });
    if (rows[0]?.commit === "off")
      fail("store.cannot-open", `the database at \`${place}\` acknowledges writes that are not durable`, {
        hint: "set `synchronous_commit = on` for this database",
      });
    return { write, read, close };
  } catch (error) {
    await close();
    const found = storeProblemOf(error);
    if (found !== null && found.problem.message.includes(place)) throw found;
    return fail(
      found?.problem.code ?? "store.cannot-open",
      `the database at \`${place}\` cannot be opened: ${found?.problem.message ?? "the server refused"}`,
      {
        ...(found === null ? {} : { hint: found.problem.hint }),
        cause: error,
      },
    );
  }
};
