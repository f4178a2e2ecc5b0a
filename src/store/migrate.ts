/**
 * Migrations go forward only. Each is applied once, recorded with the digest of its statements, all in one transaction under a
 * lock, so that two processes may open the same database at the same time.
 */
import { createHash } from "node:crypto";
import { sql, type Kysely } from "kysely";
import { fail } from "#kernel/problem.ts";
import type { Clock } from "#kernel/clock.ts";
import type { Tables } from "#store/tables.ts";
import { dialects, type SqlDialect } from "#store/sql-dialect.ts";
import { first } from "#store/migrations/0001-first.ts";
import { indexes } from "#store/migrations/0002-indexes.ts";
import { logRetention } from "#store/migrations/0003-log-retention.ts";
import { policyTests } from "#store/migrations/0004-policy-tests.ts";
import { roleSources } from "#store/migrations/0005-role-sources.ts";
import { certificateRenewal } from "#store/migrations/0006-certificate-renewal.ts";
import { acceptedAt } from "#store/migrations/0007-accepted-at.ts";
import { auditRefusals } from "#store/migrations/0008-audit-refusals.ts";
import { nodeVerdicts } from "#store/migrations/0009-node-verdicts.ts";

export interface Migration {
  /** Same as its file. Never renamed. */
  readonly name: string;
  /** INVARIANT: never altered once released; a database remembers their digest. */
  readonly statements: (dialect: SqlDialect) => readonly string[];
}

/** Every migration, in order. A new one goes at the end. */
export const migrations: readonly Migration[] = [
  first,
  indexes,
  logRetention,
  policyTests,
  roleSources,
  certificateRenewal,
  acceptedAt,
  auditRefusals,
  nodeVerdicts,
];

/** Any constant: it only has to be the same in every process that opens the same PostgreSQL database. */
const advisoryLock = 4900_2026;

const digestOf = (statements: readonly string[]): string => createHash("sha256").update(statements.join(";\n")).digest("hex");

const compareNames = (left: { name: string }, right: { name: string }): number => (left.name < right.name ? -1 : 1);

/** Brings the schema up to the last of `all`; returns the names of those it applied. */
export const migrate = async (
  database: Kysely<Tables>,
  kind: "sqlite" | "postgres",
  clock: Clock,
  all: readonly Migration[] = migrations,
): Promise<readonly string[]> => {
  const dialect = dialects[kind];
  // From here on a SQLite migration runs to its end without giving way: another opener in this process would block it while waiting for its lock.
  await new Promise((resolve) => setImmediate(resolve));
  return database.transaction().execute(async (tx) => {
    const run = (statement: string) => sql.raw(statement).execute(tx);
    if (kind === "postgres") await sql`select pg_advisory_xact_lock(${sql.lit(advisoryLock)})`.execute(tx);
    await run(
      `create table if not exists migrations (name ${dialect.text} primary key, digest ${dialect.text} not null, applied_at ${dialect.integer} not null)${dialect.tableEnd}`,
    );
    const { rows } = await sql<{ name: string; digest: string }>`select name, digest from migrations`.execute(tx);
    const applied = rows.toSorted(compareNames);
    const ahead = applied.find(({ name }) => !all.some((known) => known.name === name));
    if (ahead !== undefined)
      fail("store.newer-schema", `the database has the migration \`${ahead.name}\`, which this version does not know`);
    const news: string[] = [];
    for (const migration of all) {
      const statements = migration.statements(dialect);
      const digest = digestOf(statements);
      const before = applied.find(({ name }) => name === migration.name);
      if (before !== undefined) {
        if (before.digest !== digest)
          fail("store.altered-migration", `the migration \`${migration.name}\` is not the one that this database was made with`);
        continue;
      }
      const last = applied.at(-1);
      if (last !== undefined && last.name > migration.name)
        fail(
          "store.altered-migration",
          `the migration \`${migration.name}\` comes before \`${last.name}\`, which this database has already`,
        );
      for (const statement of statements) await run(statement);
      await sql`insert into migrations (name, digest, applied_at) values (${migration.name}, ${digest}, ${clock.nowMs()})`.execute(tx);
      news.push(migration.name);
    }
    return news;
  });
};
