/** What every store must keep, asked of SQLite and of a real PostgreSQL. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { sql } from "kysely";
import { fail, ProblemError } from "#kernel/problem.ts";
import type { Flusher, Store, Writer } from "#store/store.ts";
import { openStore } from "#store/open.ts";
import { isUniqueViolation } from "#store/store-problem.ts";
import { sharedPostgres, whyNoPostgres } from "#test/fixtures/postgres.ts";
import { onBothStores } from "#test/fixtures/stores.ts";

const put =
  (key: string, value = "v") =>
  async (tx: Writer): Promise<string> => {
    await tx.insertInto("meta").values({ key, value }).execute();
    return key;
  };
const keysIn = async (store: Store): Promise<string[]> =>
  (await store.read.selectFrom("meta").select("key").orderBy("key").execute()).map(({ key }) => key);
const codeOf =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof ProblemError && error.problem.code === code;
const writerFile = fileURLToPath(new URL("../../test/fixtures/durable-writer.ts", import.meta.url));

/** Works that are queued together are one group, however busy the machine is. */
const oneGroup = { longestGroupMs: 600_000 };

onBothStores("2.9: text, integers and null come back as they were written, in ordinary objects", async ({ open }) => {
  const store = await open();
  const value = "Ünïcödé \u{1F600} ' \" \\ \n\t %_ ? $1 \u0001";
  await store.write(put("text", value));
  await store.write((tx) => tx.insertInto("login_failures").values({ key: "n", failures: -5, last_at: Number.MAX_SAFE_INTEGER }).execute());
  const [row] = await store.read.selectFrom("meta").selectAll().where("key", "=", "text").execute();
  assert.deepEqual(row, { key: "text", value });
  assert.equal(Object.getPrototypeOf(row), Object.prototype);
  assert.deepEqual(await store.read.selectFrom("login_failures").selectAll().execute(), [
    { key: "n", failures: -5, last_at: Number.MAX_SAFE_INTEGER },
  ]);
  await store.write((tx) =>
    tx
      .insertInto("accounts")
      .values({
        id: "a",
        service: "S",
        name: "n",
        name_key: "n",
        password_hash: null,
        must_change: 0,
        password_expires_at: null,
        disabled: 1,
        groups: "[]",
        created_at: 0,
        last_login_at: null,
        revision: 1,
      })
      .execute(),
  );
  const account = await store.read.selectFrom("accounts").selectAll().executeTakeFirstOrThrow();
  assert.equal(account.password_hash, null);
  assert.equal(account.last_login_at, null);
  assert.equal(account.disabled, 1);
});

onBothStores("2.9: counts and sums are numbers", async ({ open }) => {
  const store = await open();
  await store.write((tx) =>
    tx
      .insertInto("login_failures")
      .values([1, 2, 3].map((failures) => ({ key: `k${failures}`, failures, last_at: 1 })))
      .execute(),
  );
  const { count, total } = await store.read
    .selectFrom("login_failures")
    .select(({ fn }) => [fn.countAll<number>().as("count"), fn.sum<number>("failures").as("total")])
    .executeTakeFirstOrThrow();
  assert.equal(count, 3);
  assert.equal(total, 6);
});

onBothStores(
  "2.9: what one store could not keep, both refuse: NUL, fractions, NaN, integers beyond 2^53, truth values",
  async ({ open }) => {
    const store = await open();
    for (const [failures, key] of [
      [1.5, "a"],
      [Number.NaN, "b"],
      [2 ** 53, "c"],
      [Number.POSITIVE_INFINITY, "d"],
      [true, "e"],
      [1, "nul\u0000"],
      [10n, "f"],
    ] as [number, string][])
      await assert.rejects(
        store.write((tx) => tx.insertInto("login_failures").values({ key, failures, last_at: 1 }).execute()),
        TypeError,
      );
    await assert.rejects(store.read.selectFrom("meta").selectAll().where("key", "=", "\u0000").execute(), TypeError);
    assert.deepEqual(await store.read.selectFrom("login_failures").selectAll().execute(), []);
    // An integer that another program stored: an error, never a rounded number.
    await store.write((tx) => sql`insert into login_failures (key, failures, last_at) values ('big', 9007199254740993, 1)`.execute(tx));
    await assert.rejects(store.read.selectFrom("login_failures").selectAll().execute(), (error) => error instanceof RangeError);
  },
);

onBothStores("2.9: wrong types are refused by the table, too", async ({ open }) => {
  const store = await open();
  await assert.rejects(store.write((tx) => sql`insert into login_failures (key, failures, last_at) values ('k', 'many', 1)`.execute(tx)));
  await assert.rejects(store.write((tx) => sql`insert into login_failures (key, failures) values ('k', 1)`.execute(tx)));
});

onBothStores("2.9: text is ordered and compared bytewise", async ({ open }) => {
  const store = await open();
  const keys = ["a", "B", "b", "A", "ä", "z", "Z", "e\u0301", "\u00e9", "_", "/", "0", "a/b", "a0", "\u{1F600}", "\uFF5E", "aa", "a b"];
  await store.write(async (tx) => {
    for (const key of keys) await put(key)(tx);
  });
  const bytewise = keys.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  assert.deepEqual(await keysIn(store), bytewise);
  // One meaning per byte: no folding, no normalising.
  assert.equal((await store.read.selectFrom("meta").select("key").where("key", "=", "\u00e9").execute()).length, 1);
  assert.equal((await store.read.selectFrom("meta").select("key").where("key", "like", "a%").execute()).length, 5);
  const range = await store.read.selectFrom("meta").select("key").where("key", ">=", "a/").where("key", "<", "a0").execute();
  assert.deepEqual(range, [{ key: "a/b" }]);
});

onBothStores("2.9: a text of 1 MiB and a statement with many rows", async ({ open }) => {
  const store = await open();
  const big = "é".repeat(512 * 1024);
  await store.write(put("big", big));
  const row = await store.read.selectFrom("meta").select("value").where("key", "=", "big").executeTakeFirstOrThrow();
  assert.equal(row.value, big);
  await store.write((tx) =>
    tx
      .insertInto("login_failures")
      .values(Array.from({ length: 2000 }, (_, index) => ({ key: `k${index}`, failures: index, last_at: 1 })))
      .execute(),
  );
  const { count } = await store.read
    .selectFrom("login_failures")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .executeTakeFirstOrThrow();
  assert.equal(count, 2000);
});

onBothStores("2.9: rows are counted: inserted, doubled, updated, deleted, returned", async ({ open }) => {
  const store = await open();
  await store.write(async (tx) => {
    const made = await tx
      .insertInto("meta")
      .values([
        { key: "a", value: "1" },
        { key: "b", value: "1" },
      ])
      .executeTakeFirst();
    assert.equal(made.numInsertedOrUpdatedRows, 2n);
    const doubled = await tx
      .insertInto("meta")
      .values({ key: "a", value: "2" })
      .onConflict((conflict) => conflict.column("key").doNothing())
      .executeTakeFirst();
    assert.equal(doubled.numInsertedOrUpdatedRows, 0n);
    const updated = await tx.updateTable("meta").set({ value: "3" }).where("value", "=", "1").executeTakeFirst();
    assert.equal(updated.numUpdatedRows, 2n);
    assert.deepEqual(await tx.deleteFrom("meta").where("key", "=", "a").returning("value").execute(), [{ value: "3" }]);
    const gone = await tx.deleteFrom("meta").where("key", "=", "nobody").executeTakeFirst();
    assert.equal(gone.numDeletedRows, 0n);
  });
});

onBothStores("2.9: a broken key is the driver's own error, recognised in both stores; a reference must exist", async ({ open }) => {
  const store = await open();
  await store.write(put("a"));
  await assert.rejects(store.write(put("a")), (error) => isUniqueViolation(error) && !(error instanceof ProblemError));
  await assert.rejects(
    store.write((tx) => tx.insertInto("role_assignments").values({ subject: "os:1", role_id: "none" }).execute()),
    (error) => !isUniqueViolation(error),
  );
});

onBothStores("2.9: the reading side cannot write", async ({ open }) => {
  const store = await open();
  await assert.rejects(store.read.insertInto("meta").values({ key: "a", value: "b" }).execute(), codeOf("store.read-only"));
});

onBothStores(
  "2.9: one failing work of a group takes nothing of the others with it, and its error goes to its caller only",
  async ({ open }) => {
    const store = await open(oneGroup);
    const results = await Promise.allSettled(
      Array.from({ length: 60 }, (_, index) =>
        store.write(async (tx) => {
          await put(`w${index}`)(tx);
          if (index % 3 === 0) fail("access.denied", `no ${index}`);
          if (index % 3 === 1) await put(`w${index}`)(tx);
          return index;
        }),
      ),
    );
    for (const [index, result] of results.entries()) {
      if (index % 3 === 2) assert.deepEqual(result, { status: "fulfilled", value: index });
      else if (index % 3 === 0)
        assert.ok(result.status === "rejected" && codeOf("access.denied")(result.reason) && String(result.reason).includes(`no ${index}`));
      else assert.ok(result.status === "rejected" && isUniqueViolation(result.reason));
    }
    assert.deepEqual((await keysIn(store)).toSorted(), results.flatMap((_, index) => (index % 3 === 2 ? [`w${index}`] : [])).toSorted());
    // Alone in its group, too.
    await assert.rejects(
      store.write(async (tx) => {
        await put("alone")(tx);
        fail("access.denied", "no");
      }),
    );
    assert.ok(!(await keysIn(store)).includes("alone"));
  },
);

onBothStores("2.9: works of a group see what those before them wrote, in the order they were queued", async ({ open }) => {
  const store = await open(oneGroup);
  const seen = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      store.write(async (tx) => {
        await put(`k${index}`)(tx);
        const { count } = await tx
          .selectFrom("meta")
          .select(({ fn }) => fn.countAll<number>().as("count"))
          .executeTakeFirstOrThrow();
        return count;
      }),
    ),
  );
  assert.deepEqual(
    seen,
    Array.from({ length: 20 }, (_, index) => index + 1),
  );
});

onBothStores("2.9: a read does not wait for a write that is under way, and does not see it", async ({ open }) => {
  const store = await open();
  let release = (): void => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  let wrote = (): void => {};
  const written = new Promise<void>((resolve) => (wrote = resolve));
  const writing = store.write(async (tx) => {
    await put("later")(tx);
    wrote();
    await held;
  });
  await written;
  assert.deepEqual(await keysIn(store), []);
  release();
  await writing;
  assert.deepEqual(await keysIn(store), ["later"]);
});

onBothStores("K1: the flusher gets staged items in order, none of a failed work, in the same transaction", async ({ open }) => {
  const store = await open(oneGroup);
  const flushed: object[][] = [];
  const settled: boolean[] = [];
  let failing = false;
  const flusher: Flusher = {
    flush: async (tx, items) => {
      flushed.push([...items]);
      for (const item of items)
        await tx
          .insertInto("login_failures")
          .values({ key: (item as { key: string }).key, failures: 1, last_at: 1 })
          .execute();
      if (failing) throw new Error("no record");
    },
    settled: (committed) => void settled.push(committed),
  };
  store.flushWith(flusher);
  await store.write(put("silent"));
  assert.deepEqual([flushed.length, settled.length], [0, 0]);
  const results = await Promise.allSettled(
    ["a", "b", "c"].map((key) =>
      store.write(async (tx, stage) => {
        stage({ key: `${key}1` });
        await put(key)(tx);
        stage({ key: `${key}2` });
        if (key === "b") throw new Error("b fails");
      }),
    ),
  );
  assert.deepEqual(
    results.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled"],
  );
  assert.deepEqual(flushed, [[{ key: "a1" }, { key: "a2" }, { key: "c1" }, { key: "c2" }]]);
  assert.deepEqual(settled, [true]);
  failing = true;
  const failed = await Promise.allSettled(
    ["d", "e"].map((key) =>
      store.write(async (tx, stage) => {
        stage({ key });
        await put(key)(tx);
      }),
    ),
  );
  assert.ok(failed.every((result) => result.status === "rejected" && String(result.reason).includes("no record")));
  assert.deepEqual(settled, [true, false]);
  assert.deepEqual(await keysIn(store), ["a", "c", "silent"]);
  assert.equal((await store.read.selectFrom("login_failures").selectAll().execute()).length, 4);
  failing = false;
  await store.write(async (tx, stage) => {
    stage({ key: "f" });
    await put("f")(tx);
  });
  assert.deepEqual(settled, [true, false, true]);
  assert.throws(() => store.flushWith(flusher));
});

onBothStores("K1: without a flusher nothing that staged is committed", async ({ open }) => {
  const store = await open();
  await assert.rejects(
    store.write(async (tx, stage) => {
      stage({});
      await put("a")(tx);
    }),
  );
  assert.deepEqual(await keysIn(store), []);
});

onBothStores("2.9: closing waits for queued writes and refuses later ones", async ({ open }) => {
  const store = await open();
  const queued = Promise.all(Array.from({ length: 30 }, (_, index) => store.write(put(`k${index}`))));
  await Promise.all([store.close(), store.close()]);
  await queued;
  await assert.rejects(store.write(put("late")), codeOf("store.closed"));
  await assert.rejects(keysIn(store), codeOf("store.closed"));
  const again = await open();
  assert.equal((await keysIn(again)).length, 30);
});

onBothStores("2.9: two stores on the same database write at the same time and lose nothing", async ({ open }) => {
  const [left, right] = [await open(), await open()];
  await Promise.all(
    [left, right].flatMap((store, side) =>
      Array.from({ length: 100 }, async (_, index) => {
        if (index % 10 === 0) await new Promise((resolve) => setTimeout(resolve, index / 10));
        await store.write(put(`${side}-${index}`));
      }),
    ),
  );
  assert.equal((await keysIn(left)).length, 200);
  assert.deepEqual(await keysIn(left), await keysIn(right));
});

onBothStores("2.9: another process writes the same database at the same time", async ({ open, url }) => {
  const store = await open();
  const other = spawn(process.execPath, [writerFile, "other", "150", "4"], { stdio: ["pipe", "pipe", "inherit"] });
  other.stdin.end(url);
  const ended = new Promise<number | null>((resolve) => other.once("exit", resolve));
  await new Promise((resolve) => other.stdout.once("data", resolve));
  await Promise.all(
    Array.from({ length: 150 }, (_, index) =>
      new Promise((resolve) => setTimeout(resolve, index)).then(() => store.write(put(`mine-${index}`))),
    ),
  );
  assert.equal(await ended, 0);
  assert.equal((await keysIn(store)).length, 300);
});

onBothStores(
  "2.8: what was acknowledged is there after SIGKILL of the writer at a random moment, whole or not at all",
  async ({ open, url }) => {
    for (let round = 0; round < 3; round += 1) {
      const child = spawn(process.execPath, [writerFile, `r${round}`], { stdio: ["pipe", "pipe", "ignore"] });
      child.stdin.end(url);
      let said = "";
      const writing = new Promise<void>((resolve) =>
        child.stdout.setEncoding("utf8").on("data", (text: string) => {
          said += text;
          if (/^r\d.*\n/m.test(said)) resolve();
        }),
      );
      const closed = new Promise((resolve) => child.once("close", resolve));
      await writing;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 200));
      child.kill("SIGKILL");
      await closed;
      const acknowledged = said
        .slice(0, said.lastIndexOf("\n") + 1)
        .split("\n")
        .filter((line) => /^r\d/.test(line));
      const store = await open();
      const there = new Set(await keysIn(store));
      assert.deepEqual(
        acknowledged.filter((key) => !there.has(key)),
        [],
      );
      assert.ok(acknowledged.length > 0);
      const halves = await store.read
        .selectFrom("login_failures")
        .select(({ fn }) => fn.countAll<number>().as("count"))
        .executeTakeFirstOrThrow();
      assert.equal(halves.count, there.size);
      await store.close();
    }
  },
);

void test("O10: database files have mode 600 whatever the umask, -wal and -shm too", async () => {
  for (const umask of [0o000, 0o077, 0o022]) {
    const before = process.umask(umask);
    const folder = mkdtempSync(join(tmpdir(), "bhf-store-"));
    try {
      const file = join(folder, "deep", "er", "behalf.db");
      for (const again of [false, true]) {
        const store = await openStore({ url: `sqlite:${file}` });
        await store.write(put(again ? "b" : "a"));
        const found = readdirSync(join(folder, "deep", "er"));
        assert.deepEqual(found.toSorted(), ["behalf.db", "behalf.db-shm", "behalf.db-wal"]);
        for (const name of found)
          assert.equal(statSync(join(folder, "deep", "er", name)).mode & 0o777, 0o600, `${name} under umask ${umask.toString(8)}`);
        assert.equal(statSync(join(folder, "deep")).mode & 0o777, 0o700);
        await store.close();
        chmodSync(file, 0o644);
      }
    } finally {
      process.umask(before);
      rmSync(folder, { recursive: true, force: true });
    }
  }
});

onBothStores(
  "2.8: a full database fails the works of the group with `store.full` and goes on when there is room",
  async ({ open, kind }, t) => {
    if (kind === "postgres") return t.skip("filling a server's disk needs a file system of its own");
    const store = await open(oneGroup);
    const pages = await store.write(async (tx) => {
      const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(tx);
      return rows[0]?.page_count ?? 0;
    });
    await store.write(async (tx) => sql.raw(`pragma max_page_count = ${pages + 5}`).execute(tx));
    const results = await Promise.allSettled(["a", "b", "c"].map((key) => store.write(put(key, "x".repeat(key === "b" ? 200_000 : 10)))));
    assert.ok(results[1]?.status === "rejected" && codeOf("store.full")(results[1].reason));
    await store.write(async (tx) => sql.raw("pragma max_page_count = 1000000").execute(tx));
    await store.write(put("after", "x".repeat(200_000)));
    const stored = await keysIn(store);
    for (const [index, key] of ["a", "b", "c"].entries()) assert.equal(stored.includes(key), results[index]?.status === "fulfilled", key);
    assert.ok(stored.includes("after"));
  },
);

void test("2.9: a lost connection fails its group with `store.unavailable`, and the next write works", async (t) => {
  const why = whyNoPostgres();
  if (why !== null) return t.skip(why);
  const server = await sharedPostgres();
  const url = server.makeDatabase();
  const name = new URL(url).pathname.slice(1);
  const store = await openStore({ url, ...oneGroup });
  try {
    await store.write(put("before"));
    await keysIn(store);
    const cut = (): string =>
      server.run(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}' and pid <> pg_backend_pid();`);
    const results = await Promise.allSettled([
      store.write(put("a")),
      store.write(async (tx) => {
        cut();
        await put("b")(tx);
      }),
      store.write(put("c")),
    ]);
    assert.ok(results[0]?.status === "rejected" && codeOf("store.unavailable")(results[0].reason));
    assert.ok(results[1]?.status === "rejected" && codeOf("store.unavailable")(results[1].reason));
    await store.write(put("after"));
    const stored = await keysIn(store);
    assert.ok(stored.includes("before") && stored.includes("after") && !stored.includes("a") && !stored.includes("b"));
    assert.equal(stored.includes("c"), results[2]?.status === "fulfilled");
  } finally {
    await store.close();
  }
});
