/** Before a submission: the preview of who, may, where and as whom; folders with honest counts; the schema for editors. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Answer } from "#test/fixtures/http.ts";
import { addNodeRecord, startManager, type ManagerWorld, type Person } from "#test/fixtures/manager.ts";
import { sharedPostgres, whyNoPostgres } from "#test/fixtures/postgres.ts";

const documents = `kind: Job
path: /finance/close
requires: administrator
run: { shell: "true" }
as: { credential: run_as_ledger }
on: [local, gone-1]
parameters:
  - { name: MONTH, type: integer, required: true }
  - { name: MODE, allowed: [dry, full], default: dry }
---
kind: Job
path: /finance/year/end
run: { shell: "true" }
on: [local]
---
kind: Job
path: /sales/report
run: { shell: "true" }
---
kind: Job
path: /top
run: { shell: "true" }
on: [local]
`;

for (const store of ["SQLite", "PostgreSQL"] as const)
  describe(`preview (${store})`, { skip: store === "PostgreSQL" ? (whyNoPostgres() ?? false) : false }, () => {
    let world: ManagerWorld;
    const afters: (() => unknown)[] = [];
    before(async () => {
      world = await startManager(
        { after: (fn) => void afters.push(fn as () => unknown) },
        store === "PostgreSQL" ? { database: (await sharedPostgres()).makeDatabase() } : {},
      );
      await addNodeRecord(world.manager.services.store, "local", 0);
      const applied = await world.owner.ask({ method: "POST", path: "/api/v1/definitions", body: { documents } });
      assert.equal(applied.status, 200, applied.text);
    });
    after(async () => {
      for (const fn of afters) await fn();
    });

    const preview = (person: Person, body: unknown): Promise<Answer> =>
      person.ask({ method: "POST", path: "/api/v1/submissions/preview", body });

    test("4.4: a preview says who, may, where and as whom, warns of what the manager knows, and stores nothing", async () => {
      const answer = await preview(world.owner, { job: "/finance/close", arguments: { MONTH: 3 } });
      assert.equal(answer.status, 200, answer.text);
      const { verdicts, targets, problems, ...rest } = answer.json;
      assert.deepEqual(
        verdicts.map((one: { part: string; effect: string }) => `${one.part} ${one.effect}`),
        ["who permit", "may permit"],
      );
      assert.deepEqual(targets, [
        { node: "local", health: "offline", account: null, where: null, warnings: ["node-never-connected"] },
        { node: "gone-1", health: null, account: null, where: null, warnings: ["node-missing"] },
      ]);
      assert.deepEqual(
        problems.map((one: { code: string }) => one.code),
        ["jobs.unknown-node"],
      );
      assert.deepEqual(rest, {
        job: "/finance/close",
        jobRevision: 1,
        requires: "administrator",
        asWhom: "the credential `run_as_ledger`",
        credentialKey: "run_as_ledger",
        arguments: { MONTH: "3", MODE: "dry" },
        nodesVisible: true,
        ready: false,
      });
      const wrong = await preview(world.owner, { job: "/finance/close", arguments: { MODE: "other", MONTHS: 1 }, on: "local" });
      assert.deepEqual(
        wrong.json.problems.map((one: { code: string; path: string }) => `${one.code} ${one.path}`),
        ["jobs.unknown-argument arguments", "jobs.missing-argument arguments.MONTH", "jobs.invalid-argument arguments.MODE"],
      );
      assert.equal(wrong.json.arguments, null);
      assert.equal((await preview(world.owner, { job: "/sales/report" })).json.problems[0].code, "jobs.not-runnable");
      assert.deepEqual((await preview(world.owner, { job: "/top" })).json.ready, true);
      assert.deepEqual((await world.owner.ask({ path: "/api/v1/submissions" })).json.items, []);
    });

    test("4.4: a preview is refused as the submission is: 404 where the job may not be known, 403 where it may not be run", async () => {
      const sal = await world.person("sal", { permissions: ["controller"], folders: ["/sales/*"] });
      const missing = await preview(sal, { job: "/finance/close" });
      assert.deepEqual([missing.status, missing.json.code], [404, "jobs.not-found"]);
      assert.equal((await preview(sal, { job: "/nothing" })).json.code, "jobs.not-found");
      const vic = await world.person("vic", { permissions: ["controller:jobs:view", "controller:runs:view"] });
      assert.equal((await preview(vic, { job: "/finance/close" })).status, 403);
      // Nodes are told of to those only who may see them.
      const runner = await world.person("run", { permissions: ["controller:runs:create", "controller:jobs:view"] });
      const answer = await preview(runner, { job: "/finance/year/end" });
      assert.deepEqual(answer.json.targets, [{ node: "local", health: null, account: null, where: null, warnings: [] }]);
      assert.equal(answer.json.nodesVisible, false);
      assert.equal(answer.json.ready, true);
    });

    test("4.1: folders come with the number of jobs that the reader may see, and of others there is no trace", async () => {
      const all = await world.owner.ask({ path: "/api/v1/folders" });
      const own = (answer: Answer): object => ({
        ...answer.json,
        items: answer.json.items.filter(({ path }: { path: string }) => path !== "/examples"),
      });
      assert.deepEqual(own(all), {
        folder: "/",
        jobs: 1,
        total: 4,
        items: [
          { path: "/finance", jobs: 2, hasFolders: true },
          { path: "/sales", jobs: 1, hasFolders: false },
        ],
        more: false,
      });
      const below = await world.owner.ask({ path: "/api/v1/folders?folder=/finance" });
      assert.deepEqual(
        [below.json.jobs, below.json.total, below.json.items],
        [1, 2, [{ path: "/finance/year", jobs: 1, hasFolders: false }]],
      );
      const sue = await world.person("sue", { permissions: ["controller:jobs:view"], folders: ["/sales/*"] });
      assert.deepEqual((await sue.ask({ path: "/api/v1/folders" })).json.items, [{ path: "/sales", jobs: 1, hasFolders: false }]);
      assert.equal((await sue.ask({ path: "/api/v1/folders?folder=/finance" })).json.total, 0);
      assert.equal((await world.owner.ask({ path: "/api/v1/folders?folder=nonsense" })).status, 422);
    });

    test("4.1: the schema of a job is there for editors", async () => {
      const schema = (await world.owner.ask({ path: "/api/v1/schemas/job" })).json;
      assert.ok(["path", "run", "as", "on", "parameters"].every((field) => field in schema.properties));
    });
  });
