import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { ProblemError } from "#kernel/problem.ts";
import { createListenerTls } from "#nodes/listener-certificate.ts";
import { issuerOf, lastAnnouncement, openManagerKeys, rotateDelegationKey } from "#nodes/manager-keys.ts";
import { checkRotation } from "#proof/rotation.ts";

const day = 86_400_000;
const folderOf = (t: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), "bhf-keys-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "keys");
};
const nowMs = Date.now();
const withCode = (code: string) => (error: unknown) => error instanceof ProblemError && error.problem.code === code;

test("S5: one key per purpose, each in a 0600 file of a 0700 folder whatever the umask, the same at every start", async (t) => {
  const folder = folderOf(t);
  const umask = process.umask(0);
  t.after(() => process.umask(umask));
  const keys = await openManagerKeys({ folder, realmName: "corp", nowMs });
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  for (const name of readdirSync(folder)) assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
  assert.deepEqual(readdirSync(folder).toSorted(), ["audit.key", "ca.crt", "ca.key", "delegation.key", "realm-root.key", "realm.json"]);
  assert.equal(new Set([keys.delegation, keys.root, keys.audit].map((key) => key.publicKey)).size, 3);
  const again = await openManagerKeys({ folder, realmName: "another", nowMs: nowMs + day });
  assert.deepEqual(again.realm, keys.realm);
  assert.deepEqual(issuerOf(again), issuerOf(keys));
  assert.equal(again.ca.fingerprint, keys.ca.fingerprint);
  const ca = new X509Certificate(keys.ca.certificatePem);
  assert.equal(ca.ca, true);
  assert.equal(ca.fingerprint256.replaceAll(":", "").toLowerCase(), keys.ca.fingerprint);
});

test("K2: a key file that group or others can read is refused at the start", async (t) => {
  const folder = folderOf(t);
  await openManagerKeys({ folder, realmName: "corp", nowMs });
  for (const name of readdirSync(folder)) {
    for (const mode of [0o640, 0o604, 0o660]) {
      chmodSync(join(folder, name), mode);
      await assert.rejects(openManagerKeys({ folder, realmName: "corp", nowMs }), withCode("files.unsafe"), `${name} ${mode.toString(8)}`);
    }
    chmodSync(join(folder, name), 0o600);
  }
});

test("S5: a missing key of a realm that exists is a problem, never made anew; a first start cut short is finished", async (t) => {
  const folder = folderOf(t);
  await openManagerKeys({ folder, realmName: "corp", nowMs });
  for (const name of ["audit.key", "ca.crt", "ca.key", "delegation.key", "realm-root.key"]) {
    const kept = readFileSync(join(folder, name));
    rmSync(join(folder, name));
    await assert.rejects(openManagerKeys({ folder, realmName: "corp", nowMs }), withCode("nodes.keys-incomplete"), name);
    writeFileSync(join(folder, name), kept, { mode: 0o600 });
  }
  rmSync(join(folder, "realm.json"));
  rmSync(join(folder, "ca.crt"));
  assert.ok(await openManagerKeys({ folder, realmName: "corp", nowMs }));
  writeFileSync(join(folder, "realm.json"), "{}", { mode: 0o600 });
  await assert.rejects(openManagerKeys({ folder, realmName: "corp", nowMs }), withCode("nodes.keys-incomplete"));
});

test("S5: rotating the delegation key makes an announcement that nodes accept once", async (t) => {
  const folder = folderOf(t);
  const before = await openManagerKeys({ folder, realmName: "corp", nowMs });
  assert.equal(lastAnnouncement(before), null);
  const { keys, announcement } = rotateDelegationKey(before, { nowMs, keepOld: true });
  const trust = {
    rootKey: before.root.publicKey,
    realmId: before.realm.id,
    serial: before.realm.rotationSerial,
    epoch: before.realm.epoch,
  };
  const checked = checkRotation(announcement, trust);
  assert.ok(checked.ok);
  assert.deepEqual(checked.value.issuers, [issuerOf(keys), issuerOf(before)]);
  assert.equal(checkRotation(announcement, { ...trust, serial: checked.value.serial }).ok, false);
  const reopened = await openManagerKeys({ folder, realmName: "corp", nowMs });
  assert.deepEqual(issuerOf(reopened), issuerOf(keys));
  assert.equal(lastAnnouncement(reopened), announcement);
  const second = rotateDelegationKey(reopened, { nowMs, keepOld: false });
  const next = checkRotation(second.announcement, { ...trust, serial: checked.value.serial });
  assert.ok(next.ok);
  assert.deepEqual(next.value.issuers, [issuerOf(second.keys)]);
});

test("S9: the listener's certificate is kept, and made anew for another name, near its end, or under another CA", async (t) => {
  const folder = folderOf(t);
  const keys = await openManagerKeys({ folder, realmName: "corp", nowMs });
  const first = await createListenerTls(keys, { hosts: ["0.0.0.0", "10.9.8.7"], nowMs });
  const names = new X509Certificate(first.cert).subjectAltName ?? "";
  for (const name of [
    "IP Address:127.0.0.1",
    "IP Address:0:0:0:0:0:0:0:1",
    "DNS:localhost",
    "IP Address:10.9.8.7",
    `URI:behalf://${keys.realm.id}/manager`,
  ])
    assert.ok(names.includes(name), `${name} in ${names}`);
  assert.equal(names.includes("0.0.0.0"), false);
  assert.deepEqual(await createListenerTls(keys, { hosts: ["10.9.8.7"], nowMs: nowMs + 59 * day }), first);
  assert.notEqual((await createListenerTls(keys, { hosts: ["10.9.8.7"], nowMs: nowMs + 61 * day })).cert, first.cert);
  const other = await createListenerTls(keys, { hosts: ["manager.example"], nowMs });
  assert.equal(new X509Certificate(other.cert).checkHost("manager.example"), "manager.example");
  const strangers = await openManagerKeys({ folder: `${folder}-2`, realmName: "corp", nowMs });
  const moved = await createListenerTls({ ...keys, ca: strangers.ca }, { hosts: ["manager.example"], nowMs });
  assert.equal(new X509Certificate(moved.cert).verify(new X509Certificate(strangers.ca.certificatePem).publicKey), true);
});
