import assert from "node:assert/strict";
import { test } from "node:test";
import { type ChainPosition } from "#audit/record.ts";
import { generateSigningKey, keyThumbprint, privateKeyFromPem } from "#proof/keys.ts";
import { receiptDigest, signReceipt } from "#proof/receipt.ts";
import type { Store } from "#store/store.ts";
import { auditStores, fill, tamper } from "#test/fixtures/audit-world.ts";
import { sampleReceipt } from "#test/fixtures/launch-order.ts";

const insertRun = async (tx: Store["read"], id: string, receipt: string): Promise<void> => {
  const job = { job_path: "/a", job_revision: 1, controller: "main" };
  const who = { submitter: "os:1", submitter_name: "x" };
  await tx
    .insertInto("submissions")
    .values({
      id: "sub_1",
      ...job,
      ...who,
      arguments: "{}",
      submitter_claim: "{}",
      actor: "os:1",
      actor_name: "x",
      verdicts: "[]",
      comment: null,
      created_at: 1,
    })
    .execute();
  const never = {
    journal_id: null,
    token_expires_at: null,
    order_digest: null,
    cancel_at: null,
    cancel_by: null,
    cancel_reason: null,
    outcome: null,
    run_as: null,
    dispatch_verdicts: null,
  };
  await tx
    .insertInto("runs")
    .values({
      id,
      submission_id: "sub_1",
      ...job,
      ...who,
      ...never,
      folder: "/",
      node: "ledger-1",
      state: "ended",
      result: "succeeded",
      attempt: 1,
      queued_at: 1,
      offered_at: 1,
      started_at: 1,
      ended_at: 1,
      receipt,
      exit_code: 0,
      log_bytes: 0,
    })
    .execute();
};

for (const [name, make] of auditStores) {
  test(`K1: on ${name} a node's receipts find a cut tail, a rewrite, an altered outcome and an unreported run`, async (t) => {
    const world = await make(t);
    if (world === null) return;
    await fill(world, 3);
    const witnessed = world.trail.head();
    const node = generateSigningKey();
    const kid = keyThumbprint(node.publicKey);
    const receipts: string[] = [];
    const receive = (run: string, auditHead: ChainPosition | null): string => {
      const last = receipts.at(-1);
      const jws = signReceipt(
        sampleReceipt({
          node: { id: "nod_01", keyThumbprint: kid },
          run,
          auditHead,
          sequence: receipts.length + 1,
          previous: last === undefined ? "" : receiptDigest(last),
        }),
        privateKeyFromPem(node.privatePem),
        kid,
      );
      receipts.push(jws);
      return jws;
    };
    receive("run_a", witnessed);
    await world.trail.note({ actor: "part:controller", action: "runs.end", object: "run_a" });
    const against = { receipts: [{ nodeName: "ledger-1", publicKey: node.publicKey, receipts }] };
    assert.deepEqual(await world.kinds(against), []);
    assert.equal((await world.verify(against)).chains[0]?.confirmedSequence, witnessed.sequence);

    receive("run_b", world.trail.head());
    assert.deepEqual(await world.kinds(against), ["unreported-run"]);
    await tamper(world, (tx) => insertRun(tx, "run_b", receipts[1] ?? ""));
    assert.deepEqual(await world.kinds(against), []);
    await tamper(world, (tx) =>
      tx
        .updateTable("runs")
        .set({ receipt: receipts[0] ?? "" })
        .where("id", "=", "run_b")
        .execute(),
    );
    assert.deepEqual(await world.kinds(against), ["altered-outcome"]);
    await tamper(world, (tx) => tx.updateTable("runs").set({ receipt: null }).where("id", "=", "run_b").execute());

    assert.deepEqual(
      await world.kinds({
        receipts: [{ nodeName: "ledger-1", publicKey: node.publicKey, receipts: [receipts[1] ?? "", receipts[0] ?? ""] }],
      }),
      ["receipt-gap"],
    );
    assert.deepEqual(await world.kinds({ receipts: [{ nodeName: "ledger-1", publicKey: generateSigningKey().publicKey, receipts }] }), [
      "bad-receipt",
      "bad-receipt",
    ]);

    await tamper(world, (tx) => tx.deleteFrom("audit").where("sequence", ">", 4).execute());
    assert.deepEqual(await world.kinds(against), ["cut-tail", "unreported-run"]);
    receipts.length = 0;
    receive("run_b", { ...witnessed, hash: "f".repeat(64) });
    assert.deepEqual(await world.kinds(against), ["rewritten"]);
  });
}
