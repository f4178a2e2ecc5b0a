import assert from "node:assert/strict";
import { newId } from "#kernel/ids.ts";
import {
  endQueued,
  endRun,
  markOffered,
  markState,
  queueAgain,
  readQueuedRuns,
  readRun,
  readRunsOnNode,
  readRunsToOffer,
  resumeQueued,
} from "#jobs/dispatch-store.ts";
import { readRunDetails } from "#jobs/run-queries.ts";
import type { Store } from "#store/store.ts";
import type { RunsTable } from "#store/tables.ts";
import { sampleOutcome } from "#test/fixtures/launch-order.ts";
import { onBothStores } from "#test/fixtures/stores.ts";

const addRun = async (store: Store, more: Partial<RunsTable> = {}): Promise<string> => {
  const id = newId("run", Date.now());
  const submission = newId("sub", Date.now());
  await store.write(async (tx) => {
    await tx
      .insertInto("submissions")
      .values({
        id: submission,
        job_path: "/a",
        job_revision: 1,
        controller: "main",
        arguments: "{}",
        submitter: "os:1",
        submitter_name: "os:1",
        submitter_claim: "{}",
        actor: "os:1",
        actor_name: "os:1",
        verdicts: "[]",
        comment: null,
        created_at: 1,
      })
      .execute();
    await tx
      .insertInto("runs")
      .values({
        id,
        submission_id: submission,
        job_path: "/a",
        folder: "/",
        job_revision: 1,
        controller: "main",
        node: "n",
        submitter: "os:1",
        submitter_name: "os:1",
        state: "queued",
        attempt: 0,
        queued_at: 1,
        log_bytes: 0,
        ...more,
      })
      .execute();
  });
  return id;
};

const offer = (id: string, attempt: number) => ({
  id,
  attempt,
  journalId: "jrn_a",
  orderDigest: "d",
  offeredAt: 2,
  tokenExpiresAt: 3,
  dispatchVerdicts: "[]",
});
const end = (id: string, attempt: number) => ({
  id,
  attempt,
  result: "succeeded" as const,
  acceptedAt: null,
  startedAt: 4,
  endedAt: 5,
  outcome: "{}",
  receipt: "r",
  runAs: "nobody",
  exitCode: 0,
  logBytes: 0,
});
const again = (id: string, attempt: number) => ({ id, attempt });

onBothStores("2.8: a run is offered once per attempt, and not at all when it was cancelled", async ({ open }) => {
  const store = await open();
  const id = await addRun(store);
  assert.equal(await store.write((tx) => markOffered(tx, offer(id, 2))), false, "an attempt is not skipped");
  assert.equal(await store.write((tx) => markOffered(tx, offer(id, 1))), true);
  assert.equal(await store.write((tx) => markOffered(tx, offer(id, 1))), false);
  assert.equal(await store.write((tx) => markOffered(tx, offer(id, 2))), false, "it is not queued");
  const cancelled = await addRun(store, { cancel_at: 1, cancel_by: "os:1", cancel_reason: "" });
  assert.equal(await store.write((tx) => markOffered(tx, offer(cancelled, 1))), false);
  assert.deepEqual(await readRunsToOffer(store.read, [cancelled, id]), []);
});

onBothStores("2.8: a run ends exactly once, at its own attempt, and only after it was offered", async ({ open }) => {
  const store = await open();
  const id = await addRun(store);
  assert.equal(await store.write((tx) => endRun(tx, end(id, 0))), false, "queued");
  await store.write((tx) => markOffered(tx, offer(id, 1)));
  assert.equal(await store.write((tx) => endRun(tx, end(id, 2))), false, "another attempt");
  assert.equal(await store.write((tx) => endRun(tx, end(id, 1))), true);
  assert.equal(await store.write((tx) => endRun(tx, end(id, 1))), false, "a second time");
  assert.equal(await store.write((tx) => queueAgain(tx, again(id, 1))), false, "after its end");
  assert.equal(
    await store.write((tx) => markState(tx, { id, attempt: 1, state: "running", acceptedAt: 8, startedAt: 9, decided: null })),
    false,
  );
  const row = await readRun(store.read, id);
  assert.deepEqual([row?.state, row?.result, row?.receipt], ["ended", "succeeded", "r"]);
});

onBothStores("2.8: states go forward only, and another attempt begins in the queue", async ({ open }) => {
  const store = await open();
  const id = await addRun(store);
  await store.write((tx) => markOffered(tx, offer(id, 1)));
  assert.equal(
    await store.write((tx) => markState(tx, { id, attempt: 1, state: "running", acceptedAt: 3, startedAt: 4, decided: null })),
    true,
  );
  assert.equal(
    await store.write((tx) => markState(tx, { id, attempt: 1, state: "accepted", acceptedAt: 3, startedAt: null, decided: null })),
    false,
  );
  assert.deepEqual(
    (await readRunsOnNode(store.read, { controller: "main", node: "n" })).map((run) => [run.id, run.state]),
    [[id, "running"]],
  );
  assert.equal(await store.write((tx) => queueAgain(tx, again(id, 2))), false, "another attempt");
  assert.equal(await store.write((tx) => queueAgain(tx, again(id, 1))), true);
  assert.equal(
    await store.write((tx) => markState(tx, { id, attempt: 1, state: "running", acceptedAt: 3, startedAt: 4, decided: null })),
    false,
  );
  assert.equal(await store.write((tx) => markOffered(tx, offer(id, 2))), true);
});

onBothStores("4.3: when the node took a run over is kept, also of a run that ended before that was written", async ({ open }) => {
  const store = await open();
  const id = await addRun(store);
  const acceptedAt = async (): Promise<number | null | undefined> => (await readRunDetails(store.read, id))?.acceptedAtMs;
  await store.write((tx) => markOffered(tx, offer(id, 1)));
  assert.equal(await acceptedAt(), null);
  await store.write((tx) => markState(tx, { id, attempt: 1, state: "accepted", acceptedAt: 3, startedAt: null, decided: null }));
  await store.write((tx) => markState(tx, { id, attempt: 1, state: "running", acceptedAt: null, startedAt: 4, decided: null }));
  assert.equal(await acceptedAt(), 3);
  await store.write((tx) => queueAgain(tx, again(id, 1)));
  assert.equal(await acceptedAt(), null, "another attempt has another way");
  await store.write((tx) => markOffered(tx, offer(id, 2)));
  await store.write((tx) => endRun(tx, { ...end(id, 2), acceptedAt: 7 }));
  assert.equal(await acceptedAt(), 7);
});

onBothStores("4.3, S10: what its node says that it decided is kept while a run goes on, until the outcome says it", async ({ open }) => {
  const store = await open();
  const id = await addRun(store);
  const verdict = sampleOutcome().verdicts[0] ?? assert.fail();
  const decided = { runAs: "nobody", verdicts: [verdict] };
  const running = { id, attempt: 1, state: "running" as const, acceptedAt: 3, startedAt: 4, decided };
  const shown = async (): Promise<unknown> => {
    const run = await readRunDetails(store.read, id);
    return [run?.runAs, run?.verdicts.node.map(({ text }) => text), run?.verdicts.signed];
  };
  await store.write((tx) => markOffered(tx, offer(id, 1)));
  assert.equal(await store.write((tx) => markState(tx, running)), true);
  assert.deepEqual(await shown(), ["nobody", ["granted"], false]);
  const other = { ...running, decided: { runAs: "root", verdicts: [] } };
  assert.equal(await store.write((tx) => markState(tx, other)), false, "what was said is not taken back");
  await store.write((tx) => queueAgain(tx, again(id, 1)));
  assert.deepEqual(await shown(), [null, [], false], "another attempt is decided again");
  await store.write((tx) => markOffered(tx, offer(id, 2)));
  assert.equal(await store.write((tx) => markState(tx, { ...running, attempt: 2, decided: null })), true);
  assert.equal(await store.write((tx) => markState(tx, { ...running, attempt: 2, decided: null })), false);
  assert.equal(await store.write((tx) => markState(tx, { ...running, attempt: 2 })), true, "a report may come before it");
  assert.deepEqual(await shown(), ["nobody", ["granted"], false]);
  const signed = JSON.stringify(sampleOutcome({ verdicts: [{ ...verdict, text: "signed" }] }));
  await store.write((tx) => endRun(tx, { ...end(id, 2), outcome: signed, runAs: "svc-ledger" }));
  assert.deepEqual(await shown(), ["svc-ledger", ["signed"], true]);
  assert.equal((await store.read.selectFrom("runs").select("node_verdicts").executeTakeFirstOrThrow()).node_verdicts, null);
});

onBothStores("4.3: of a run whose outcome nobody signed, what its node said is all that is known", async ({ open }) => {
  const store = await open();
  const id = await addRun(store);
  const decided = { runAs: "nobody", verdicts: sampleOutcome().verdicts };
  await store.write((tx) => markOffered(tx, offer(id, 1)));
  await store.write((tx) => markState(tx, { id, attempt: 1, state: "running", acceptedAt: 3, startedAt: 4, decided }));
  await store.write((tx) => endRun(tx, { ...end(id, 1), result: "unknown", outcome: null, receipt: null, runAs: null }));
  const run = await readRunDetails(store.read, id);
  assert.deepEqual([run?.runAs, run?.verdicts.node.length, run?.verdicts.signed], ["nobody", 1, false]);
});

onBothStores("2.8: a run that was queued again although it runs goes on under its attempt and its order only", async ({ open }) => {
  const store = await open();
  const id = await addRun(store);
  await store.write((tx) => markOffered(tx, offer(id, 1)));
  await store.write((tx) => queueAgain(tx, again(id, 1)));
  const resume = { id, attempt: 1, state: "running" as const, journalId: "jrn_a", orderDigest: "d" };
  assert.equal(await store.write((tx) => resumeQueued(tx, { ...resume, orderDigest: "other" })), false);
  assert.equal(await store.write((tx) => resumeQueued(tx, { ...resume, attempt: 2 })), false);
  assert.equal(await store.write((tx) => resumeQueued(tx, resume)), true);
  assert.equal(await store.write((tx) => markOffered(tx, offer(id, 2))), false);
  assert.equal(await store.write((tx) => endRun(tx, end(id, 1))), true);
});

onBothStores("2.3: a queued run ends as cancelled only when that was asked for", async ({ open }) => {
  const store = await open();
  const ending = (id: string, result: "cancelled" | "refused") => ({ id, result, endedAt: 1, outcome: null, dispatchVerdicts: null });
  const id = await addRun(store);
  assert.equal(await store.write((tx) => endQueued(tx, ending(id, "cancelled"))), false);
  assert.equal(await store.write((tx) => endQueued(tx, ending(id, "refused"))), true);
  assert.equal(await store.write((tx) => endQueued(tx, ending(id, "refused"))), false);
  const asked = await addRun(store, { cancel_at: 1, cancel_by: "os:1", cancel_reason: "" });
  assert.equal(await store.write((tx) => endQueued(tx, ending(asked, "cancelled"))), true);
});

onBothStores("2.3: the queue is read oldest first, by node and controller, and can leave out submitters", async ({ open }) => {
  const store = await open();
  const late = await addRun(store, { queued_at: 20 });
  const early = await addRun(store, { queued_at: 10 });
  const other = await addRun(store, { queued_at: 30, submitter: "os:2" });
  await addRun(store, { node: "elsewhere" });
  await addRun(store, { controller: "second" });
  const filter = { controller: "main", node: "n", limit: 10 };
  assert.deepEqual(
    (await readQueuedRuns(store.read, filter)).map((run) => run.id),
    [early, late, other],
  );
  assert.deepEqual(
    (await readQueuedRuns(store.read, { ...filter, limit: 1 })).map((run) => run.id),
    [early],
  );
  assert.deepEqual(
    (await readQueuedRuns(store.read, { ...filter, notOf: ["os:1"] })).map((run) => run.id),
    [other],
  );
});
