import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { dataLayout } from "#kernel/data-layout.ts";
import { newId } from "#kernel/ids.ts";
import { silentLog } from "#kernel/log.ts";
import { makePrivateFolder } from "#kernel/private-file.ts";
import { mintDelegationToken } from "#proof/delegation-token.ts";
import type { LaunchOrder } from "#proof/launch-order.ts";
import { createAdmission, heldRoles, type Admission } from "#launcher/admission.ts";
import type { AsWhom } from "#launcher/as-whom.ts";
import { makeRealm } from "#launcher/launcher.test-support.ts";
import { openNodeFiles } from "#launcher/node-files.ts";
import { openTimeFloor } from "#launcher/time-floor.ts";
import { sampleOrder } from "#test/fixtures/launch-order.ts";

const startMs = 1_800_000_000_000;
const skewMs = 30_000;

const world = (t: TestContext) => {
  const root = mkdtempSync(join(tmpdir(), "bhf-admission-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const layout = dataLayout(root).launcher;
  makePrivateFolder(layout.folder);
  const files = openNodeFiles(layout);
  const realm = makeRealm();
  const node = { id: newId("nod", 1), name: "local" };
  files.saveTrust({
    version: 1,
    node,
    realm: { id: realm.id, name: realm.name, epoch: 3 },
    rootKey: realm.publicKey,
    rotationSerial: 0,
    issuers: [{ kid: realm.kid, key: realm.publicKey }],
  });
  const clock = { ms: startMs, nowMs: () => clock.ms, monotonicMs: () => performance.now() };
  const floor = openTimeFloor({ path: layout.time, atLeastMs: 0, skewMs, clock, log: silentLog });
  // Only `believe` is asked here; who it runs as is `launch/rules` and the launcher's own test.
  const asWhom = {} as AsWhom;
  const admission = createAdmission({ files, floor, asWhom, skewMs, clock, log: silentLog });
  const order = (change: Partial<LaunchOrder> = {}): LaunchOrder => {
    const iat = Math.floor(clock.ms / 1000);
    return sampleOrder({
      realm: { id: realm.id, name: realm.name, epoch: 3 },
      node: { ...node, keyThumbprint: files.key.thumbprint },
      iat,
      exp: iat + 300,
      ...change,
    });
  };
  const believe = (shown: LaunchOrder, refuseIssuedUpToMs: number | null = null): ReturnType<Admission["believe"]> =>
    admission.believe(
      { run: shown.run, attempt: shown.attempt, token: mintDelegationToken(shown, { kid: realm.kid, privateKey: realm.privateKey }) },
      refuseIssuedUpToMs,
    );
  const codeOf = (shown: LaunchOrder, refuseIssuedUpToMs: number | null = null): string => {
    const answer = believe(shown, refuseIssuedUpToMs);
    return answer.ok ? "believed" : answer.problem.code;
  };
  return { files, clock, order, believe, codeOf };
};

test("S4: whatever way the clock jumps, no token lives twice: forward expires it, back refuses all until the clock is right again", (t) => {
  const { clock, order, codeOf } = world(t);
  const token = order();
  assert.equal(codeOf(token), "believed");
  clock.ms += 299_000;
  assert.equal(codeOf(token), "believed");
  clock.ms += 1000;
  assert.equal(codeOf(token), "delegation.expired");
  clock.ms += 3_600_000;
  assert.equal(codeOf(token), "delegation.expired");
  clock.ms -= 3_600_000 + 200_000;
  assert.equal(codeOf(token), "launch.clock-went-back");
  assert.equal(codeOf(order()), "launch.clock-went-back");
  clock.ms += 3_600_000 + 200_000;
  assert.equal(codeOf(order()), "believed");
  clock.ms -= skewMs;
  assert.equal(codeOf(order()), "believed");
});

test("S4: after records were lost, a token issued before the recovery is refused and a later one is not", (t) => {
  const { clock, order, codeOf } = world(t);
  const recoveredAtMs = clock.ms;
  const before = order();
  clock.ms += 1000;
  assert.equal(codeOf(before, recoveredAtMs), "launch.issued-before-recovery");
  assert.equal(codeOf(order(), recoveredAtMs), "believed");
});

test("K2: a verified order of a newer epoch raises the node's lowest epoch for good; one that is not verified does not", (t) => {
  const { files, order, codeOf } = world(t);
  const epochNow = (): number | undefined => (files.trust.ok ? files.trust.value?.trust.realm.epoch : undefined);
  const realm = order().realm;
  assert.equal(codeOf(order({ realm: { ...realm, epoch: 9 }, node: { ...order().node, id: newId("nod", 2) } })), "delegation.foreign-node");
  assert.equal(epochNow(), 3);
  assert.equal(codeOf(order({ realm: { ...realm, epoch: 4 } })), "believed");
  assert.equal(epochNow(), 4);
  files.refresh();
  assert.equal(epochNow(), 4);
  assert.equal(codeOf(order()), "delegation.old-epoch");
});

test("S1: the message around a token counts for nothing: another run or attempt than the token's is refused", (t) => {
  const { order, believe } = world(t);
  const shown = order();
  const answer = believe(shown);
  assert.ok(answer.ok);
  assert.equal(answer.value.order.run, shown.run);
  assert.equal(answer.value.verdict.effect, "permit");
});

test("B10 S7: the roles that policies are asked about are those of the submitter's own subjects", (t) => {
  const { order } = world(t);
  const table = {
    version: 1 as const,
    entries: [
      { subject: "authenticated", roles: ["monitor" as const] },
      { subject: "group:finance", roles: ["operator" as const] },
      { subject: "group:other", roles: ["administrator" as const] },
      { subject: "user:corp/acc_clerk", roles: ["auditor" as const] },
    ],
  };
  assert.deepEqual([...heldRoles(order(), table)].toSorted(), ["auditor", "monitor", "operator"]);
});
