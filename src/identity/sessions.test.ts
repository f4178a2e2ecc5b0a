import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { csrfTokenOf } from "#identity/session-store.ts";
import {
  auditRecords,
  goodPassword,
  identityWorld,
  makeAccount,
  onBothStores,
  owner,
  refusalOf,
  signIn,
  type IdentityWorld,
} from "#test/fixtures/identity.ts";

const minute = 60_000;
const isLive = async (world: IdentityWorld, token: string, feed = false): Promise<boolean> =>
  (await world.identity.sessionOf(token, { feed })) !== null;

onBothStores("W3: a token has 256 random bits and is stored as its SHA-256", async (t, kind) => {
  const world = await identityWorld(t, kind);
  await makeAccount(world, "alice");
  const session = await signIn(world, "alice", goodPassword);
  assert.equal(Buffer.from(session.token.replace("bhs_", ""), "base64url").length, 32);
  const row = await world.store.read.selectFrom("sessions").selectAll().executeTakeFirstOrThrow();
  assert.equal(row.token_hash, createHash("sha256").update(session.token).digest("hex"));
  assert.ok(!JSON.stringify(row).includes(session.token));
});

test("W3: only the token itself opens the session", async (t) => {
  const world = await identityWorld(t);
  await makeAccount(world, "alice");
  const { token, sessionId } = await signIn(world, "alice", goodPassword);
  assert.ok(await isLive(world, token));
  const hash = createHash("sha256").update(token).digest("hex");
  for (const other of ["", "bhs_", sessionId, hash, token.slice(0, -1), `${token}x`, token.toUpperCase(), "' or 1=1 --"])
    assert.ok(!(await isLive(world, other)), other);
});

onBothStores("D27: inactivity for 15 minutes ends a session", async (t, kind) => {
  const world = await identityWorld(t, kind);
  await makeAccount(world, "alice");
  const { token } = await signIn(world, "alice", goodPassword);
  world.clock.advance(15 * minute - 1);
  assert.ok(await isLive(world, token));
  world.clock.advance(1);
  assert.ok(!(await isLive(world, token)));
  assert.equal((await world.identity.listSessions(null)).length, 0);
});

onBothStores("W3: use feeds the idle time, polling and streams do not", async (t, kind) => {
  const world = await identityWorld(t, kind);
  await makeAccount(world, "alice");
  const used = await signIn(world, "alice", goodPassword);
  const polled = await signIn(world, "alice", goodPassword);
  for (let step = 0; step < 4; step += 1) {
    world.clock.advance(5 * minute);
    assert.ok(await isLive(world, used.token, true));
    assert.equal(await isLive(world, polled.token, false), step < 2);
  }
});

onBothStores("W3: after 12 hours a session ends however much it is used", async (t, kind) => {
  const world = await identityWorld(t, kind);
  await makeAccount(world, "alice");
  const { token, expiresAtMs } = await signIn(world, "alice", goodPassword);
  assert.equal(expiresAtMs - world.clock.nowMs(), 12 * 60 * minute);
  for (let step = 0; step < 71; step += 1) {
    world.clock.advance(10 * minute);
    assert.ok(await isLive(world, token, true), `step ${step}`);
  }
  world.clock.advance(10 * minute - 1);
  assert.ok(await isLive(world, token, true));
  world.clock.advance(1);
  assert.ok(!(await isLive(world, token, true)));
});

test("W3: using a session often writes seldom", async (t) => {
  const world = await identityWorld(t);
  await makeAccount(world, "alice");
  const { token } = await signIn(world, "alice", goodPassword);
  const seen = async (): Promise<number> =>
    (await world.store.read.selectFrom("sessions").select("seen_at").executeTakeFirstOrThrow()).seen_at;
  const before = await seen();
  world.clock.advance(14_000);
  await isLive(world, token, true);
  assert.equal(await seen(), before);
  world.clock.advance(1000);
  await isLive(world, token, true);
  assert.equal(await seen(), before + 15_000);
});

onBothStores("W3: a login gives a new id and ends the session that the client held before", async (t, kind) => {
  const world = await identityWorld(t, kind);
  await makeAccount(world, "alice");
  const one = await signIn(world, "alice", goodPassword, "browser");
  const two = await world.identity.login({
    account: "alice",
    password: goodPassword,
    kind: "browser",
    client: { address: "192.0.2.7" },
    previousSessionId: one.sessionId,
  });
  assert.notEqual(one.sessionId, two.sessionId);
  assert.ok(!(await isLive(world, one.token)));
  assert.ok(await isLive(world, two.token));
});

onBothStores("W3: a password change gives a new id, ends every other session, and the old password is gone", async (t, kind) => {
  const world = await identityWorld(t, kind);
  await makeAccount(world, "alice");
  await makeAccount(world, "bob");
  const mine = await signIn(world, "alice", goodPassword, "browser");
  const elsewhere = await signIn(world, "alice", goodPassword);
  const bobs = await signIn(world, "bob", goodPassword);
  const fresh = await world.identity.changePassword({ sessionId: mine.sessionId, current: goodPassword, next: "another good passphrase" });
  assert.equal(fresh.kind, "browser");
  assert.notEqual(fresh.sessionId, mine.sessionId);
  assert.deepEqual(await Promise.all([mine, elsewhere, fresh, bobs].map((session) => isLive(world, session.token))), [
    false,
    false,
    true,
    true,
  ]);
  assert.equal((await refusalOf(signIn(world, "alice", goodPassword))).code, "identity.wrong-credentials");
  assert.ok(await signIn(world, "alice", "another good passphrase"));
  assert.deepEqual(
    (await auditRecords(world, "account.change-password")).map((record) => record.phase),
    ["opened", "completed"],
  );
});

onBothStores("2.6: a password change needs the current password, and wrong ones are delayed like logins", async (t, kind) => {
  const world = await identityWorld(t, kind);
  await makeAccount(world, "alice");
  const { sessionId, token } = await signIn(world, "alice", goodPassword);
  const change = (current: string | null, next = "another good passphrase"): Promise<unknown> =>
    world.identity.changePassword({ sessionId, current, next });
  assert.equal((await refusalOf(change(goodPassword, "short"))).code, "identity.weak-password");
  assert.equal((await refusalOf(change(goodPassword, goodPassword))).code, "identity.weak-password");
  assert.equal((await refusalOf(change(goodPassword, "alice"))).code, "identity.weak-password");
  for (const current of [null, "", "wrong password"])
    assert.equal((await refusalOf(change(current))).code, "identity.wrong-current-password");
  assert.equal((await refusalOf(change(goodPassword))).code, "identity.delayed");
  assert.ok(await isLive(world, token));
  assert.equal(
    (await refusalOf(world.identity.changePassword({ sessionId: "ses_unknown", current: goodPassword, next: "another good passphrase" })))
      .code,
    "identity.not-signed-in",
  );
});

onBothStores("W3: of two password changes at once one wins", async (t, kind) => {
  const world = await identityWorld(t, kind);
  await makeAccount(world, "alice");
  const [one, two] = [await signIn(world, "alice", goodPassword), await signIn(world, "alice", goodPassword)];
  const results = await Promise.allSettled([
    world.identity.changePassword({ sessionId: one.sessionId, current: goodPassword, next: "first new passphrase" }),
    world.identity.changePassword({ sessionId: two.sessionId, current: goodPassword, next: "second new passphrase" }),
  ]);
  assert.equal(results.filter((result) => result.status === "fulfilled").length, 1);
  assert.equal((await world.identity.listSessions(null)).length, 1);
});

test("S13: the absolute limit of a one-time login is not renewed by the forced change", async (t) => {
  const world = await identityWorld(t);
  const session = await signIn(world, "root", world.identity.firstPassword?.password ?? "");
  world.clock.advance(10 * minute);
  const fresh = await world.identity.changePassword({ sessionId: session.sessionId, current: null, next: goodPassword });
  assert.equal(fresh.expiresAtMs, session.expiresAtMs);
});

onBothStores("W3: logout, logout everywhere, disabling, reset and deletion end sessions at once", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const { identity } = world;
  const open = async (name: string): Promise<string[]> => [
    (await signIn(world, name, goodPassword)).token,
    (await signIn(world, name, goodPassword, "browser")).token,
  ];
  const live = (tokens: readonly string[]): Promise<boolean[]> => Promise.all(tokens.map((token) => isLive(world, token, true)));
  const { id, accessId } = await makeAccount(world, "alice");

  const first = await open("alice");
  const current = await identity.sessionOf(first[0] ?? "", { feed: true });
  await identity.logout(current?.id ?? "");
  assert.deepEqual(await live(first), [false, true]);
  await identity.logout(current?.id ?? "");

  const more = [...first, ...(await open("alice"))];
  assert.equal(await identity.logoutEverywhere({ accessId, accountId: id }), 3);
  assert.deepEqual(await live(more), [false, false, false, false]);

  const disabled = await open("alice");
  await identity.editAccount(owner, id, { disabled: true });
  assert.deepEqual(await live(disabled), [false, false]);
  await identity.editAccount(owner, id, { disabled: false });
  assert.deepEqual(await live(disabled), [false, false]);

  const reset = await open("alice");
  await identity.resetPassword(owner, id);
  assert.deepEqual(await live(reset), [false, false]);

  const { id: bobId } = await makeAccount(world, "bob");
  const deleted = await open("bob");
  await identity.deleteAccount(owner, bobId);
  assert.deepEqual(await live(deleted), [false, false]);
  assert.equal((await world.store.read.selectFrom("sessions").selectAll().execute()).length, 0);
});

test("W3: disabling at another manager on the same database ends sessions here at once", async (t) => {
  const world = await identityWorld(t);
  const other = await world.another();
  const { id } = await makeAccount(world, "alice");
  const { token } = await signIn(world, "alice", goodPassword);
  assert.ok(await isLive(world, token));
  await other.identity.editAccount(owner, id, { disabled: true });
  assert.ok(!(await isLive(world, token)));
});

test("W3: a session whose account became disabled in any way is over, whatever is cached", async (t) => {
  const world = await identityWorld(t);
  const { id } = await makeAccount(world, "alice");
  const { token } = await signIn(world, "alice", goodPassword);
  assert.ok(await isLive(world, token));
  await world.store.write(async (tx) => void (await tx.updateTable("accounts").set({ disabled: 1 }).where("id", "=", id).execute()));
  assert.ok(!(await isLive(world, token)));
});

onBothStores("2.6: sessions are listed and ended by id, one's own and others'", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const { identity } = world;
  const { id } = await makeAccount(world, "alice");
  await makeAccount(world, "bob");
  const alices = await signIn(world, "alice", goodPassword, "browser");
  world.clock.advance(10);
  const bobs = await signIn(world, "bob", goodPassword);
  assert.deepEqual(
    (await identity.listSessions(null)).map((session) => [session.id, session.accountName, session.kind, session.client]),
    [
      [bobs.sessionId, "bob", "cli", "192.0.2.7 tests"],
      [alices.sessionId, "alice", "browser", "192.0.2.7 tests"],
    ],
  );
  assert.deepEqual(
    (await identity.listSessions(id)).map((session) => session.id),
    [alices.sessionId],
  );
  assert.ok(!JSON.stringify(await identity.listSessions(null)).includes(createHash("sha256").update(alices.token).digest("hex")));
  await identity.endSession(owner, alices.sessionId);
  assert.ok(!(await isLive(world, alices.token)));
  assert.equal((await refusalOf(identity.endSession(owner, alices.sessionId))).code, "identity.session-not-found");
  assert.equal(await identity.endSessionsOf(owner, (await identity.findAccount("bob"))?.id ?? ""), 1);
  assert.ok(!(await isLive(world, bobs.token)));
});

test("K2: every session can be dropped at once", async (t) => {
  const world = await identityWorld(t);
  await makeAccount(world, "alice");
  const { token } = await signIn(world, "alice", goodPassword);
  await world.identity.endAllSessions({ accessId: "part:manager" });
  assert.ok(!(await isLive(world, token)));
});

test("W2: a browser session has a CSRF token that only its holder can know; a bearer session has none", async (t) => {
  const world = await identityWorld(t);
  await makeAccount(world, "alice");
  const browser = await signIn(world, "alice", goodPassword, "browser");
  const other = await signIn(world, "alice", goodPassword, "browser");
  const cli = await signIn(world, "alice", goodPassword);
  assert.equal(cli.csrfToken, null);
  assert.equal(browser.csrfToken, csrfTokenOf(browser.token));
  const session = await world.identity.sessionOf(browser.token, { feed: false });
  assert.ok(session?.csrfMatches(browser.csrfToken ?? ""));
  for (const given of ["", "x", other.csrfToken ?? "", browser.token, `${browser.csrfToken}x`])
    assert.equal(session?.csrfMatches(given), false);
  assert.equal((await world.identity.sessionOf(cli.token, { feed: false }))?.csrfMatches(""), false);
});

onBothStores("2.6: sessions outlive a restart", async (t, kind) => {
  const world = await identityWorld(t, kind);
  await makeAccount(world, "alice");
  const { token } = await signIn(world, "alice", goodPassword);
  const again = await world.reopen();
  assert.ok(await isLive(again, token));
  again.clock.advance(15 * minute);
  assert.ok(!(await isLive(again, token)));
});

test("sessions that are over are removed with the next login", async (t) => {
  const world = await identityWorld(t);
  await makeAccount(world, "alice");
  for (let index = 0; index < 3; index += 1) await signIn(world, "alice", goodPassword);
  world.clock.advance(16 * minute);
  await signIn(world, "alice", goodPassword);
  assert.equal((await world.store.read.selectFrom("sessions").selectAll().execute()).length, 1);
});
