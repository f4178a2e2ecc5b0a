/** Submitting over HTTP: bad input, idempotency under concurrency, batches, cancellation. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { addNodeRecord, startManager, type ManagerWorld, type Person } from "#test/fixtures/manager.ts";
import type { Answer } from "#test/fixtures/http.ts";
import { sharedPostgres, whyNoPostgres } from "#test/fixtures/postgres.ts";

for (const store of ["SQLite", "PostgreSQL"] as const)
  describe(`submissions (${store})`, { skip: store === "PostgreSQL" ? (whyNoPostgres() ?? false) : false }, () => {
    let world: ManagerWorld;
    let ann: Person;
    const afters: (() => unknown)[] = [];
    before(async () => {
      world = await startManager(
        { after: (fn) => void afters.push(fn as () => unknown) },
        store === "PostgreSQL" ? { database: (await sharedPostgres()).makeDatabase() } : {},
      );
      await addNodeRecord(world.manager.services.store, "local", 0);
      await addNodeRecord(world.manager.services.store, "ledger-1", 1);
      const documents = `kind: Job
path: /finance/close
run: { shell: "true" }
on: [local]
parameters:
  - { name: MONTH, type: integer, required: true }
  - { name: MODE, allowed: [dry, full], default: dry }
---
kind: Job
path: /finance/plain
run: { shell: "true" }
on: [local, ledger-1]
`;
      const applied = await world.owner.ask({ method: "POST", path: "/api/v1/definitions", body: { documents } });
      assert.equal(applied.status, 200, applied.text);
      ann = await world.person("ann", { permissions: ["controller:runs", "controller:jobs:view"] });
    });
    after(async () => {
      for (const fn of afters) await fn();
    });

    const submit = (person: Person, body: unknown, key?: string): Promise<Answer> =>
      person.ask({
        method: "POST",
        path: "/api/v1/submissions",
        body,
        ...(key === undefined ? {} : { headers: { "idempotency-key": key } }),
      });
    const runCount = async (): Promise<number> =>
      Number(
        (
          await world.manager.services.store.read
            .selectFrom("runs")
            .select((eb) => eb.fn.countAll().as("n"))
            .executeTakeFirstOrThrow()
        ).n,
      );

    test("2.3: one run per node, queued, with the verdicts of who and may kept", async () => {
      const answer = await submit(ann, { job: "/finance/plain", comment: "month end" });
      assert.equal(answer.status, 201);
      assert.deepEqual(
        answer.json.runs.map((run: { node: string }) => run.node),
        ["local", "ledger-1"],
      );
      const run = await ann.ask({ path: `/api/v1/runs/${answer.json.runs[0].id as string}` });
      assert.equal(run.json.state, "queued");
      assert.equal(run.json.comment, "month end");
      assert.deepEqual(
        run.json.verdicts.map((verdict: { part: string; effect: string; rule: string }) => [verdict.part, verdict.effect, verdict.rule]),
        [
          ["who", "permit", "who.session"],
          ["may", "permit", "may.granted"],
        ],
      );
      const explained = await ann.ask({ path: `/api/v1/runs/${answer.json.runs[0].id as string}/explain` });
      assert.equal(explained.json.sentence, "/finance/plain is queued for local on behalf of ann");
      const submission = await ann.ask({ path: `/api/v1/submissions/${answer.json.id as string}` });
      assert.equal(submission.json.runs.length, 2);
    });

    test("2.3: arguments are checked against the declared parameters; each mistake is its own problem and nothing is stored", async () => {
      const before = await runCount();
      const tries: [unknown, number, string][] = [
        [{ job: "/finance/close" }, 422, "jobs.missing-argument"],
        [{ job: "/finance/close", arguments: { MONTH: "May" } }, 422, "jobs.invalid-argument"],
        [{ job: "/finance/close", arguments: { MONTH: 5, MODE: "wild" } }, 422, "jobs.invalid-argument"],
        [{ job: "/finance/close", arguments: { MONTH: 5, COLOUR: "red" } }, 422, "jobs.unknown-argument"],
        [{ job: "/finance/close", arguments: { MONTH: 5 }, on: ["nowhere"] }, 422, "jobs.unknown-node"],
        [{ job: "/finance/nothing" }, 404, "jobs.not-found"],
        [{ job: "/finance/../etc/passwd" }, 404, "jobs.not-found"],
        [{ job: "/finance/plain\u0000" }, 404, "jobs.not-found"],
        [{ job: "/finance/\u0440lain" }, 404, "jobs.not-found"],
        [{ job: "/finance/plain", comment: "x".repeat(2001) }, 422, "input.invalid-value"],
        [{ job: "/finance/plain", priority: 1 }, 422, "input.unknown-field"],
        [{ job: 7 }, 422, "input.wrong-type"],
        [{}, 422, "input.invalid-value"],
        [{ job: "/finance/plain", items: [{ job: "/finance/plain" }] }, 422, "input.invalid-value"],
        [{ items: Array.from({ length: 501 }, () => ({ job: "/finance/plain" })) }, 422, "input.invalid-value"],
        [{ items: Array.from({ length: 300 }, () => ({ job: "/finance/plain" })) }, 422, "jobs.too-many"],
        [{ items: [{ job: "/finance/plain" }, { job: "/finance/close" }] }, 422, "jobs.missing-argument"],
      ];
      for (const [body, status, code] of tries) {
        const answer = await submit(ann, body);
        assert.deepEqual([answer.status, answer.json.code], [status, code], JSON.stringify(body).slice(0, 100));
      }
      assert.equal(await runCount(), before);
    });

    test("2.3: numbers and truth values are given as text", async () => {
      const answer = await submit(ann, { job: "/finance/close", arguments: { MONTH: 5 } });
      const run = await ann.ask({ path: `/api/v1/runs/${answer.json.runs[0].id as string}` });
      assert.deepEqual(run.json.arguments, { MONTH: "5", MODE: "dry" });
    });

    test("2.3: a batch of 500 is one transaction, in order; with `partial` what can be accepted is", async () => {
      const items = Array.from({ length: 500 }, (_, index) => ({ job: "/finance/close", arguments: { MONTH: index }, on: "local" }));
      const answer = await submit(ann, { items });
      assert.equal(answer.status, 201);
      assert.equal(answer.json.runs.length, 500);
      const first = await ann.ask({ path: `/api/v1/runs/${answer.json.runs[0].id as string}` });
      assert.equal(first.json.arguments.MONTH, "0");
      const partial = await submit(ann, { items: [{ job: "/finance/close" }, { job: "/finance/plain" }], partial: true });
      assert.deepEqual(
        partial.json.items.map((item: { accepted: boolean }) => item.accepted),
        [false, true],
      );
      assert.equal(partial.json.items[0].problem.code, "jobs.missing-argument");
    });

    test("W8: fifty requests with one key at once make one submission, and all get its answer", async () => {
      const before = await runCount();
      const answers = await Promise.all(Array.from({ length: 50 }, () => submit(ann, { job: "/finance/plain" }, "month-end-5")));
      assert.deepEqual([...new Set(answers.map((answer) => answer.status))], [201]);
      assert.equal(new Set(answers.map((answer) => answer.json.id as string)).size, 1);
      assert.equal(answers.filter((answer) => answer.json.replayed === false).length, 1);
      assert.equal(await runCount(), before + 2);
    });

    test("W8: the key is bound to the body and to the person, and opens nothing", async () => {
      const first = await submit(ann, { job: "/finance/plain" }, "bound");
      const other = await submit(ann, { job: "/finance/plain", comment: "another" }, "bound");
      assert.deepEqual([other.status, other.json.code], [422, "jobs.idempotency-mismatch"]);
      const bob = await world.person("bob", { permissions: ["controller:runs"] });
      const his = await submit(bob, { job: "/finance/plain" }, "bound");
      assert.equal(his.status, 201);
      assert.notEqual(his.json.id, first.json.id);
      const definition = { kind: "Role", name: "role-of-bob", permissions: ["manager:view", "controller:runs:view"] };
      await world.owner.ask({ method: "PUT", path: "/api/v1/roles/role-of-bob", body: { definition, confirm: true } });
      assert.equal((await submit(bob, { job: "/finance/plain" }, "bound")).status, 403, "the answer is authorised again");
      for (const key of ["", "a b", "x".repeat(201), "\u00fc"]) {
        const answer = await submit(ann, { job: "/finance/plain" }, key);
        assert.ok(key === "" ? answer.status === 422 || answer.status === 201 : answer.status === 422, JSON.stringify(key));
      }
    });

    test("2.3: a queued run is cancelled at once, with who and why; a second time is a conflict", async () => {
      const submitted = await submit(ann, { job: "/finance/plain", on: "local" });
      const id = submitted.json.runs[0].id as string;
      const cancelled = await ann.ask({ method: "POST", path: `/api/v1/runs/${id}/cancel`, body: { reason: "wrong month" } });
      assert.deepEqual([cancelled.status, cancelled.json.state, cancelled.json.result], [200, "ended", "cancelled"]);
      assert.equal(cancelled.json.cancelRequested.reason, "wrong month");
      const again = await ann.ask({ method: "POST", path: `/api/v1/runs/${id}/cancel`, body: {} });
      assert.deepEqual([again.status, again.json.code], [409, "runs.already-ended"]);
    });
  });
