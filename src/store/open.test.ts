/** Opening: what cannot be opened is a clear problem, never with a password; schemas go forward only. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { inspect } from "node:util";
import { sql } from "kysely";
import { systemClock } from "#kernel/clock.ts";
import { ProblemError } from "#kernel/problem.ts";
import { migrate, migrations, type Migration } from "#store/migrate.ts";
import { openStore } from "#store/open.ts";
import { openPostgres } from "#store/postgres.ts";
import { openSqlite, type OpenedDatabase } from "#store/sqlite.ts";
import { sharedPostgres, whyNoPostgres } from "#test/fixtures/postgres.ts";
import { onBothStores, type StoreCase } from "#test/fixtures/stores.ts";

const problemOf = async (url: string): Promise<ProblemError> => {
  try {
    await (await openStore({ url })).close();
  } catch (error) {
    if (error instanceof ProblemError) return error;
    throw error;
  }
  throw new Error(`${url} was opened`);
};
const openRaw = ({ kind, url }: StoreCase): Promise<OpenedDatabase> =>
  kind === "sqlite" ? openSqlite(url.slice("sqlite:".length)) : openPostgres(url);
const closeRaw = (opened: OpenedDatabase): Promise<void> => opened.close();
const rejectsWith =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof ProblemError && error.problem.code === code;

void test("2.8: what is no database of ours is refused and left as it was", async () => {
  const folder = mkdtempSync(join(tmpdir(), "bhf-open-"));
  try {
    const foreign = join(folder, "foreign.txt");
    writeFileSync(foreign, "precious", { mode: 0o644 });
    assert.equal((await problemOf(`sqlite:${foreign}`)).problem.code, "store.not-a-database");
    assert.equal(readFileSync(foreign, "utf8"), "precious");
    assert.equal(statSync(foreign).mode & 0o777, 0o644);
    symlinkSync(join(folder, "elsewhere.db"), join(folder, "link.db"));
    for (const [path, part] of [
      ["link.db", "link"],
      [".", "folder"],
    ] as const) {
      const { problem } = await problemOf(`sqlite:${join(folder, path)}`);
      assert.equal(problem.code, "store.cannot-open");
      assert.match(problem.message, new RegExp(part));
    }
    assert.equal((await problemOf("sqlite:/dev/null")).problem.code, "store.cannot-open");
    assert.equal((await problemOf("sqlite:/proc/nothing/here.db")).problem.code, "store.cannot-open");
    const torn = join(folder, "torn.db");
    const store = await openStore({ url: `sqlite:${torn}` });
    await store.close();
    const bytes = readFileSync(torn);
    bytes.fill(0x5a, 100, 3000);
    writeFileSync(torn, bytes);
    assert.match((await problemOf(`sqlite:${torn}`)).problem.code, /^store\.(?:damaged|not-a-database)$/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

void test("2.8: a read-only folder is a clear problem", async (t) => {
  if (process.getuid?.() === 0) return t.skip("root may write anywhere");
  const folder = mkdtempSync(join(tmpdir(), "bhf-open-"));
  try {
    mkdirSync(join(folder, "closed"));
    chmodSync(join(folder, "closed"), 0o500);
    const { problem } = await problemOf(`sqlite:${join(folder, "closed", "behalf.db")}`);
    assert.equal(problem.code, "store.cannot-open");
    assert.match(problem.message, /may not write there/);
  } finally {
    chmodSync(join(folder, "closed"), 0o700);
    rmSync(folder, { recursive: true, force: true });
  }
});

void test("W7: no problem of a database URL shows its password, wherever one looks", async () => {
  const password = "s3cret-pass%40word";
  for (const url of [
    `postgres://u:${password}@127.0.0.1:1/db`,
    `postgres://u:${password}@[::broken/db`,
    `postgres://u:${password}@no-such-host.invalid/db`,
    `postgres://u:${password}@127.0.0.1:notaport/db`,
    `mysql://u:${password}@h/db`,
    "sqlite:",
    "",
  ]) {
    const error = await problemOf(url);
    assert.match(error.problem.code, /^store\.(?:wrong-url|unavailable|cannot-open)$/);
    const everything = `${inspect(error, { depth: 20, showHidden: true })}${error.stack ?? ""}${JSON.stringify(error.problem)}`;
    assert.ok(!everything.includes("s3cret-pass"), everything);
  }
});

void test("2.9: a missing database and a server that is down are told apart", async (t) => {
  const why = whyNoPostgres();
  if (why !== null) return t.skip(why);
  const server = await sharedPostgres();
  const missing = await problemOf(`postgres://behalf@localhost/nobody_made_it?host=${encodeURIComponent(server.socketFolder)}`);
  assert.equal(missing.problem.code, "store.unavailable");
  assert.match(missing.problem.message, /no such database/);
  const down = await problemOf(`postgres://behalf@localhost/x?host=${encodeURIComponent(`${server.socketFolder}/nowhere`)}`);
  assert.match(down.problem.message, /does not answer/);
  const url = server.makeDatabase();
  server.run(`alter database ${new URL(url).pathname.slice(1)} set synchronous_commit = off;`);
  assert.match((await problemOf(url)).problem.message, /not durable/);
});

onBothStores("2.9: an empty database gets every migration once, also when many open it at the same time", async (given) => {
  const stores = await Promise.all(Array.from({ length: 4 }, () => given.open()));
  const { rows } = await sql<{ name: string }>`select name from migrations order by name`.execute(stores[0]?.read ?? assert.fail());
  assert.deepEqual(
    rows.map(({ name }) => name),
    migrations.map(({ name }) => name),
  );
});

/** Every column, index and constraint by name and kind, as the database itself describes them. */
const schemaOf = async (given: StoreCase): Promise<readonly unknown[]> => {
  const raw = await openRaw(given);
  try {
    const { rows } = await (
      given.kind === "sqlite"
        ? sql`select m.type, m.name, c.name as column_name, c.type as column_type, c."notnull" as required, c.pk, case when m.type = 'index' then m.sql end as definition
              from sqlite_master m left join pragma_table_xinfo(m.name) c on m.type = 'table' where m.name not like 'sqlite_%' order by m.name, c.name`
        : sql`select 'column' as type, table_name as name, column_name, data_type as column_type, is_nullable as required, collation_name as definition
              from information_schema.columns where table_schema = current_schema()
              union all select 'index', tablename, indexname, '', '', indexdef from pg_indexes where schemaname = current_schema()
              union all select 'constraint', conrelid::regclass::text, conname, contype::text, '', pg_get_constraintdef(oid) from pg_constraint
                where connamespace = current_schema()::regnamespace and contype <> 'n' order by 1, 2, 3`
    ).execute(raw.read);
    return rows;
  } finally {
    await closeRaw(raw);
  }
};

onBothStores("2.9: a database of schema 0001 is brought forward with everything in it", async (given) => {
  const snapshot = readFileSync(new URL(`fixtures/schema-0001.${given.kind}.sql`, import.meta.url), "utf8");
  const raw = await openRaw(given);
  for (const statement of snapshot.replace(/^--.*$/gm, "").split(";\n"))
    if (statement.trim() !== "") await sql.raw(statement).execute(raw.write);
  await closeRaw(raw);
  const store = await given.open();
  const { rows } = await sql<{ name: string }>`select name from migrations order by name`.execute(store.read);
  assert.deepEqual(
    rows.map(({ name }) => name),
    migrations.map(({ name }) => name),
  );
  assert.deepEqual(await store.read.selectFrom("meta").selectAll().execute(), [{ key: "instance", value: "kept" }]);
  const run = await store.read.selectFrom("runs").selectAll().executeTakeFirstOrThrow();
  assert.equal(run.state, "queued");
  assert.equal(run.queued_at, 1767225600000);
  assert.deepEqual(await store.read.selectFrom("role_sources").selectAll().execute(), []);
  const today = { ...given, url: await given.another() };
  await (await openStore({ url: today.url })).close();
  assert.deepEqual(await schemaOf(given), await schemaOf(today));
});

onBothStores("2.9: a database of any earlier version becomes the same as one that was made today, with its rows", async (given) => {
  await (await given.open()).close();
  const today = await schemaOf(given);
  assert.ok(today.length > 50, `only ${today.length} columns and indexes are seen`);
  for (let known = 1; known < migrations.length; known += 1) {
    const earlier = { ...given, url: await given.another() };
    const raw = await openRaw(earlier);
    await migrate(raw.write, given.kind, systemClock, migrations.slice(0, known));
    await sql`insert into meta (key, value) values ('instance', 'kept')`.execute(raw.write);
    await sql`insert into nodes (id, name, public_key, key_thumbprint, certificate_fingerprint, state, labels, joined_at, receipt_sequence, receipt_hash)
              values ('nod_1', 'n', 'k', 't', 'f', 'active', '{}', 1, 0, '')`.execute(raw.write);
    await closeRaw(raw);
    const store = await openStore({ url: earlier.url });
    assert.equal((await store.read.selectFrom("meta").select("value").where("key", "=", "instance").executeTakeFirst())?.value, "kept");
    assert.equal((await store.read.selectFrom("nodes").selectAll().executeTakeFirstOrThrow()).certificate_fingerprint, "f");
    await store.close();
    assert.deepEqual(await schemaOf(earlier), today, `after ${migrations[known - 1]?.name}`);
  }
});

onBothStores("2.9: a database of a newer version is refused and left alone", async (given) => {
  await (await given.open()).close();
  const raw = await openRaw(given);
  await sql`insert into migrations (name, digest, applied_at) values ('9999-future', 'x', 1)`.execute(raw.write);
  await closeRaw(raw);
  await assert.rejects(given.open(), (error) => rejectsWith("store.newer-schema")(error) && String(error).includes("9999-future"));
});

onBothStores("2.9: a migration that was altered, put in between or fails changes nothing", async (given) => {
  await (await given.open()).close();
  const raw = await openRaw(given);
  try {
    const [one, ...rest] = migrations;
    assert.ok(one !== undefined);
    const altered: Migration = { ...one, statements: (dialect) => [...one.statements(dialect), "create table more (x text)"] };
    await assert.rejects(migrate(raw.write, given.kind, systemClock, [altered, ...rest]), rejectsWith("store.altered-migration"));
    await assert.rejects(
      migrate(raw.write, given.kind, systemClock, [one, { name: "0001-later", statements: () => ["create table more (x text)"] }, ...rest]),
      rejectsWith("store.altered-migration"),
    );
    const failing: Migration = { name: "0099-fails", statements: () => ["create table half (x text)", "create table half (x text)"] };
    await assert.rejects(migrate(raw.write, given.kind, systemClock, [...migrations, failing]));
    await assert.rejects(sql`select * from half`.execute(raw.write));
    assert.deepEqual(await migrate(raw.write, given.kind, systemClock), []);
  } finally {
    await closeRaw(raw);
  }
});
