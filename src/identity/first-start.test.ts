import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { decide } from "#access/decide.ts";
import {
  auditRecords,
  goodPassword,
  identityWorld,
  onBothStores,
  owner,
  ownerUid,
  refusalOf,
  signIn,
  someClient,
} from "#test/fixtures/identity.ts";

const hour = 3_600_000;

onBothStores(
  "D21, D74: a fresh installation has `root` in LOCAL-INITIAL with a one-time password, and the six default roles",
  async (t, kind) => {
    const world = await identityWorld(t, kind);
    const { identity } = world;
    const accounts = await identity.listAccounts();
    assert.deepEqual(
      accounts.map((account) => [account.service, account.name, account.roles.map((role) => role.name), account.mustChangePassword]),
      [["LOCAL-INITIAL", "root", ["administrator"], true]],
    );
    assert.deepEqual(
      (await identity.listRoles()).map((role) => role.name),
      ["administrator", "api_user", "application_manager", "business_user", "incident_manager", "it_operator"],
    );
    assert.equal(identity.firstPassword?.account, "root");
    assert.ok((identity.firstPassword?.password.length ?? 0) >= 20);
  },
);

test("D21: every installation has another password", async (t) => {
  const one = await identityWorld(t);
  const two = await identityWorld(t);
  assert.notEqual(one.identity.firstPassword?.password, two.identity.firstPassword?.password);
});

test("D33: the random password is as long as the minimum asks", async (t) => {
  const world = await identityWorld(t, "sqlite", { minimumPasswordLength: 64 });
  assert.ok((world.identity.firstPassword?.password.length ?? 0) >= 64);
});

onBothStores("D21: a restart makes no second root and knows no password", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const again = await world.reopen();
  assert.equal(again.identity.firstPassword, null);
  assert.equal((await again.identity.listAccounts()).length, 1);
  assert.equal((await again.identity.listRoles()).length, 6);
});

test("what was deleted after the first start stays deleted", async (t) => {
  const world = await identityWorld(t);
  const role = await world.identity.findRole("api_user");
  assert.ok(role);
  await world.identity.deleteRole(owner, role.id);
  const again = await world.reopen();
  assert.equal(await again.identity.findRole("api_user"), null);
});

onBothStores("two managers that start on one empty database make one root", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const { store, identity } = world;
  // As if this one had not been there: both start now.
  await store.write(async (tx) => {
    for (const table of ["role_assignments", "roles", "accounts"] as const) await tx.deleteFrom(table).execute();
    await tx.deleteFrom("meta").where("key", "=", "identity.started").execute();
  });
  const others = kind === "postgres" ? await Promise.all([world.another(), world.another()]) : [await world.another()];
  assert.equal(others.filter((other) => other.identity.firstPassword !== null).length, 1);
  assert.deepEqual(
    (await identity.listAccounts()).map((account) => account.name),
    ["root"],
  );
});

onBothStores("S13: the one-time password works once and forces a change", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const password = world.identity.firstPassword?.password ?? "";
  const session = await signIn(world, "root", password);
  assert.ok(session.mustChangePassword);
  assert.equal((await world.identity.sessionOf(session.token, { feed: true }))?.mustChangePassword, true);
  assert.equal((await refusalOf(signIn(world, "root", password))).code, "identity.wrong-credentials");
  const changed = await world.identity.changePassword({ sessionId: session.sessionId, current: null, next: goodPassword });
  assert.equal(changed.mustChangePassword, false);
  assert.equal((await world.identity.sessionOf(changed.token, { feed: true }))?.mustChangePassword, false);
  assert.equal(await world.identity.sessionOf(session.token, { feed: true }), null);
  world.clock.advance(2000);
  assert.equal((await signIn(world, "root", goodPassword)).mustChangePassword, false);
});

onBothStores("S13, D32: the one-time password is not accepted as the new one, nor any of its form", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const given = world.identity.firstPassword?.password ?? "";
  const { sessionId } = await signIn(world, "root", given);
  const other = (await world.identity.createAccount(owner, { name: "anna" })).initialPassword ?? "";
  for (const next of [given, given.toUpperCase(), other]) {
    const refused = await refusalOf(world.identity.changePassword({ sessionId, current: null, next }));
    assert.equal(refused.code, "identity.weak-password");
    assert.match(refused.message, /one-time password/);
  }
  assert.equal((await world.identity.changePassword({ sessionId, current: null, next: goodPassword })).mustChangePassword, false);
});

onBothStores("S13: of two that use the one-time password at the same moment one gets in", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const password = world.identity.firstPassword?.password ?? "";
  const results = await Promise.allSettled([
    signIn(world, "root", password),
    signIn(world, "root", password),
    signIn(world, "root", password),
  ]);
  assert.equal(results.filter((result) => result.status === "fulfilled").length, 1);
  assert.equal((await world.identity.listSessions(null)).length, 1);
});

onBothStores("S13: after one hour the one-time password is dead, and the local administrator can reset it", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const { identity, clock } = world;
  const first = identity.firstPassword;
  assert.ok(first);
  assert.equal(first.expiresAtMs - clock.nowMs(), hour);
  clock.advance(hour - 1);
  const still = await world.reopen();
  await still.identity.findAccount("root");
  clock.advance(1);
  const expired = await refusalOf(signIn(still, "root", first.password));
  assert.equal(expired.code, "identity.password-expired");
  assert.match(expired.hint, /reset/);
  // Who does not know the password does not learn that it has expired.
  assert.equal((await refusalOf(signIn(still, "root", "something else entirely"))).code, "identity.wrong-credentials");

  const principal = await still.identity.osPrincipal(ownerUid);
  const root = await still.identity.findAccount("root");
  assert.ok(principal && root);
  assert.equal(decide({ permission: "manager:administration:accounts:manage" }, principal.access).effect, "permit");
  const reset = await still.identity.resetPassword(principal, root.id);
  assert.ok(reset.initialPassword);
  assert.equal((reset.account.passwordExpiresAtMs ?? 0) - clock.nowMs(), hour);
  assert.equal((await refusalOf(signIn(still, "root", first.password))).code, "identity.wrong-credentials");
  clock.advance(120_000);
  assert.ok((await signIn(still, "root", reset.initialPassword)).mustChangePassword);
});

test("S13: right up to the last millisecond of its hour the one-time password works", async (t) => {
  const world = await identityWorld(t);
  world.clock.advance(hour - 1);
  assert.ok(await signIn(world, "root", world.identity.firstPassword?.password ?? ""));
});

test("2.11: no password, token or CSRF token is in the database, its journal or the checkpoint file in clear", async (t) => {
  const world = await identityWorld(t);
  const { identity, clock } = world;
  const first = identity.firstPassword?.password ?? "";
  const session = await identity.login({ account: "root", password: first, kind: "browser", client: someClient });
  const changed = await identity.changePassword({ sessionId: session.sessionId, current: null, next: "planted-new-password-1" });
  const made = await identity.createAccount(owner, { name: "alice", password: "planted-new-password-2", roles: ["it_operator"] });
  const cli = await signIn(world, "alice", "planted-new-password-2");
  await refusalOf(signIn(world, "alice", "planted-wrong-password"));
  await refusalOf(identity.login({ account: "planted password in the name", password: "x", kind: "cli", client: someClient }));
  await refusalOf(identity.changePassword({ sessionId: cli.sessionId, current: "planted-wrong-current", next: "planted-new-password-3" }));
  clock.advance(10_000);
  const reset = await identity.resetPassword(owner, made.account.id);
  const initial = await identity.createAccount(owner, { name: "bob" });
  const secrets = [
    first,
    session.token,
    session.csrfToken,
    changed.token,
    changed.csrfToken,
    cli.token,
    reset.initialPassword,
    initial.initialPassword,
    "planted-new-password-1",
    "planted-new-password-2",
    "planted-new-password-3",
    "planted-wrong-password",
    "planted-wrong-current",
    "planted password in the name",
  ];
  for (const secret of secrets) assert.ok(secret !== null && secret.length > 10);
  const files = readdirSync(world.folder);
  assert.ok(files.includes("behalf.db-wal"));
  const looked = (): number => {
    let bytes = 0;
    for (const file of readdirSync(world.folder)) {
      const content = readFileSync(join(world.folder, file));
      bytes += content.length;
      for (const secret of secrets) assert.ok(!content.includes(secret ?? ""), `${file} holds ${secret?.slice(0, 8)}…`);
    }
    return bytes;
  };
  assert.ok(looked() > 10_000);
  assert.ok(readFileSync(join(world.folder, "behalf.db-wal")).includes("alice"), "the search would find text");
  await world.close();
  looked();
});

test("2.11: first start, login and failures are in the audit, opened before and completed after", async (t) => {
  const world = await identityWorld(t);
  await signIn(world, "root", world.identity.firstPassword?.password ?? "");
  await refusalOf(signIn(world, "", "x"));
  await refusalOf(signIn(world, "Root", "wrong password here"));
  assert.deepEqual(
    (await auditRecords(world, "identity.first-start")).map((record) => [record.actor, record.phase]),
    [
      ["part:identity", "opened"],
      ["part:identity", "completed"],
    ],
  );
  const root = await world.identity.findAccount("root");
  assert.deepEqual(
    (await auditRecords(world, "session.login")).map((record) => [record.actor, record.phase]),
    [
      [root?.accessId, "opened"],
      [root?.accessId, "completed"],
    ],
  );
  assert.deepEqual(
    (await auditRecords(world, "session.login-failed")).map((record) => record.object),
    ["account:*none", "account:Root"],
  );
});
