/** Acts on many runs over HTTP: each decided by itself, one act in the record, page by page, nothing learned about what is not seen. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { Answer } from "#test/fixtures/http.ts";
import { runCli } from "#test/fixtures/instance.ts";
import { addNodeRecord, startManager, type ManagerWorld, type Person } from "#test/fixtures/manager.ts";
import { onBothStores, type StoreCase } from "#test/fixtures/stores.ts";

const documents = `kind: Job
path: /finance/close
run: { shell: "true" }
on: [local]
parameters:
  - { name: MONTH, default: "1" }
---
kind: Job
path: /finance/report
run: { shell: "true" }
on: [local, ledger-1]
---
kind: Job
path: /sales/count
run: { shell: "true" }
on: [local]
`;

interface Item {
  readonly run: string;
  readonly job: string | null;
  readonly node: string | null;
  readonly state?: string | null;
  readonly again?: { readonly submission: string; readonly run: string } | null;
  readonly problem: { readonly code: string; readonly message: string; readonly hint: string } | null;
}

const open = async (given: StoreCase, t: TestContext): Promise<ManagerWorld> => {
  const world = await startManager(t, { database: given.url });
  await addNodeRecord(world.manager.services.store, "local", 0);
  await addNodeRecord(world.manager.services.store, "ledger-1", 1);
  const applied = await world.owner.ask({ method: "POST", path: "/api/v1/definitions", body: { documents } });
  assert.equal(applied.status, 200, applied.text);
  return world;
};
const submit = async ({ owner }: ManagerWorld, job: string, more: object = {}): Promise<string[]> => {
  const answer = await owner.ask({ method: "POST", path: "/api/v1/submissions", body: { job, ...more } });
  assert.equal(answer.status, 201, answer.text);
  return (answer.json.runs as { id: string }[]).map(({ id }) => id);
};
const post = (person: Person, act: "cancel" | "again", body: unknown, key?: string): Promise<Answer> =>
  person.ask({ method: "POST", path: `/api/v1/runs/${act}`, body, ...(key === undefined ? {} : { headers: { "idempotency-key": key } }) });
const itemsOf = (answer: Answer): readonly Item[] => {
  assert.ok(answer.status < 300, answer.text);
  return answer.json.items as Item[];
};
/** What the record says of an action since it was last asked. */
const recordsOf = async (
  { manager }: ManagerWorld,
  action: string,
): Promise<readonly { object: string; phase: string; detail: string }[]> =>
  await manager.services.store.read
    .selectFrom("audit")
    .select(["object", "phase", "detail"])
    .where("action", "=", action)
    .orderBy("sequence")
    .execute();
const stateOf = async ({ owner }: ManagerWorld, run: string): Promise<string> => {
  const { json } = await owner.ask({ path: `/api/v1/runs/${run}` });
  return `${json.state as string} ${json.result as string}`;
};

onBothStores("4.2: what a filter finds is cancelled page by page as one act each, and what has ended is not touched", async (given, t) => {
  const world = await open(given, t);
  const ann = await world.person("ann", { permissions: ["controller:runs"] });
  const closes: string[] = [];
  for (let month = 1; month <= 5; month += 1)
    closes.push(...(await submit(world, "/finance/close", { arguments: { MONTH: String(month) } })));
  const [other = ""] = await submit(world, "/sales/count");
  await post(ann, "cancel", { runs: [closes[0]] });
  const before = (await recordsOf(world, "runs.cancel")).length;
  const body = { filter: { folder: "/finance" }, reason: "wrong month", limit: 3 };
  const first = await post(ann, "cancel", body);
  assert.deepEqual(
    itemsOf(first).map(({ run, job, node, state, problem }) => [run, job, node, state, problem]),
    [closes[4], closes[3], closes[2]].map((run) => [run, "/finance/close", "local", "ended", null]),
  );
  const second = await post(ann, "cancel", { ...body, cursor: first.json.nextCursor });
  assert.deepEqual(
    itemsOf(second).map(({ run }) => run),
    [closes[1]],
  );
  assert.equal(second.json.nextCursor, null);
  for (const run of closes) assert.equal(await stateOf(world, run), "ended cancelled");
  assert.equal(await stateOf(world, other), "queued null");
  assert.deepEqual(itemsOf(await post(ann, "cancel", { ...body, filter: { folder: "/finance", state: "ended" } })), []);
  const records = (await recordsOf(world, "runs.cancel")).slice(before);
  assert.deepEqual(
    records.map(({ object, phase }) => `${object} ${phase}`),
    [
      "runs opened",
      ...[closes[4], closes[3], closes[2]].map((run) => `${run} noted`),
      "runs completed",
      "runs opened",
      `${closes[1]} noted`,
      "runs completed",
    ],
  );
  assert.deepEqual(JSON.parse(records[0]?.detail ?? ""), { filter: { folder: "/finance" }, reason: "wrong month", runs: 3 });
});

onBothStores(
  "4.2, E11: each run is decided by itself; of what may not be known a stranger hears what he hears of nothing",
  async (given, t) => {
    const world = await open(given, t);
    const [close = ""] = await submit(world, "/finance/close");
    const [sale = ""] = await submit(world, "/sales/count");
    const none = "run_00000000000000000000000000";
    const stranger = await world.person("stranger", { permissions: ["controller:runs"], folders: ["/elsewhere/*"] });
    const viewer = await world.person("viewer", { permissions: ["controller:runs:view"] });
    for (const act of ["cancel", "again"] as const) {
      const hidden = itemsOf(await post(stranger, act, { runs: [close, none] }));
      assert.deepEqual(
        hidden.map(({ run, job, node, problem }) => [run, job, node, problem?.code]),
        [
          [close, null, null, "runs.not-found"],
          [none, null, null, "runs.not-found"],
        ],
      );
      assert.equal(hidden[0]?.problem?.message.replace(close, none), hidden[1]?.problem?.message);
      assert.deepEqual(itemsOf(await post(stranger, act, { filter: {} })), []);
      assert.equal((await post(viewer, act, { filter: {} })).status, 403, "who may it nowhere is refused before his body is read");
    }
    const canceller = await world.person("canceller", { permissions: ["controller:runs:cancel"] });
    assert.deepEqual(itemsOf(await post(canceller, "cancel", { filter: {} })), [], "a filter finds what may be seen");
    assert.deepEqual(
      itemsOf(await post(canceller, "cancel", { runs: [close, close] })).map(({ state }) => state),
      ["ended"],
      "acting without viewing is allowed, and once is enough",
    );
    // Seen everywhere, ended at one controller only.
    const [there = ""] = await submit(world, "/finance/report");
    await world.manager.services.store.write((tx) => tx.updateTable("runs").set({ controller: "east" }).where("id", "=", there).execute());
    const definition = {
      kind: "Role",
      name: "ends-at-main",
      permissions: ["manager:view", "controller:runs:view"],
      controllers: { main: { permissions: ["controller:runs:cancel"] } },
    };
    await world.owner.ask({ method: "POST", path: "/api/v1/roles", body: { definition, confirm: true } });
    const mixed = await world.person("mixed", { permissions: [] });
    await world.owner.ask({ method: "POST", path: "/api/v1/assignments", body: { account: "mixed", role: "ends-at-main", confirm: true } });
    const shown = (answer: Answer): unknown =>
      itemsOf(answer)
        .map(({ run, state, problem }) => [run, state, problem?.code ?? null])
        .toSorted();
    const expected = [
      [sale, "ended", null],
      [there, null, "access.denied"],
    ].toSorted();
    assert.deepEqual(shown(await post(mixed, "cancel", { runs: [sale, there] })), expected);
    assert.equal(await stateOf(world, there), "queued null");
    const elsewhere = {
      kind: "Role",
      name: "creates-at-east",
      permissions: [],
      controllers: { east: { permissions: ["controller:runs:create"] } },
    };
    await world.owner.ask({ method: "POST", path: "/api/v1/roles", body: { definition: elsewhere, confirm: true } });
    await world.owner.ask({
      method: "POST",
      path: "/api/v1/assignments",
      body: { account: "mixed", role: "creates-at-east", confirm: true },
    });
    const refused = itemsOf(await post(mixed, "again", { filter: { job: "/sales/count" } }));
    assert.deepEqual(
      refused.map(({ run, again, problem }) => [run, again, problem?.code]),
      [[sale, null, "access.denied"]],
    );
    const [recorded] = (await recordsOf(world, "runs.create")).slice(-1);
    assert.deepEqual([recorded?.object, recorded?.phase], ["/sales/count", "refused"]);
    assert.deepEqual(
      shown(await post(mixed, "cancel", { runs: [sale, there] })),
      [
        [sale, null, "runs.already-ended"],
        [there, null, "access.denied"],
      ].toSorted(),
    );
  },
);

onBothStores(
  "4.2, E13: runs are submitted again as one act, as few submissions as say the same, with today's definition and nodes",
  async (given, t) => {
    const world = await open(given, t);
    const ann = await world.person("ann", { permissions: ["controller:runs"] });
    const [first = ""] = await submit(world, "/finance/close", { arguments: { MONTH: "3" } });
    const [second = ""] = await submit(world, "/finance/close", { arguments: { MONTH: "3" } });
    const [local = "", ledger = ""] = await submit(world, "/finance/report");
    const answer = await post(ann, "again", { runs: [ledger, local, second, first], comment: "after the outage" });
    assert.equal(answer.status, 201, answer.text);
    const items = itemsOf(answer);
    assert.deepEqual(items.map(({ run }) => run).toSorted(), [first, second, local, ledger].toSorted());
    const againOf = (run: string): NonNullable<Item["again"]> => items.find((item) => item.run === run)?.again ?? assert.fail(run);
    assert.equal(againOf(local).submission, againOf(ledger).submission, "one submission for both nodes");
    assert.notEqual(againOf(first).submission, againOf(second).submission, "twice on one node are two");
    const repeated = (await ann.ask({ path: `/api/v1/runs/${againOf(first).run}` })).json;
    assert.deepEqual(
      [repeated.job, repeated.node, repeated.arguments, repeated.submitter.name, repeated.comment, repeated.state],
      ["/finance/close", "local", { MONTH: "3" }, "ann", "after the outage", "queued"],
    );
    assert.equal((await ann.ask({ path: `/api/v1/runs/${againOf(ledger).run}` })).json.node, "ledger-1");
    const records = (await recordsOf(world, "runs.create")).slice(-5);
    assert.deepEqual(
      records.map(({ object, phase }) => `${object} ${phase}`),
      ["jobs opened", "/finance/close noted", "/finance/close noted", "/finance/report noted", "jobs completed"],
    );
    assert.deepEqual((JSON.parse(records[3]?.detail ?? "{}") as { again?: string[] }).again?.toSorted(), [local, ledger].toSorted());

    // The parameter has gone, and so has a node: what cannot be accepted takes nothing else along.
    const changed = documents.replace(/parameters:\n.*\n/, "");
    await world.owner.ask({ method: "POST", path: "/api/v1/definitions", body: { documents: changed } });
    await world.manager.services.store.write((tx) =>
      tx.updateTable("nodes").set({ state: "revoked" }).where("name", "=", "ledger-1").execute(),
    );
    const later = itemsOf(await post(ann, "again", { runs: [first, local, ledger] }));
    assert.deepEqual(
      later.map(({ run, problem }) => [run, problem?.code ?? null]).toSorted(),
      [
        [first, "jobs.unknown-argument"],
        [local, null],
        [ledger, "jobs.unknown-node"],
      ].toSorted(),
    );
  },
);

onBothStores(
  "4.2, W8: a page of runs is submitted again once under its key, and what it makes is not met by the next page",
  async (given, t) => {
    const world = await open(given, t);
    const ann = await world.person("ann", { permissions: ["controller:runs"] });
    for (let month = 1; month <= 5; month += 1) await submit(world, "/finance/close", { arguments: { MONTH: String(month) } });
    const count = async (): Promise<number> => (await ann.ask({ path: "/api/v1/runs/counts?folder=/finance" })).json.total as number;
    const body = { filter: { folder: "/finance", state: "active" }, limit: 3 };
    const answers = await Promise.all(Array.from({ length: 8 }, () => post(ann, "again", body, "page-1")));
    const made = answers.map((answer) => itemsOf(answer).map(({ again }) => again?.run));
    for (const one of made) assert.deepEqual(one, made[0]);
    assert.equal(answers.filter((answer) => answer.json.replayed === false).length, 1);
    assert.equal(await count(), 8);
    const [page] = answers;
    const next = await post(ann, "again", { ...body, cursor: page?.json.nextCursor }, "page-2");
    assert.equal(itemsOf(next).length, 2);
    assert.equal(next.json.nextCursor, null);
    assert.equal(await count(), 10);
    assert.deepEqual([(await post(ann, "again", { ...body, limit: 2 }, "page-1")).json.code], ["jobs.idempotency-mismatch"]);
    // The counts name the jobs behind them, most runs first.
    await submit(world, "/sales/count");
    const counts = (await ann.ask({ path: "/api/v1/runs/counts?state=active" })).json;
    assert.deepEqual(
      [counts.total, counts.jobs, counts.mostOf],
      [
        11,
        2,
        [
          { job: "/finance/close", runs: 10 },
          { job: "/sales/count", runs: 1 },
        ],
      ],
    );
  },
);

onBothStores("4.2, W9: what is no bounded request is refused before anything is done", async (given, t) => {
  const world = await open(given, t);
  const [run = ""] = await submit(world, "/finance/close");
  for (const act of ["cancel", "again"] as const)
    for (const body of [
      {},
      { runs: [] },
      { runs: [run], filter: {} },
      { runs: Array.from({ length: 501 }, () => run) },
      { runs: ["run_1"] },
      { filter: { folder: "nowhere" } },
      { filter: { colour: "red" } },
      { filter: {}, limit: 501 },
      { filter: {}, cursor: "!" },
      { filter: { q: "a\u0000" } },
    ])
      assert.equal((await post(world.owner, act, body)).status, 422, `${act} ${JSON.stringify(body).slice(0, 100)}`);
  assert.equal(
    (await post(world.owner, "cancel", { filter: {}, cursor: "e30" })).json.code,
    "jobs.invalid-cursor",
    "a cursor that no list gave",
  );
  assert.equal(await stateOf(world, run), "queued null");
});

onBothStores(
  "4.2: the command line cancels and repeats what a filter finds once it is confirmed, and tells what it could not",
  async (given, t) => {
    const world = await open(given, t);
    const cli = (words: readonly string[]): ReturnType<typeof runCli> => runCli(["--data", world.layout.root, "runs", ...words]);
    // More than one page.
    const items = Array.from({ length: 210 }, (_, month) => ({ job: "/finance/close", arguments: { MONTH: month } }));
    await world.owner.ask({ method: "POST", path: "/api/v1/submissions", body: { items } });
    const [report = "", there = ""] = await submit(world, "/finance/report");
    const vague = await cli(["cancel"]);
    assert.notEqual(vague.code, 0);
    assert.match(vague.stderr, /which runs\?/);
    const asked = await cli(["cancel", "--folder", "/finance"]);
    assert.notEqual(asked.code, 0);
    assert.match(asked.stderr, /would cancel 212 runs of 2 jobs: `\/finance\/close` \(210\), `\/finance\/report` \(2\)/);
    assert.equal(await stateOf(world, report), "queued null");
    const both = await cli(["cancel", report, "--folder", "/finance"]);
    assert.match(both.stderr, /not both/);
    const cancelled = await cli(["cancel", "--job", "/finance/close", "--reason", "wrong month", "--confirm"]);
    assert.deepEqual([cancelled.code, cancelled.stdout], [0, "210 runs ended at once, 0 runs being cancelled\n"], cancelled.stderr);
    const none = await cli(["cancel", "--job", "/finance/close", "--confirm"]);
    assert.deepEqual([none.code, none.stdout], [0, "0 runs ended at once, 0 runs being cancelled\n"]);
    const named = await cli(["cancel", report, there]);
    assert.match(named.stdout, /^2 runs ended at once/);
    await world.manager.services.store.write((tx) =>
      tx.updateTable("nodes").set({ state: "revoked" }).where("name", "=", "ledger-1").execute(),
    );
    const again = await cli(["again", "--job", "/finance/report", "--confirm"]);
    assert.equal(again.code, 1, again.stderr);
    assert.match(again.stdout, new RegExp(`${report} +run_\\w+ +/finance/report +local`));
    assert.match(again.stdout, new RegExp(`${there} +/finance/report +ledger-1 +jobs\\.unknown-node`));
    assert.equal((await cli(["count", "--state", "active", "--json"])).stdout.includes('"total": 1'), true);
  },
);
