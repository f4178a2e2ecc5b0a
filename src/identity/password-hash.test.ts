import assert from "node:assert/strict";
import { test } from "node:test";
import { argon2Sync } from "node:crypto";
import { openPasswordHasher, type Hashing } from "#identity/password-hash.ts";
import { openHashSlots } from "#identity/hash-slots.ts";
import { defaultIdentitySettings } from "#identity/rules/identity-settings.ts";
import { ProblemError } from "#kernel/problem.ts";

const quick = { hashCost: { memoryKiB: 64, passes: 1, lanes: 1 }, hashSlots: 2, hashQueue: 8 };
const inSlot = async <T>(work: (hashing: Hashing) => Promise<T>, settings = quick): Promise<T> =>
  await openPasswordHasher(settings).inSlot(work);

test("2.6: a hash is a PHC string of argon2id at 19 MiB, t=2, p=1, and another implementation of the parameters agrees", async () => {
  const stored = await inSlot((hashing) => hashing.hash("correct horse battery"), defaultIdentitySettings as typeof quick);
  const [, algorithm, version, cost, salt = "", digest = ""] = stored.split("$");
  assert.deepEqual([algorithm, version, cost], ["argon2id", "v=19", "m=19456,t=2,p=1"]);
  assert.equal(Buffer.from(salt, "base64").length, 16);
  const expected = argon2Sync("argon2id", {
    message: "correct horse battery",
    nonce: Buffer.from(salt, "base64"),
    parallelism: 1,
    tagLength: 32,
    memory: 19456,
    passes: 2,
  });
  assert.equal(digest, expected.toString("base64").replace(/=+$/, ""));
});

test("2.6: the right password is accepted, any other is not, and equal passwords have different hashes", async () => {
  await inSlot(async (hashing) => {
    const one = await hashing.hash("pass phrase one");
    const two = await hashing.hash("pass phrase one");
    assert.notEqual(one, two);
    assert.ok(await hashing.verify("pass phrase one", one));
    assert.ok(await hashing.verify("pass phrase one", two));
    for (const wrong of ["pass phrase two", "Pass phrase one", "pass phrase one ", "", "\ud800"])
      assert.equal(await hashing.verify(wrong, one), false);
    const accent = await hashing.hash("caf\u00e9 caf\u00e9");
    assert.ok(await hashing.verify("cafe\u0301 cafe\u0301", accent));
  });
});

test("W6: an unknown account, no password and an unreadable hash cost one hash each, as a wrong password does", async () => {
  const hasher = openPasswordHasher(quick);
  const stored = await hasher.inSlot((hashing) => hashing.hash("right"));
  for (const against of [
    stored,
    null,
    "",
    "$argon2id$broken",
    "$argon2id$v=19$m=9999999,t=99,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
  ]) {
    const before = hasher.computed();
    assert.equal(await hasher.inSlot((hashing) => hashing.verify("wrong", against)), false);
    assert.equal(hasher.computed() - before, 1, String(against));
  }
});

test("W6: nothing is accepted against the stand-in hash, an empty password least of all", async () => {
  await inSlot(async (hashing) => {
    for (const password of ["", "x", "\ud800"]) assert.equal(await hashing.verify(password, null), false);
  });
});

test("2.6: a hash made at another cost still verifies and is known to be outdated", async () => {
  const old = await inSlot((hashing) => hashing.hash("some password"), { ...quick, hashCost: { memoryKiB: 32, passes: 1, lanes: 1 } });
  await inSlot(async (hashing) => {
    assert.ok(await hashing.verify("some password", old));
    assert.ok(hashing.isOutdated(old));
    assert.ok(!hashing.isOutdated(await hashing.hash("some password")));
    assert.ok(hashing.isOutdated("nonsense"));
  });
});

test("W6: two slots, a bounded queue, and `general.overloaded` at once beyond it", async () => {
  const slots = openHashSlots(2, 3);
  const order: number[] = [];
  const gates: (() => void)[] = [];
  let most = 0;
  const work = (index: number) => async (): Promise<void> => {
    most = Math.max(most, slots.load().running);
    order.push(index);
    await new Promise<void>((resolve) => gates.push(resolve));
  };
  const running = [0, 1, 2, 3, 4].map((index) => slots.run(work(index)));
  assert.deepEqual(slots.load(), { running: 2, waiting: 3 });
  await assert.rejects(
    slots.run(work(5)),
    (error) => error instanceof ProblemError && error.problem.code === "general.overloaded" && (error.problem.retryAfterSeconds ?? 0) > 0,
  );
  while (order.length < 5 || gates.length > 0) {
    gates.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(running);
  assert.deepEqual(order, [0, 1, 2, 3, 4]);
  assert.equal(most, 2);
  assert.deepEqual(slots.load(), { running: 0, waiting: 0 });
});

test("W6: work that fails gives its slot back", async () => {
  const slots = openHashSlots(1, 1);
  await assert.rejects(
    slots.run(() => Promise.reject(new Error("broken"))),
    /broken/,
  );
  assert.equal(await slots.run(async () => 7), 7);
});
