/** Lists and doors agree: what a list shows, counts, completes and pages over is what the single look answers, for whatever roles. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import * as fc from "fast-check";
import type { Role } from "#access/question.ts";
import type { Answer } from "#test/fixtures/http.ts";
import { runCli } from "#test/fixtures/instance.ts";
import { addNodeRecord, startManager, type ManagerWorld, type Person } from "#test/fixtures/manager.ts";
import { assignStored, changeStoredPolicy, insertRole } from "#test/fixtures/policy.ts";
import { onBothStores, type StoreCase } from "#test/fixtures/stores.ts";
import { arbitraryActor, isLong } from "#test/worlds/arbitrary-worlds.ts";

const jobText = (path: string, title?: string): string =>
  `kind: Job\npath: ${path}\n${title === undefined ? "" : `title: "${title}"\n`}run: { shell: "true" }\nas: agent\non: [local]\n`;

const open = async (given: StoreCase, t: TestContext, jobs: readonly string[]): Promise<ManagerWorld> => {
  const world = await startManager(t, { database: given.url });
  await addNodeRecord(world.manager.services.store, "local");
  const applied = await world.owner.ask({ method: "POST", path: "/api/v1/definitions", body: { documents: jobs.join("---\n") } });
  assert.equal(applied.status, 200, applied.text);
  return world;
};

const submit = async (person: Person, job: string, more: object = {}): Promise<{ id: string; run: string }> => {
  const answer = await person.ask({ method: "POST", path: "/api/v1/submissions", body: { job, ...more } });
  assert.equal(answer.status, 201, answer.text);
  return { id: answer.json.id, run: answer.json.runs[0].id };
};

/** The same submission with its runs once more, at another controller. */
const copyToController = async ({ manager }: ManagerWorld, submission: string, controller: string): Promise<void> => {
  const other = (id: string): string => `${id.slice(0, 4)}${id.slice(4).split("").toReversed().join("")}`;
  await manager.services.store.write(async (tx) => {
    const one = await tx.selectFrom("submissions").selectAll().where("id", "=", submission).executeTakeFirstOrThrow();
    await tx
      .insertInto("submissions")
      .values({ ...one, id: other(one.id), controller })
      .execute();
    for (const run of await tx.selectFrom("runs").selectAll().where("submission_id", "=", submission).execute())
      await tx
        .insertInto("runs")
        .values({ ...run, id: other(run.id), submission_id: other(one.id), controller, state: "ended", result: "failed" })
        .execute();
  });
};

/** Gives the account exactly these roles. */
const setRoles = (world: ManagerWorld, accessId: string, roles: readonly Role[]): Promise<void> =>
  changeStoredPolicy(world, async (tx) => {
    await assignStored(tx, accessId, []);
    await tx.deleteFrom("roles").where("id", "like", "rol_random%").execute();
    for (const [index, role] of roles.entries()) await insertRole(tx, `rol_random${index}`, { ...role, name: `${role.name}-${index}` });
    await assignStored(
      tx,
      accessId,
      roles.map((_, index) => `rol_random${index}`),
    );
  });

interface Listed {
  readonly items: readonly Record<string, string>[];
  readonly cursors: readonly string[];
}

/** Every page of a list; null where the list itself is refused. */
const listAll = async (person: Person, path: string): Promise<Listed | null> => {
  const items: Record<string, string>[] = [];
  const cursors: string[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const page: Answer = await person.ask({
      path: `${path}${path.includes("?") ? "&" : "?"}limit=3${cursor === "" ? "" : `&cursor=${cursor}`}`,
    });
    if (page.status === 403) return null;
    assert.equal(page.status, 200, page.text);
    items.push(...(page.json.items as Record<string, string>[]));
    cursor = page.json.nextCursor as string | null;
    if (cursor !== null) cursors.push(Buffer.from(cursor, "base64url").toString("utf8"));
  }
  return { items, cursors };
};

const paths = ["/a", "/b", "/a/a", "/a/b", "/a/b/c", "/ab", "/ab/c", "/z\u00fc/a"];
const worlds = isLong ? 400 : 25;

onBothStores("3.3, E11: for whatever roles, lists, counts, completion and cursors are what single looks answer", async (given, t) => {
  const world = await open(
    given,
    t,
    paths.map((path) => jobText(path)),
  );
  const { store } = world.manager.services;
  for (const path of paths) await copyToController(world, (await submit(world.owner, path)).id, "other");
  const sam = await world.person("sam", { permissions: [] });
  const accessId = (await world.owner.ask({ path: "/api/v1/accounts/sam" })).json.accessId as string;
  const runs = (await store.read.selectFrom("runs").select("id").execute()).map(({ id }) => id);
  const submissions = (await store.read.selectFrom("submissions").select("id").execute()).map(({ id }) => id);
  const met = { all: 0, some: 0, none: 0 };

  const compare = async (list: Listed | null, key: string, all: readonly string[], address: (one: string) => string): Promise<void> => {
    const open: string[] = [];
    for (const one of all) {
      const { status } = await sam.ask({ path: address(one) });
      assert.ok([200, 403, 404].includes(status), `${address(one)}: ${status}`);
      if (status === 200) open.push(one);
    }
    const shown = (list?.items ?? []).map((item) => item[key] ?? "");
    assert.deepEqual(shown.toSorted(), open.toSorted(), address(""));
    for (const cursor of list?.cursors ?? [])
      assert.ok(
        shown.some((one) => cursor.includes(JSON.stringify(one))),
        `${cursor} names what is not shown`,
      );
    met[open.length === all.length ? "all" : open.length === 0 ? "none" : "some"] += 1;
  };

  await fc.assert(
    fc.asyncProperty(arbitraryActor, async ({ roles }) => {
      await setRoles(world, accessId, roles);
      const jobs = await listAll(sam, "/api/v1/jobs");
      await compare(jobs, "path", paths, (path) => `/api/v1/jobs${encodeURI(path)}`);
      if (jobs !== null) {
        assert.equal((await sam.ask({ path: "/api/v1/jobs?count=true&limit=1" })).json.total, jobs.items.length);
        const completed = (await sam.ask({ path: "/api/v1/complete?kind=job" })).json.items as { value: string }[];
        assert.deepEqual(completed.map(({ value }) => value).toSorted(), jobs.items.map(({ path }) => path).toSorted());
      }
      const listed = await listAll(sam, "/api/v1/runs?may=controller:runs:cancel");
      await compare(listed, "id", runs, (id) => `/api/v1/runs/${id}`);
      await compare(await listAll(sam, "/api/v1/submissions"), "id", submissions, (id) => `/api/v1/submissions/${id}`);
      if (listed === null) return;
      const counts = (await sam.ask({ path: "/api/v1/runs/counts" })).json;
      assert.equal(counts.total, listed.items.length);
      for (const state of Object.keys(counts.states as object))
        assert.equal(counts.states[state], listed.items.filter((run) => run["state"] === state).length, state);
      for (const run of listed.items.slice(0, 3)) {
        const single = (await sam.ask({ path: `/api/v1/runs/${run["id"]}?may=controller:runs:cancel` })).json;
        assert.deepEqual(single.may, run["may"]);
        assert.equal(single.may["controller:runs:cancel"].effect === "permit", single.allowed.cancel.allowed);
      }
    }),
    { numRuns: worlds },
  );
  assert.ok(met.some > 0 && met.none > 0, `the worlds are too dull: ${JSON.stringify(met)}`);
});

onBothStores("D88, E9: a folder entry that names the job itself shows it in lists too", async (given, t) => {
  const world = await open(given, t, [jobText("/finance/close"), jobText("/finance/open")]);
  for (const path of ["/finance/close", "/finance/open"]) await submit(world.owner, path);
  const sam = await world.person("sam", { permissions: ["controller:jobs:view", "controller:runs:view"], folders: ["/finance/close"] });
  assert.equal((await sam.ask({ path: "/api/v1/jobs/finance/close" })).status, 200);
  assert.deepEqual(
    (await listAll(sam, "/api/v1/jobs"))?.items.map((job) => job["path"]),
    ["/finance/close"],
  );
  for (const list of ["/api/v1/runs", "/api/v1/submissions"])
    assert.deepEqual(
      (await listAll(sam, list))?.items.map((one) => one["job"]),
      ["/finance/close"],
      list,
    );
});

onBothStores("3.3: among many runs of another controller, a page is full and its cursor names only what is shown", async (given, t) => {
  const world = await open(given, t, [jobText("/a"), jobText("/b")]);
  const shown: string[] = [];
  for (let index = 0; index < 2; index += 1) shown.push((await submit(world.owner, "/a")).run);
  for (let index = 0; index < 30; index += 1) {
    const { id, run } = await submit(world.owner, "/b");
    await copyToController(world, id, "other");
    await world.manager.services.store.write((tx) => tx.deleteFrom("runs").where("id", "=", run).execute());
  }
  const sam = await world.person("sam", { permissions: [] });
  const accessId = (await world.owner.ask({ path: "/api/v1/accounts/sam" })).json.accessId as string;
  const permissions = [{ permission: "controller:runs:view", denied: false }];
  await setRoles(world, accessId, [{ id: "", service: "LOCAL", name: "here", scopes: [{ controller: "main", permissions, folders: [] }] }]);
  const page = await sam.ask({ path: "/api/v1/runs?limit=1" });
  assert.deepEqual(
    (page.json.items as { id: string }[]).map(({ id }) => id),
    [shown[1]],
  );
  assert.match(Buffer.from(page.json.nextCursor as string, "base64url").toString("utf8"), new RegExp(`"${shown[1]}"`));
});

onBothStores("4.1: runs are listed by any of several results, and those of one submitter that are under way", async (given, t) => {
  const world = await open(given, t, [jobText("/a")]);
  const results = ["succeeded", "failed", "cancelled", null] as const;
  const runs: string[] = [];
  for (const result of results) {
    const { run } = await submit(world.owner, "/a");
    runs.push(run);
    if (result === null) continue;
    await world.manager.services.store.write((tx) =>
      tx.updateTable("runs").set({ state: "ended", result }).where("id", "=", run).execute(),
    );
  }
  const listed = async (query: string): Promise<number[]> =>
    ((await listAll(world.owner, `/api/v1/runs?${query}`))?.items ?? []).map(({ id }) => runs.indexOf(id ?? "")).toSorted();
  assert.deepEqual(await listed("result=failed"), [1]);
  assert.deepEqual(await listed("result=failed,cancelled,unknown"), [1, 2]);
  const submitter = `submitter=os:${process.getuid?.()}`;
  assert.deepEqual(await listed(`${submitter}&state=active`), [3]);
  assert.deepEqual(await listed(`${submitter}&result=cancelled,succeeded`), [0, 2]);
  assert.deepEqual(await listed("submitter=os:12345&state=active"), []);
  assert.equal((await world.owner.ask({ path: "/api/v1/runs/counts?result=failed,cancelled" })).json.total, 2);
  for (const bad of ["", "failed,", "faild", "failed,,cancelled", "failed,".repeat(9)])
    assert.equal((await world.owner.ask({ path: `/api/v1/runs?result=${bad}` })).status, 422, bad);
});

onBothStores("W9: search is literal, the same in both stores, and never beyond what the reader may see", async (given, t) => {
  const world = await open(given, t, [
    jobText("/finance/close-books", "Closes 100% of the Books"),
    jobText("/finance/a_b"),
    jobText("/finance/axb"),
    jobText("/sales/report", "closing \u00dcbersicht"),
  ]);
  const found = async (person: Person, q: string): Promise<string> =>
    (await listAll(person, `/api/v1/jobs?q=${encodeURIComponent(q)}`))?.items.map((job) => job["path"]).join(" ") ?? "refused";
  assert.equal(await found(world.owner, "CLOS"), "/finance/close-books /sales/report");
  assert.equal(await found(world.owner, "100%"), "/finance/close-books");
  assert.equal(await found(world.owner, "a_b"), "/finance/a_b");
  assert.equal(await found(world.owner, "%"), "/finance/close-books");
  assert.equal(await found(world.owner, "!"), "");
  assert.equal(await found(world.owner, "U\u0308bersicht"), "/sales/report");
  assert.equal(await found(world.owner, "' or 1=1 --"), "");
  for (const bad of ["", "x".repeat(201), "a\u0000b"])
    assert.equal((await world.owner.ask({ path: `/api/v1/jobs?q=${encodeURIComponent(bad)}` })).status, 422, JSON.stringify(bad));

  await submit(world.owner, "/finance/close-books", { comment: "for Anna, 50%" });
  await submit(world.owner, "/sales/report", { comment: "for Anna too" });
  const runs = async (person: Person, q: string): Promise<string> => {
    const list = (await listAll(person, `/api/v1/runs?q=${encodeURIComponent(q)}`))?.items.map((run) => run["job"] ?? "") ?? [];
    const counts = await person.ask({ path: `/api/v1/runs/counts?q=${encodeURIComponent(q)}` });
    assert.equal(counts.json.total, list.length, q);
    return list.toSorted().join(" ");
  };
  assert.equal(await runs(world.owner, "anna"), "/finance/close-books /sales/report");
  assert.equal(await runs(world.owner, "50%"), "/finance/close-books");
  assert.equal(await runs(world.owner, "_"), "/finance/close-books /sales/report", "an underscore of the ids");
  const sam = await world.person("sam", { permissions: ["controller:jobs:view", "controller:runs:view"], folders: ["/sales/*"] });
  assert.equal(await found(sam, "clos"), "/sales/report");
  assert.equal(await runs(sam, "anna"), "/sales/report");
});

onBothStores("3.3: `may` says for each item what the act would answer, with the reason", async (given, t) => {
  const world = await open(given, t, [jobText("/finance/close"), jobText("/sales/report")]);
  const sam = await world.person("sam", {
    permissions: ["controller:jobs:view", "controller:runs:view", "controller:runs:create", "-controller:runs:cancel"],
  });
  const asked = "may=controller:runs:create,controller:runs:cancel,manager:nodes:view";
  const page = await sam.ask({ path: `/api/v1/jobs?${asked}` });
  const single = await sam.ask({ path: `/api/v1/jobs/finance/close?${asked}` });
  assert.deepEqual(page.json.items[0].may, single.json.may);
  assert.deepEqual(single.json.may["controller:runs:create"], { effect: "permit" });
  assert.equal(single.json.may["controller:runs:cancel"].code, "access.denied");
  assert.match(single.json.may["controller:runs:cancel"].message, /role `role-of-sam` denies `controller:runs:cancel`/);
  assert.match(single.json.may["controller:runs:cancel"].hint, /remove the denial/);
  assert.equal(single.json.may["manager:nodes:view"].effect, "deny");
  assert.equal((await sam.ask({ path: "/api/v1/jobs" })).json.items[0].may, undefined);
  for (const bad of ["controller:runs", "controller:runs:creat", "x".repeat(2001), Array.from({ length: 21 }, (_, n) => `x${n}`).join(",")])
    for (const path of ["/api/v1/jobs", "/api/v1/jobs/finance/close", "/api/v1/runs"])
      assert.ok([413, 422].includes((await sam.ask({ path: `${path}?may=${bad}` })).status), bad.slice(0, 30));
  assert.match((await sam.ask({ path: "/api/v1/jobs?may=controller:runs:creat" })).json.hint, /controller:runs:create/);
});

onBothStores("3.3: completion offers what the caller may see, and asks for each kind what its list asks", async (given, t) => {
  const many = Array.from({ length: 25 }, (_, n) => jobText(`/sales/job-${String(n).padStart(2, "0")}`));
  const world = await open(given, t, [jobText("/finance/eu/close", "Closes"), jobText("/finance/us/close"), ...many]);
  const offered = async (person: Person, query: string): Promise<string> => {
    const answer = await person.ask({ path: `/api/v1/complete?${query}` });
    return answer.status === 200 ? (answer.json.items as { value: string }[]).map(({ value }) => value).join(" ") : String(answer.status);
  };
  const eva = await world.person("eva", { permissions: ["controller:jobs:view", "controller:runs:view"], folders: ["/finance/eu/*"] });
  assert.equal(await offered(world.owner, "kind=job&prefix=/fin"), "/finance/eu/close /finance/us/close");
  assert.equal(await offered(world.owner, "kind=job&prefix=finance/u"), "/finance/us/close");
  assert.equal(await offered(eva, "kind=job"), "/finance/eu/close");
  assert.equal(await offered(eva, "kind=job&may=controller:runs:create"), "");
  assert.equal(await offered(eva, "kind=folder"), "/ /finance /finance/eu");
  assert.equal(await offered(world.owner, "kind=folder&prefix=/finance/"), "/finance/eu /finance/us");
  assert.equal(
    await offered(eva, "kind=permission&prefix=controller:runs:c"),
    "controller:runs:create controller:runs:cancel controller:runs:confirm",
  );
  for (const kind of ["role", "account", "node"]) assert.equal(await offered(eva, `kind=${kind}`), "403", kind);
  assert.equal(await offered(world.owner, "kind=account&prefix=EV"), "eva");
  assert.equal(await offered(world.owner, "kind=role&prefix=role-of"), "role-of-eva");
  assert.equal(await offered(world.owner, "kind=node&prefix=lo"), "local");
  const cli = await runCli(["--data", world.layout.root, "complete", "job", "--may", "controller:runs:create", "--", "/finance"]);
  assert.deepEqual([cli.code, cli.stdout], [0, "/finance/eu/close\n/finance/us/close\n"], cli.stderr);
  const page = await world.owner.ask({ path: "/api/v1/complete?kind=job&prefix=/sales" });
  assert.deepEqual([page.json.items.length, page.json.more], [20, true]);
  for (const bad of [
    "kind=other",
    "kind=job&may=manager:view",
    "kind=role&may=controller:runs:create",
    `kind=job&prefix=${"x".repeat(1025)}`,
  ])
    assert.equal((await world.owner.ask({ path: `/api/v1/complete?${bad}` })).status, 422, bad);
});

onBothStores(
  "3.3: an auditor limited by folders reads the records of jobs and runs in them, and nothing that belongs to no folder",
  async (given, t) => {
    const world = await open(given, t, [jobText("/finance/close"), jobText("/sales/report")]);
    const finance = await submit(world.owner, "/finance/close");
    const sales = await submit(world.owner, "/sales/report");
    for (const { run } of [finance, sales])
      assert.equal((await world.owner.ask({ method: "POST", path: `/api/v1/runs/${run}/cancel`, body: {} })).status, 200);
    const objects = async (person: Person, query = ""): Promise<string[]> => {
      const found: string[] = [];
      for (let cursor: string | null = ""; cursor !== null;) {
        const page: Answer = await person.ask({ path: `/api/v1/audit?limit=2${query}${cursor === "" ? "" : `&cursor=${cursor}`}` });
        assert.equal(page.status, 200, page.text);
        found.push(...(page.json.items as { object: string }[]).map(({ object }) => object));
        cursor = page.json.nextCursor as string | null;
      }
      return found;
    };
    const all = await objects(world.owner);
    assert.ok(all.includes("jobs") || all.includes("definitions"), "acts on several jobs are recorded");
    assert.ok(all.some((object) => object.startsWith("account:")));
    const auditor = await world.person("aud", { permissions: ["manager:auditlog:view"], folders: ["/finance/*"] });
    const seen = await objects(auditor);
    assert.deepEqual([...new Set(seen)].toSorted(), ["/finance/close", finance.run].toSorted());
    assert.equal(seen.length, all.filter((object) => object === "/finance/close" || object === finance.run).length);
    assert.deepEqual(await objects(auditor, `&object=${sales.run}`), []);
    const whole = await world.person("who", { permissions: ["manager:auditlog:view"], folders: ["/*"] });
    assert.ok((await objects(whole)).some((object) => object.startsWith("account:")));
    const root = await world.person("roo", { permissions: ["manager:auditlog:view"], folders: ["/"] });
    assert.deepEqual(await objects(root), [], "the folder `/` alone is not every folder");
  },
);
