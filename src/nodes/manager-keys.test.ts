import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { ProblemError } from "#kernel/problem.ts";
import { createListenerTls } from "#nodes/listener-certificate.ts";
import {
  activateRotation,
  currentAnnouncement,
  dropRotation,
  issuerOf,
  openManagerKeys,
  prepareRotation,
  raiseEpoch,
  type ManagerKeys,
} from "#nodes/manager-keys.ts";
import { checkRotation, type Rotation, type RotationTrust } from "#proof/rotation.ts";

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

test("S5: a key file that holds no key, and a key of another authority, are told at the start, by the file's name", async (t) => {
  const folder = folderOf(t);
  const other = folderOf(t);
  await openManagerKeys({ folder, realmName: "corp", nowMs });
  await openManagerKeys({ folder: other, realmName: "corp", nowMs });
  const refusal = async (): Promise<string> =>
    openManagerKeys({ folder, realmName: "corp", nowMs }).then(
      () => "nothing was refused",
      (error: unknown) => (error instanceof ProblemError ? `${error.problem.code}: ${error.problem.message}` : String(error)),
    );
  for (const name of ["audit.key", "ca.crt", "ca.key", "delegation.key", "realm-root.key"]) {
    const kept = readFileSync(join(folder, name));
    writeFileSync(join(folder, name), "\u0000 no key, but a secret", { mode: 0o600 });
    const told = await refusal();
    assert.ok(told.startsWith(`nodes.keys-incomplete: the key file \`${join(folder, name)}\` holds no `), told);
    assert.doesNotMatch(told, /secret/);
    writeFileSync(join(folder, name), kept, { mode: 0o600 });
  }
  writeFileSync(join(folder, "ca.key"), readFileSync(join(other, "ca.key")), { mode: 0o600 });
  assert.match(await refusal(), /ca\.key` is not the key of the certificate/);
});

const trustOf = (keys: ManagerKeys, serial = keys.realm.rotationSerial): RotationTrust => ({
  rootKey: keys.root.publicKey,
  realmId: keys.realm.id,
  serial,
  epoch: keys.realm.epoch,
});
const announced = (keys: ManagerKeys, trust: RotationTrust, at = nowMs): Rotation => {
  const checked = checkRotation(currentAnnouncement(keys, at)?.text, trust);
  assert.ok(checked.ok, checked.ok ? "" : checked.problem.message);
  return checked.value;
};
const rotated = (keys: ManagerKeys, at = nowMs, revokeOld = false): ManagerKeys => {
  prepareRotation(keys, { nowMs: at, revokeOld });
  return activateRotation(keys);
};

test("S5: replacing the delegation key makes an announcement that nodes accept once, in which the old key ends now", async (t) => {
  const folder = folderOf(t);
  const before = await openManagerKeys({ folder, realmName: "corp", nowMs });
  assert.equal(currentAnnouncement(before, nowMs), null);
  const keys = rotated(before);
  const first = announced(keys, trustOf(before));
  assert.deepEqual(first.issuers, [issuerOf(keys), { ...issuerOf(before), until: Math.floor(nowMs / 1000) }]);
  assert.equal(checkRotation(currentAnnouncement(keys, nowMs)?.text, trustOf(keys)).ok, false, "shown again");
  const reopened = await openManagerKeys({ folder, realmName: "corp", nowMs });
  assert.deepEqual(issuerOf(reopened), issuerOf(keys));
  assert.deepEqual(currentAnnouncement(reopened, nowMs), currentAnnouncement(keys, nowMs));
  const second = rotated(reopened, nowMs, true);
  assert.deepEqual(announced(second, trustOf(keys)).issuers, [issuerOf(second)], "the old key may be in other hands");
});

test("S5: a node that missed several announcements needs only the last: it names every key whose tokens may be alive", async (t) => {
  const first = await openManagerKeys({ folder: folderOf(t), realmName: "corp", nowMs });
  const second = rotated(first);
  const third = rotated(second, nowMs + 60_000);
  const kids = (keys: ManagerKeys): string[] => announced(keys, trustOf(first)).issuers.map(({ kid }) => kid);
  assert.deepEqual(kids(third), [third.delegation.kid, second.delegation.kid, first.delegation.kid]);
  const fourth = rotated(third, nowMs + 500_000);
  assert.deepEqual(kids(fourth), [fourth.delegation.kid, third.delegation.kid], "what the first two signed has expired");
});

test("S5: a crash at any step of a rotation leaves the old key or the new one, never an announcement without its key", async (t) => {
  const folder = folderOf(t);
  const before = await openManagerKeys({ folder, realmName: "corp", nowMs });
  const next = join(folder, "delegation.next.json");
  const open = (): Promise<ManagerKeys> => openManagerKeys({ folder, realmName: "corp", nowMs });

  // Killed before anything was kept.
  assert.deepEqual(issuerOf(await open()), issuerOf(before));
  // Killed after the next key was kept, and again after each of the files that its start writes.
  const old = ["delegation.key", "realm.json"].map((name) => [name, readFileSync(join(folder, name))] as const);
  const prepared = prepareRotation(before, { nowMs, revokeOld: false });
  const kept = readFileSync(next);
  for (const unwritten of [
    [],
    ["delegation.key"],
    ["delegation.key", "announcement.jws"],
    ["delegation.key", "announcement.jws", "realm.json"],
  ]) {
    const keys = await open();
    assert.equal(keys.finishedRotation, prepared.serial);
    assert.equal(keys.delegation.kid, prepared.kid);
    assert.equal(announced(keys, trustOf(before)).issuers[0]?.kid, keys.delegation.kid);
    assert.equal((await open()).finishedRotation, null, "once");
    // As if killed within: the files not yet written are the old ones, and the next key is still there.
    for (const [name, content] of old) if (unwritten.includes(name)) writeFileSync(join(folder, name), content, { mode: 0o600 });
    if (unwritten.includes("announcement.jws")) rmSync(join(folder, "announcement.jws"));
    writeFileSync(next, kept, { mode: 0o600 });
  }
  await open();
  // An act that was not recorded.
  prepareRotation(before, { nowMs, revokeOld: false });
  dropRotation(before);
  assert.equal((await open()).delegation.kid, prepared.kid);
  writeFileSync(next, "{}", { mode: 0o600 });
  await assert.rejects(open(), withCode("nodes.keys-incomplete"));
});

test("S5, K2: the announcement follows a raised epoch, and its serial rises also when the keys came back from an old backup", async (t) => {
  const folder = folderOf(t);
  const before = await openManagerKeys({ folder, realmName: "corp", nowMs });
  const keys = raiseEpoch(rotated(before), 5);
  const shown = announced(keys, { ...trustOf(before), epoch: 5 });
  assert.equal(shown.epoch, 5);
  assert.equal(shown.serial, keys.realm.rotationSerial);
  const later = rotated({ ...before, realm: { ...before.realm, rotationSerial: 0 } }, nowMs + 5000);
  assert.ok(later.realm.rotationSerial > keys.realm.rotationSerial);
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
