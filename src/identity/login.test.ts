import assert from "node:assert/strict";
import { test } from "node:test";
import {
  auditRecords,
  goodPassword,
  identityWorld,
  makeAccount,
  onBothStores,
  owner,
  refusalOf,
  signIn,
  someClient,
} from "#test/fixtures/identity.ts";

onBothStores("2.6: an account signs in with its name in any case and its password, and gets a session", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const account = await makeAccount(world, "Alice");
  const session = await signIn(world, "aLICE", goodPassword);
  assert.equal(session.accountId, account.id);
  assert.equal(session.mustChangePassword, false);
  const open = await world.identity.sessionOf(session.token, { feed: true });
  assert.deepEqual(
    [open?.principal.accessId, open?.principal.name, open?.principal.amr, open?.principal.authTime],
    [account.accessId, "Alice", ["pwd"], Math.floor(world.clock.nowMs() / 1000)],
  );
});

onBothStores("D63: the last login is recorded, a failed one is not", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const { id } = await makeAccount(world, "alice");
  assert.equal((await world.identity.getAccount(id)).lastLoginAtMs, null);
  await signIn(world, "alice", goodPassword);
  const at = world.clock.nowMs();
  world.clock.advance(5000);
  await refusalOf(signIn(world, "alice", "wrong password"));
  assert.equal((await world.identity.getAccount(id)).lastLoginAtMs, at);
});

onBothStores(
  "W6: unknown account, wrong password, disabled and reset account are told apart neither by the answer nor by the number of hashes",
  async (t, kind) => {
    const world = await identityWorld(t, kind, {
      accountDelay: { freeFailures: 100, firstDelayMs: 1, longestDelayMs: 1, forgetAfterMs: 1000 },
    });
    const { identity } = world;
    await makeAccount(world, "alice");
    await identity.editAccount(owner, (await makeAccount(world, "disabled")).id, { disabled: true });
    const used = await identity.createAccount(owner, { name: "used", roles: ["it_operator"] });
    await signIn(world, "used", used.initialPassword ?? "");
    const answers = new Set<string>();
    for (const name of ["alice", "nobody", "disabled", "used", "*none", "no such name", "x".repeat(5000)]) {
      const before = identity.hashLoad().computed;
      answers.add(JSON.stringify(await refusalOf(signIn(world, name, "a wrong password"))));
      assert.equal(identity.hashLoad().computed - before, 1, name);
    }
    assert.equal(answers.size, 1);
    assert.match([...answers][0] ?? "", /identity\.wrong-credentials/);
  },
);

onBothStores("2.6: only who knows the password learns that the account is disabled", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const { id } = await makeAccount(world, "alice");
  await world.identity.editAccount(owner, id, { disabled: true });
  assert.equal((await refusalOf(signIn(world, "alice", goodPassword))).code, "identity.disabled");
  assert.equal((await refusalOf(signIn(world, "alice", "wrong password"))).code, "identity.wrong-credentials");
  await world.identity.editAccount(owner, id, { disabled: false });
  assert.ok(await signIn(world, "alice", goodPassword));
});

test("D30: an empty password and one beyond 1024 bytes are refused without hashing, and count as failures", async (t) => {
  const world = await identityWorld(t);
  await makeAccount(world, "alice");
  const before = world.identity.hashLoad().computed;
  for (const password of ["", "x".repeat(1025), "\ud800\ud800"])
    assert.equal((await refusalOf(signIn(world, "alice", password))).code, "identity.wrong-credentials");
  assert.equal(world.identity.hashLoad().computed, before);
  assert.equal((await refusalOf(signIn(world, "alice", goodPassword))).code, "identity.delayed");
});

onBothStores(
  "D78, D93: without a role and without the login permission there are two refusals, and neither makes a session",
  async (t, kind) => {
    const world = await identityWorld(t, kind);
    const { identity } = world;
    await identity.createRole(owner, {
      name: "runs-only",
      scopes: [{ controller: "default", permissions: [{ permission: "controller:runs", denied: false }], folders: [] }],
    });
    await makeAccount(world, "roleless", []);
    await makeAccount(world, "runner", ["runs-only"]);
    assert.equal((await refusalOf(signIn(world, "roleless", goodPassword))).code, "access.no-role");
    assert.equal((await refusalOf(signIn(world, "runner", goodPassword))).code, "access.no-permission");
    assert.equal((await identity.listSessions(null)).length, 0);
    assert.deepEqual(
      (await auditRecords(world, "session.login-failed")).map((record) => [
        record.object,
        (JSON.parse(record.detail) as { code: string }).code,
      ]),
      [
        ["account:roleless", "access.no-role"],
        ["account:runner", "access.no-permission"],
      ],
    );
  },
);

test("S13, D93: a login that is refused for want of a role does not use up the one-time password", async (t) => {
  const world = await identityWorld(t);
  const made = await world.identity.createAccount(owner, { name: "new" });
  assert.equal((await refusalOf(signIn(world, "new", made.initialPassword ?? ""))).code, "access.no-role");
  await world.identity.editAccount(owner, made.account.id, { roles: ["business_user"] });
  assert.ok((await signIn(world, "new", made.initialPassword ?? "")).mustChangePassword);
});

onBothStores("W6: failures delay the account, right password or not, until the wait is over", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const { clock } = world;
  await makeAccount(world, "alice");
  const wrong = (): Promise<unknown> => signIn(world, "alice", "wrong password");
  for (let failure = 0; failure < 3; failure += 1) assert.equal((await refusalOf(wrong())).code, "identity.wrong-credentials");
  const delayed = await refusalOf(signIn(world, "alice", goodPassword));
  assert.equal(delayed.code, "identity.delayed");
  assert.equal(delayed.retryAfterSeconds, 1);
  assert.match(delayed.message, /wait 1 s/);
  clock.advance(999);
  assert.equal((await refusalOf(signIn(world, "alice", goodPassword))).code, "identity.delayed");
  clock.advance(1);
  assert.equal((await refusalOf(wrong())).code, "identity.wrong-credentials");
  assert.equal((await refusalOf(wrong())).retryAfterSeconds, 2);
  clock.advance(2000);
  assert.ok(await signIn(world, "alice", goodPassword));
  // Signing in forgets the failures: the next ones are short again.
  for (let failure = 0; failure < 3; failure += 1) assert.equal((await refusalOf(wrong())).code, "identity.wrong-credentials");
});

test("W6: who is delayed holds no place in the queue: a flood of delayed attempts keeps nobody out", async (t) => {
  const world = await identityWorld(t, "sqlite", { hashSlots: 1, hashQueue: 1 });
  await makeAccount(world, "alice");
  await makeAccount(world, "bob");
  for (let failure = 0; failure < 3; failure += 1) await refusalOf(signIn(world, "alice", "wrong password"));
  const flood = Array.from({ length: 20 }, () => refusalOf(signIn(world, "alice", "wrong password")));
  const [bob, ...answers] = await Promise.all([signIn(world, "bob", goodPassword), ...flood]);
  assert.ok(bob.token);
  assert.deepEqual(new Set(answers.map((answer) => answer.code)), new Set(["identity.delayed"]));
});

onBothStores("W6: an attempt while delayed computes no hash, lengthens nothing and is not recorded", async (t, kind) => {
  const world = await identityWorld(t, kind);
  await makeAccount(world, "alice");
  for (let failure = 0; failure < 3; failure += 1) await refusalOf(signIn(world, "alice", "wrong password"));
  const hashes = world.identity.hashLoad().computed;
  for (let attempt = 0; attempt < 20; attempt += 1)
    assert.equal((await refusalOf(signIn(world, "alice", "wrong password"))).retryAfterSeconds, 1);
  assert.equal(world.identity.hashLoad().computed, hashes);
  assert.equal((await auditRecords(world, "session.login-failed")).length, 3);
});

test("W6: an unknown account is delayed like a known one", async (t) => {
  const world = await identityWorld(t);
  await makeAccount(world, "alice");
  const seen: string[][] = [];
  for (const name of ["alice", "nobody"]) {
    const answers: string[] = [];
    for (let failure = 0; failure < 5; failure += 1)
      answers.push(
        (
          await refusalOf(
            world.identity.login({ account: name, password: "wrong password", kind: "cli", client: { address: `192.0.2.${name.length}` } }),
          )
        ).message,
      );
    seen.push(answers);
  }
  assert.deepEqual(seen[0], seen[1]);
});

onBothStores("W6: an address that fails on many accounts is delayed on all of them, another address is not", async (t, kind) => {
  const world = await identityWorld(t, kind, {
    addressDelay: { freeFailures: 4, firstDelayMs: 1000, longestDelayMs: 60_000, forgetAfterMs: 900_000 },
  });
  await makeAccount(world, "alice");
  for (let index = 0; index < 5; index += 1) await refusalOf(signIn(world, `user${index}`, "wrong password"));
  assert.equal((await refusalOf(signIn(world, "alice", goodPassword))).code, "identity.delayed");
  assert.ok(await world.identity.login({ account: "alice", password: goodPassword, kind: "cli", client: { address: "192.0.2.8" } }));
});

onBothStores("W6: delays outlive a restart", async (t, kind) => {
  const world = await identityWorld(t, kind);
  await makeAccount(world, "alice");
  for (let failure = 0; failure < 3; failure += 1) await refusalOf(signIn(world, "alice", "wrong password"));
  const again = await world.reopen();
  assert.equal((await refusalOf(signIn(again, "alice", goodPassword))).code, "identity.delayed");
});

onBothStores("W6: parallel guesses do not outrun the counter", async (t, kind) => {
  const world = await identityWorld(t, kind);
  await makeAccount(world, "alice");
  const before = world.identity.hashLoad().computed;
  const answers = await Promise.all(Array.from({ length: 30 }, () => refusalOf(signIn(world, "alice", "wrong password"))));
  const checked = answers.filter((answer) => answer.code === "identity.wrong-credentials").length;
  assert.ok(checked >= 3 && checked <= 4, `${checked} of 30 were checked`);
  assert.equal(world.identity.hashLoad().computed - before, checked);
});

onBothStores("2.6: twenty logins at once all succeed, each with a session of its own", async (t, kind) => {
  const world = await identityWorld(t, kind);
  await makeAccount(world, "alice");
  const sessions = await Promise.all(Array.from({ length: 20 }, () => signIn(world, "alice", goodPassword)));
  assert.equal(new Set(sessions.map((session) => session.token)).size, 20);
  assert.equal((await world.identity.listSessions(null)).length, 20);
});

test("W6: beyond the queue a login is refused at once with `general.overloaded`, and not recorded as a failure", async (t) => {
  const world = await identityWorld(t, "sqlite", { hashSlots: 1, hashQueue: 2 });
  await makeAccount(world, "alice");
  const answers = await Promise.allSettled(Array.from({ length: 12 }, () => signIn(world, "alice", goodPassword)));
  const refused = answers.filter((answer) => answer.status === "rejected");
  assert.ok(refused.length >= 1 && refused.length <= 9, `${refused.length} refused`);
  for (const answer of refused) assert.match(String(answer.reason), /general\.overloaded/);
  assert.equal((await auditRecords(world, "session.login-failed")).length, 0);
});

onBothStores("2.6: a hash made at another cost is replaced at the next login", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const { id } = await makeAccount(world, "alice");
  const stored = async (): Promise<string> =>
    (await world.store.read.selectFrom("accounts").select("password_hash").where("id", "=", id).executeTakeFirstOrThrow()).password_hash ??
    "";
  assert.match(await stored(), /m=64,t=1,p=1/);
  const old = "$argon2id$v=19$m=32,t=1,p=1$";
  const { openPasswordHasher } = await import("#identity/password-hash.ts");
  const weaker = await openPasswordHasher({ hashCost: { memoryKiB: 32, passes: 1, lanes: 1 }, hashSlots: 1, hashQueue: 1 }).inSlot(
    (hashing) => hashing.hash(goodPassword),
  );
  await world.store.write(
    async (tx) => void (await tx.updateTable("accounts").set({ password_hash: weaker }).where("id", "=", id).execute()),
  );
  assert.ok((await stored()).startsWith(old));
  await Promise.all([signIn(world, "alice", goodPassword), signIn(world, "alice", goodPassword)]);
  assert.match(await stored(), /m=64,t=1,p=1/);
  assert.ok(await signIn(world, "alice", goodPassword));
});

test("2.11: failed logins are recorded; `*none` where no account was given, never what was typed where no name can be", async (t) => {
  const world = await identityWorld(t);
  for (const account of ["", "nobody", "my password is hunter2"]) await refusalOf(signIn(world, account, "wrong password"));
  assert.deepEqual(
    (await auditRecords(world, "session.login-failed")).map((record) => record.object),
    ["account:*none", "account:nobody", "account:*invalid"],
  );
  const keys = (await world.store.read.selectFrom("login_failures").select("key").orderBy("key").execute()).map((row) => row.key);
  assert.deepEqual(keys, [
    "account:LOCAL-INITIAL/*invalid",
    "account:LOCAL-INITIAL/*none",
    "account:LOCAL-INITIAL/nobody",
    "address:192.0.2.7",
  ]);
});

test("the counters of failures do not grow without end", async (t) => {
  const world = await identityWorld(t);
  for (let index = 0; index < 5; index += 1) await refusalOf(signIn(world, `guess${index}`, "wrong password"));
  world.clock.advance(4 * 3_600_000);
  await refusalOf(signIn(world, "late", "wrong password"));
  assert.deepEqual(
    (await world.store.read.selectFrom("login_failures").select("key").orderBy("key").execute()).map((row) => row.key),
    ["account:LOCAL-INITIAL/late", "address:192.0.2.7"],
  );
});

test("what a client calls itself is kept on one line and short", async (t) => {
  const world = await identityWorld(t);
  await makeAccount(world, "alice");
  await world.identity.login({
    account: "alice",
    password: goodPassword,
    kind: "cli",
    client: { address: someClient.address, program: `cli\n\u001b[31m\u202e${"x".repeat(500)}` },
  });
  const client = (await world.identity.listSessions(null))[0]?.client ?? "";
  assert.match(client, /^192\.0\.2\.7 cli\[31mx+$/);
  assert.ok(client.length < 240);
});
