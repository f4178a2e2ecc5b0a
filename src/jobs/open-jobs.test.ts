/** The use-cases of this room, on both stores, with the real audit trail. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { compileAccess } from "#access/compile.ts";
import { openAuditTrail } from "#audit/audit-trail.ts";
import type { Principal } from "#identity/principal.ts";
import { silentLog } from "#kernel/log.ts";
import { ProblemError, type Problem } from "#kernel/problem.ts";
import { generateSigningKey, privateKeyFromPem } from "#proof/keys.ts";
import type { VerdictRecord } from "#proof/launch-order.ts";
import { endRun, markOffered, markState } from "#jobs/dispatch-store.ts";
import { openJobs, type Jobs } from "#jobs/open-jobs.ts";
import { readJob } from "#jobs/read-job.ts";
import type { Job } from "#jobs/rules/job.ts";
import type { AcceptedSubmission, SubmitAnswer, SubmitOptions } from "#jobs/submit.ts";
import type { Store } from "#store/store.ts";
import { onBothStores, type StoreCase } from "#test/fixtures/stores.ts";

interface World {
  readonly jobs: Jobs;
  readonly store: Store;
  /** A second manager on the same database; PostgreSQL only. */
  readonly second: () => Promise<Jobs>;
  nowMs: number;
  /** Audit records as `phase action object`. */
  records(): Promise<readonly string[]>;
}

const principal = (accessId: string): Principal => ({
  accessId,
  name: accessId.split("/").at(-1) ?? accessId,
  accountId: null,
  service: "LOCAL",
  groups: ["clerks"],
  roles: [],
  access: compileAccess({ accessId, name: accessId, roles: [] }),
  amr: ["pwd"],
  authTime: 1_767_225_600,
});
const ann = principal("user:corp/ann");
const bob = principal("user:corp/bob");
const verdict: VerdictRecord = {
  part: "may",
  question: "may ann run it",
  effect: "permit",
  rule: "may.granted",
  text: "she may",
  decidedAt: "2026-01-05T12:00:00.000Z",
};
const options: SubmitOptions = { route: "POST /api/v1/submissions", bodyHash: "h1" };

const job = (path: string, more: Record<string, unknown> = {}): Job => {
  const read = readJob({ kind: "Job", path, run: { shell: "id" }, on: ["local"], ...more });
  assert.ok(read.ok, read.ok ? "" : read.problem.message);
  return read.value;
};
const item = (path: string, more: Record<string, unknown> = {}): { job: Job; source: string } => ({
  job: job(path, more),
  source: `path: ${path}`,
});

const openWorld = async (given: StoreCase): Promise<World> => {
  const nodes = { exists: async (name: string) => ["local", "ledger-1", "ledger-2"].includes(name) };
  const world: { nowMs: number } = { nowMs: Date.UTC(2026, 0, 5, 12) };
  const clock = { nowMs: () => world.nowMs, monotonicMs: () => performance.now() };
  const open = async (name: string): Promise<{ store: Store; jobs: Jobs }> => {
    const store = await given.open();
    const audit = await openAuditTrail({
      store,
      clock,
      log: silentLog,
      checkpointFile: join(given.folder, name),
      signingKey: privateKeyFromPem(generateSigningKey().privatePem),
    });
    return { store, jobs: openJobs({ store, audit, clock, log: silentLog, nodes }) };
  };
  const { store, jobs } = await open("first.jsonl");
  return Object.assign(world, {
    jobs,
    store,
    second: async () => (await open("second.jsonl")).jobs,
    records: async () =>
      (
        await store.read
          .selectFrom("audit")
          .select(["phase", "action", "object"])
          .where("action", "not like", "audit.%")
          .orderBy("sequence")
          .execute()
      ).map(({ phase, action, object }) => `${phase} ${action} ${object}`),
  });
};

const problemOf = async (promise: Promise<unknown>): Promise<Problem> => {
  try {
    await promise;
  } catch (error) {
    if (error instanceof ProblemError) return error.problem;
    throw error;
  }
  throw new Error("it succeeded");
};
const acceptedOf = (answer: SubmitAnswer): readonly AcceptedSubmission[] => answer.items.filter((entry) => entry.accepted);
const countRows = async (store: Store): Promise<readonly number[]> => {
  const count = async (table: "submissions" | "runs" | "idempotency"): Promise<number> =>
    (
      await store.read
        .selectFrom(table)
        .select(({ fn }) => fn.countAll<number>().as("rows"))
        .executeTakeFirstOrThrow()
    ).rows;
  return [await count("submissions"), await count("runs"), await count("idempotency")];
};
const submitOne = async ({ jobs }: World, path: string, on: readonly string[] = ["local"]): Promise<AcceptedSubmission> =>
  acceptedOf(await jobs.submit(ann, [{ job: path, on, verdicts: [verdict] }], options))[0] ?? assert.fail();
const finish = async ({ store, nowMs }: World, id: string): Promise<void> => {
  await store.write(async (tx) => {
    assert.ok(
      await markOffered(tx, {
        id,
        attempt: 1,
        journalId: "jrn",
        orderDigest: "d",
        offeredAt: nowMs,
        tokenExpiresAt: nowMs + 1,
        dispatchVerdicts: "[]",
      }),
    );
    await endRun(tx, {
      id,
      attempt: 1,
      result: "succeeded",
      acceptedAt: null,
      startedAt: nowMs,
      endedAt: nowMs,
      outcome: JSON.stringify({ verdicts: [] }),
      receipt: "r",
      runAs: "nobody",
      exitCode: 0,
      logBytes: 5,
    });
  });
};

onBothStores("2.3: applying makes a revision when something changed, keeps authors, and records it", async (given) => {
  const world = await openWorld(given);
  const { jobs } = world;
  assert.deepEqual(await jobs.applyJob(ann, item("/f/a"), { dryRun: true }), {
    path: "/f/a",
    change: "created",
    revision: 1,
    runIdentity: null,
    notices: [],
  });
  assert.equal(await jobs.getJob("/f/a"), null);
  assert.deepEqual(await world.records(), []);
  assert.equal((await jobs.applyJob(ann, item("/f/a"))).change, "created");
  assert.deepEqual(await jobs.applyJob(bob, item("/f/a")), {
    path: "/f/a",
    change: "unchanged",
    revision: 1,
    runIdentity: null,
    notices: [],
  });
  const changed = await jobs.applyJob(bob, { ...item("/f/a", { as: { credential: "svc" }, on: ["nowhere"] }), expectedRevision: 1 });
  assert.deepEqual(
    [changed.change, changed.revision, changed.runIdentity],
    ["changed", 2, { from: "the node's default job account", to: "the credential `svc`" }],
  );
  assert.match(changed.notices.join(), /`nowhere`.*run identity changes/);
  const [first, second] = [await jobs.getRevision("/f/a", 1), await jobs.getRevision("/f/a", 2)];
  assert.deepEqual(
    [first?.author, second?.author, first?.job.as.kind, second?.job.as.kind],
    [ann.accessId, bob.accessId, "agent", "credential"],
  );
  assert.deepEqual(
    (await jobs.listRevisions("/f/a")).map(({ revision, authorName }) => [revision, authorName]),
    [
      [2, "bob"],
      [1, "ann"],
    ],
  );
  assert.deepEqual(await world.records(), [
    "opened jobs.apply /f/a",
    "completed jobs.apply /f/a",
    "opened jobs.apply /f/a",
    "completed jobs.apply /f/a",
  ]);
  const detail = await world.store.read
    .selectFrom("audit")
    .select("detail")
    .where("phase", "=", "completed")
    .orderBy("sequence", "desc")
    .executeTakeFirstOrThrow();
  assert.match(detail.detail, /runIdentity/);
});

onBothStores("bad input: a conflicting revision, a path given twice: nothing changed", async (given) => {
  const { jobs } = await openWorld(given);
  await jobs.applyJob(ann, item("/f/a"));
  await jobs.applyJob(ann, item("/f/a", { title: "two" }));
  for (const expectedRevision of [0, 1, 3])
    assert.equal(
      (await problemOf(jobs.applyJobs(bob, [item("/f/new"), { ...item("/f/a", { title: "x" }), expectedRevision }]))).code,
      "jobs.revision-conflict",
    );
  assert.equal((await problemOf(jobs.applyJobs(bob, [item("/f/b"), item("/f/b", { title: "x" })]))).code, "jobs.duplicate-path");
  assert.deepEqual(
    (await jobs.listJobs({ folders: "all" })).items.map(({ path, revision }) => [path, revision]),
    [["/f/a", 2]],
  );
  // Two who started from the same revision: one of them is told.
  const both = await Promise.allSettled(
    [ann, bob].map((who) => jobs.applyJob(who, { ...item("/f/a", { title: who.name }), expectedRevision: 2 })),
  );
  assert.deepEqual(both.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
});

onBothStores("2.3: a deleted job is gone, its history stays, and it can be made again", async (given) => {
  const world = await openWorld(given);
  const { jobs } = world;
  await jobs.applyJob(ann, item("/f/a"));
  const submission = await submitOne(world, "/f/a");
  assert.equal((await problemOf(jobs.deleteJob(ann, "/f/a", { expectedRevision: 7 }))).code, "jobs.revision-conflict");
  await jobs.deleteJob(ann, "/f/a", { expectedRevision: 1 });
  assert.equal(await jobs.getJob("/f/a"), null);
  assert.equal((await problemOf(jobs.deleteJob(ann, "/f/a"))).code, "jobs.not-found");
  assert.equal((await problemOf(submitOne(world, "/f/a"))).code, "jobs.not-found");
  assert.equal((await jobs.getRun(submission.runs[0]?.id ?? ""))?.job, "/f/a");
  assert.ok((await jobs.getRevision("/f/a", 1)) !== null);
  assert.deepEqual((await jobs.applyJob(ann, { ...item("/f/a"), expectedRevision: 0 })).revision, 2);
});

onBothStores("2.3: lists show what a caller may see, page by page", async (given) => {
  const world = await openWorld(given);
  const { jobs } = world;
  const paths = ["/top", "/f/a", "/f/eu/b", "/f/eu/deep/c", "/fx/d", "/f_/e", "/g/h"];
  await jobs.applyJobs(
    ann,
    paths.map((path) => item(path)),
  );
  const seen = async (folders: Parameters<Jobs["listJobs"]>[0]["folders"]): Promise<string> =>
    (await jobs.listJobs({ folders })).items.map(({ path }) => path).join(" ");
  assert.equal(await seen("all"), paths.toSorted().join(" "));
  assert.equal(await seen([]), "");
  assert.equal(await seen([{ path: "/", recursive: true }]), paths.toSorted().join(" "));
  assert.equal(await seen([{ path: "/", recursive: false }]), "/top");
  assert.equal(await seen([{ path: "/f", recursive: true }]), "/f/a /f/eu/b /f/eu/deep/c");
  assert.equal(
    await seen([
      { path: "/f", recursive: false },
      { path: "/g", recursive: true },
    ]),
    "/f/a /g/h",
  );
  for (const path of paths) {
    await submitOne(world, path);
    world.nowMs += 1;
  }
  const runs = async (folders: Parameters<Jobs["listRuns"]>[0]["folders"]): Promise<string> =>
    (await jobs.listRuns({ folders })).items
      .map((run) => run.job)
      .toSorted()
      .join(" ");
  const submissions = async (folders: Parameters<Jobs["listRuns"]>[0]["folders"]): Promise<string> =>
    (await jobs.listSubmissions({ folders })).items
      .map((submission) => submission.job)
      .toSorted()
      .join(" ");
  for (const list of [runs, submissions]) {
    assert.equal(await list("all"), paths.toSorted().join(" "));
    assert.equal(await list([]), "");
    assert.equal(await list([{ path: "/f", recursive: true }]), "/f/a /f/eu/b /f/eu/deep/c");
    assert.equal(await list([{ path: "/f", recursive: false }]), "/f/a");
    assert.equal(
      await list([
        { path: "/f_", recursive: false },
        { path: "/", recursive: false },
      ]),
      "/f_/e /top",
    );
  }
  const collected: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await jobs.listRuns({ folders: "all", limit: 3, ...(cursor === undefined ? {} : { cursor }) });
    collected.push(...page.items.map((run) => run.job));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  assert.deepEqual(collected, paths.toReversed());
  for (const broken of [
    "",
    "x",
    "bm9wZQ",
    Buffer.from('["a",1]').toString("base64url"),
    Buffer.from('[1,"\\u0000"]').toString("base64url"),
  ])
    assert.equal((await problemOf(jobs.listRuns({ folders: "all", cursor: broken }))).code, "jobs.invalid-cursor");
  assert.equal(
    (await jobs.listRuns({ folders: "all", node: "local", state: "queued", submitter: ann.accessId, job: "/f/a", folder: "/f" })).items
      .length,
    1,
  );
  assert.equal((await jobs.listRuns({ folders: "all", results: ["failed", "refused"] })).items.length, 0);
  assert.equal((await jobs.listRuns({ folders: "all", fromMs: world.nowMs - 2 })).items.length, 2);
  assert.equal((await jobs.listRuns({ folders: "all", beforeMs: world.nowMs - 2 })).items.length, 5);
});

onBothStores("2.3: a submission becomes one queued run per node, with everything that was decided", async (given) => {
  const world = await openWorld(given);
  const { jobs, store } = world;
  await jobs.applyJob(
    ann,
    item("/f/a", { on: ["ledger-2", "ledger-1"], parameters: { MONTH: { type: "integer", required: true }, MODE: { default: "fast" } } }),
  );
  const answer = await jobs.submit(bob, [{ job: "/f/a", arguments: { MONTH: "+3" }, comment: "why", verdicts: [verdict] }], {
    ...options,
    actor: ann,
  });
  const [submission] = acceptedOf(answer);
  assert.deepEqual(
    submission?.runs.map(({ node }) => node),
    ["ledger-2", "ledger-1"],
  );
  const stored = await jobs.getSubmission(submission?.id ?? "");
  assert.deepEqual(
    [stored?.arguments, stored?.submitter, stored?.actor, stored?.comment, stored?.verdicts],
    [
      { MONTH: "3", MODE: "fast" },
      { accessId: bob.accessId, name: "bob", groups: ["clerks"] },
      { accessId: ann.accessId, name: "ann" },
      "why",
      [verdict],
    ],
  );
  const claim = await store.read.selectFrom("submissions").select("submitter_claim").executeTakeFirstOrThrow();
  assert.deepEqual(JSON.parse(claim.submitter_claim), { groups: ["clerks"], amr: ["pwd"], authTime: 1_767_225_600 });
  const run = await jobs.getRun(submission?.runs[0]?.id ?? "");
  assert.deepEqual(
    [run?.state, run?.attempt, run?.node, run?.jobRevision, run?.result, run?.verdicts.submission],
    ["queued", 0, "ledger-2", 1, null, [verdict]],
  );
  assert.deepEqual(
    (await jobs.submit(ann, [{ job: "/f/a", arguments: { MONTH: "1" }, on: ["local", "local"], verdicts: [] }], options)).items.flatMap(
      (entry) => (entry.accepted ? entry.runs.map(({ node }) => node) : []),
    ),
    ["local"],
  );
  assert.deepEqual((await world.records()).slice(2, 4), ["opened runs.create /f/a", "completed runs.create /f/a"]);
  assert.equal(await jobs.getRun("run_\u0000"), null);
  assert.equal(await jobs.getSubmission("none"), null);
});

onBothStores("bad input: one wrong request of a batch refuses all of it; `partial` accepts the rest", async (given) => {
  const world = await openWorld(given);
  const { jobs, store } = world;
  await jobs.applyJobs(ann, [
    item("/f/a"),
    item("/f/nowhere", { on: [] }),
    item("/f/p", { parameters: { M: { type: "integer", required: true } } }),
  ]);
  const good = { job: "/f/a", verdicts: [verdict] };
  for (const [request, code] of [
    [{ ...good, job: "/f/none" }, "jobs.not-found"],
    [{ ...good, job: "/f/\u0000" }, "jobs.not-found"],
    [{ ...good, on: ["ledger-9"] }, "jobs.unknown-node"],
    [{ ...good, job: "/f/nowhere" }, "jobs.not-runnable"],
    [{ ...good, job: "/f/p" }, "jobs.missing-argument"],
    [{ ...good, job: "/f/p", arguments: { M: "x" } }, "jobs.invalid-argument"],
    [{ ...good, arguments: { X: "1" } }, "jobs.unknown-argument"],
    [{ ...good, comment: "x".repeat(2001) }, "input.invalid-value"],
  ] as const) {
    const refused = await problemOf(jobs.submit(ann, [good, request, good], options));
    assert.equal(refused.code, code);
    assert.match(refused.at?.path ?? "", /^submissions\[1\]/);
    assert.deepEqual(await countRows(store), [0, 0, 0]);
    const partly = await jobs.submit(ann, [good, request], { ...options, partial: true });
    assert.deepEqual(
      partly.items.map((entry) => (entry.accepted ? "accepted" : entry.problem.code)),
      ["accepted", code],
    );
    await store.write(async (tx) => {
      await tx.deleteFrom("runs").execute();
      await tx.deleteFrom("submissions").execute();
    });
  }
  assert.equal(
    (
      await problemOf(
        jobs.submit(
          ann,
          Array.from({ length: 501 }, () => good),
          options,
        ),
      )
    ).code,
    "jobs.too-many",
  );
  assert.equal(
    (
      await problemOf(
        jobs.submit(
          ann,
          Array.from({ length: 300 }, () => ({ ...good, on: ["local", "ledger-1"] })),
          options,
        ),
      )
    ).code,
    "jobs.too-many",
  );
  assert.equal((await problemOf(jobs.submit(ann, [], options))).code, "input.missing-field");
  assert.deepEqual(await countRows(store), [0, 0, 0]);
});

onBothStores("2.3: a batch of 500 is one transaction, listed and queued in the order of its requests", async (given) => {
  const world = await openWorld(given);
  await world.jobs.applyJob(ann, item("/f/a", { parameters: { N: { type: "integer" } } }));
  const answer = await world.jobs.submit(
    ann,
    Array.from({ length: 500 }, (_, index) => ({ job: "/f/a", arguments: { N: String(index) }, verdicts: [verdict] })),
    options,
  );
  const ids = acceptedOf(answer).flatMap(({ runs }) => runs.map(({ id }) => id));
  assert.equal(new Set(ids).size, 500);
  const queued = await world.store.read.selectFrom("runs").select("id").orderBy("queued_at").orderBy("id").execute();
  assert.deepEqual(
    queued.map(({ id }) => id),
    ids,
  );
  // Each submission can be found in the audit by its job, beside the act itself.
  assert.equal((await world.records()).filter((record) => record === "noted runs.create /f/a").length, 500);
});

onBothStores("W8: the same idempotency key gives the same answer once, also at the same moment; another body is refused", async (given) => {
  const world = await openWorld(given);
  const { jobs, store } = world;
  await jobs.applyJob(ann, item("/f/a"));
  const request = [{ job: "/f/a", verdicts: [verdict] }];
  const keyed: SubmitOptions = { ...options, idempotencyKey: "k-1" };
  const managers = given.kind === "postgres" ? [jobs, await world.second()] : [jobs];
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, index) => (managers[index % managers.length] ?? jobs).submit(ann, request, keyed)),
  );
  const later = await jobs.submit(ann, request, keyed);
  assert.equal(new Set([...answers, later].map(({ items }) => JSON.stringify(items))).size, 1);
  assert.equal(answers.filter(({ replayed }) => !replayed).length, 1);
  assert.ok(later.replayed);
  assert.deepEqual(await countRows(store), [1, 1, 1]);
  assert.equal((await problemOf(jobs.submit(ann, request, { ...keyed, bodyHash: "h2" }))).code, "jobs.idempotency-mismatch");
  // Scoped: another principal and another route have keys of their own.
  await jobs.submit(bob, request, keyed);
  await jobs.submit(ann, request, { ...keyed, route: "other" });
  assert.deepEqual(await countRows(store), [3, 3, 3]);
  // A refused request does not use the key up.
  await problemOf(jobs.submit(ann, [{ job: "/none", verdicts: [] }], { ...keyed, idempotencyKey: "k-2" }));
  assert.equal((await jobs.submit(ann, request, { ...keyed, idempotencyKey: "k-2" })).replayed, false);
  for (const idempotencyKey of ["", "a b", "x".repeat(201), "\u0000", "é"])
    assert.equal((await problemOf(jobs.submit(ann, request, { ...keyed, idempotencyKey }))).code, "input.invalid-value");
});

onBothStores("2.3: a run cancelled while queued ends at once; one at a node is marked; an ended one is refused", async (given) => {
  const world = await openWorld(given);
  const { jobs, store } = world;
  await jobs.applyJob(ann, item("/f/a"));
  const ids = [await submitOne(world, "/f/a"), await submitOne(world, "/f/a"), await submitOne(world, "/f/a")].map(
    ({ runs }) => runs[0]?.id ?? "",
  );
  const [waiting = "", running = "", done = ""] = ids;
  const cancelled = await jobs.requestCancel(bob, waiting, "not needed");
  assert.equal(cancelled.state, "ended");
  const run = await jobs.getRun(waiting);
  assert.deepEqual(
    [run?.state, run?.result, run?.endedAtMs, run?.cancel],
    ["ended", "cancelled", world.nowMs, { atMs: world.nowMs, by: bob.accessId, reason: "not needed" }],
  );
  assert.equal((await problemOf(jobs.requestCancel(bob, waiting, "again"))).code, "runs.already-ended");
  await store.write(async (tx) => {
    await markOffered(tx, {
      id: running,
      attempt: 1,
      journalId: "jrn",
      orderDigest: "d",
      offeredAt: 1,
      tokenExpiresAt: 2,
      dispatchVerdicts: "[]",
    });
    await markState(tx, { id: running, attempt: 1, state: "running", acceptedAt: null, startedAt: world.nowMs, decided: null });
  });
  assert.deepEqual(await jobs.requestCancel(bob, running, "first"), {
    run: running,
    node: "local",
    controller: "main",
    attempt: 1,
    state: "cancelling",
  });
  world.nowMs += 5;
  assert.equal((await jobs.requestCancel(ann, running, "second")).state, "cancelling");
  assert.deepEqual((await jobs.getRun(running))?.cancel, { atMs: world.nowMs - 5, by: bob.accessId, reason: "first" });
  await finish(world, done);
  assert.equal((await problemOf(jobs.requestCancel(bob, done, "late"))).code, "runs.already-ended");
  for (const unknown of ["run_00000000000000000000000000", "x", "run_\u0000"])
    assert.equal((await problemOf(jobs.requestCancel(bob, unknown, ""))).code, "runs.not-found");
  assert.equal((await problemOf(jobs.requestCancel(bob, running, "x".repeat(501)))).code, "input.invalid-value");
});

onBothStores(
  "2.3: retention deletes old ended runs with their submissions, names their logs, and never touches what has not ended",
  async (given) => {
    const world = await openWorld(given);
    const { jobs, store } = world;
    await jobs.applyJob(ann, item("/f/a"));
    const hour = 3_600_000;
    const keyed = await jobs.submit(ann, [{ job: "/f/a", on: ["local", "ledger-1"], verdicts: [] }], { ...options, idempotencyKey: "k" });
    const [half = "", open = ""] = acceptedOf(keyed).flatMap(({ runs }) => runs.map(({ id }) => id));
    await finish(world, half);
    const old: string[] = [];
    for (let index = 0; index < 3; index += 1) {
      const { runs } = await submitOne(world, "/f/a");
      await finish(world, runs[0]?.id ?? "");
      old.push(runs[0]?.id ?? "");
      world.nowMs += hour;
    }
    const policy = { historyMs: 100 * hour, logsMs: 1.5 * hour };
    const logs = await jobs.sweepRetention(policy);
    assert.deepEqual([logs.logsOf.toSorted(), logs.runs, logs.more], [[half, old[0], old[1]].toSorted(), 0, false]);
    assert.deepEqual((await jobs.sweepRetention(policy)).logsOf, []);
    assert.equal((await jobs.getRun(old[0] ?? ""))?.logBytes, 0);
    const counted = await jobs.sweepRetention({ ...policy, keepRuns: 2 });
    assert.deepEqual([counted.logsOf.toSorted(), counted.runs, counted.submissions], [[half, old[0]].toSorted(), 2, 1]);
    world.nowMs += 200 * hour;
    const aged = await jobs.sweepRetention(policy);
    assert.deepEqual([aged.runs, aged.submissions, aged.idempotencyKeys], [2, 2, 1]);
    assert.equal((await jobs.getRun(open))?.state, "queued");
    assert.deepEqual(await countRows(store), [1, 1, 0]);
  },
);

onBothStores("D88: runs over time are counted by slice, job, controller and result, with how long they waited", async (given) => {
  const world = await openWorld(given);
  const { jobs, store } = world;
  const minute = 60_000;
  await jobs.applyJob(ann, item("/f/a"));
  await jobs.applyJob(ann, item("/g/b"));
  const fromMs = world.nowMs;
  const firstRun = (await submitOne(world, "/f/a")).runs[0]?.id ?? "";
  world.nowMs += 30_000;
  await finish(world, firstRun);
  const secondRun = (await submitOne(world, "/f/a")).runs[0]?.id ?? "";
  world.nowMs += minute - 30_000 - 1;
  await finish(world, secondRun);
  await submitOne(world, "/g/b");
  // The first instant of the next slice, and one that a clock which went back has started before it was queued.
  world.nowMs += 1;
  const early = (await submitOne(world, "/g/b")).runs[0]?.id ?? "";
  await finish({ ...world, store, nowMs: world.nowMs - 500 }, early);
  const filter = { folders: "all", fromMs, toMs: fromMs + 2 * minute, sliceMs: minute } as const;
  const sorted = async (given: Parameters<Jobs["countSeries"]>[0]): Promise<readonly object[]> =>
    (await jobs.countSeries(given)).toSorted((a, b) => a.atMs - b.atMs || a.job.localeCompare(b.job));
  const none = { controller: "main", started: 0, waitedMs: 0, longestWaitMs: 0 };
  const inFirst = { ...none, job: "/f/a", atMs: fromMs, result: "succeeded", runs: 2, started: 2, waitedMs: 59_999, longestWaitMs: 30_000 };
  const last = { ...none, job: "/g/b", atMs: fromMs + minute, result: "succeeded", runs: 1, started: 1 };
  assert.deepEqual(await sorted(filter), [inFirst, { ...none, job: "/g/b", atMs: fromMs, result: null, runs: 1 }, last]);
  assert.deepEqual(await sorted({ ...filter, folders: [{ path: "/f", recursive: true }] }), [inFirst]);
  assert.deepEqual(await sorted({ ...filter, folders: [] }), []);
  assert.deepEqual(await sorted({ ...filter, fromMs: fromMs + minute }), [last], "slices begin at `fromMs`");
  assert.deepEqual(await sorted({ ...filter, toMs: fromMs }), []);
});
