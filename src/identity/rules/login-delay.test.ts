import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { addressKey, currentFailures, defaultDelayPolicy, delayAfter, remainingDelayMs } from "#identity/rules/login-delay.ts";

const policy = { freeFailures: 2, firstDelayMs: 1000, longestDelayMs: 60_000, forgetAfterMs: 3_600_000 };

test("W6: the first failures cost nothing, then the delay doubles up to its cap", () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 8, 9, 10, 1_000_000].map((failures) => delayAfter(failures, policy)),
    [0, 0, 0, 1000, 2000, 4000, 32_000, 60_000, 60_000, 60_000],
  );
});

test("W6: the delay ends at its instant, and failures are forgotten after a quiet time", () => {
  const count = { failures: 5, lastAtMs: 1_000_000 };
  assert.equal(remainingDelayMs(count, policy, 1_000_000), 4000);
  assert.equal(remainingDelayMs(count, policy, 1_003_999), 1);
  assert.equal(remainingDelayMs(count, policy, 1_004_000), 0);
  assert.equal(currentFailures(count, policy, 1_000_000 + policy.forgetAfterMs - 1), 5);
  assert.equal(currentFailures(count, policy, 1_000_000 + policy.forgetAfterMs), 0);
  assert.equal(remainingDelayMs(null, policy, 5), 0);
});

test("W6: one more failure never shortens the wait, and no clock makes it longer than the whole delay", () => {
  fc.assert(
    fc.property(fc.nat(200), fc.integer({ min: -10_000_000, max: 10_000_000 }), (failures, passed) => {
      const wait = remainingDelayMs({ failures, lastAtMs: 50_000_000 }, policy, 50_000_000 + passed);
      assert.ok(wait >= 0 && wait <= delayAfter(failures, policy));
      assert.ok(delayAfter(failures + 1, policy) >= delayAfter(failures, policy));
    }),
  );
});

test("an address stands for more people than an account and gets more free failures", () => {
  assert.ok(defaultDelayPolicy.address.freeFailures > defaultDelayPolicy.account.freeFailures);
});

test("an IPv6 client is counted by its /64, an IPv4 one by its address", () => {
  assert.equal(addressKey("192.0.2.7"), "address:192.0.2.7");
  assert.equal(addressKey("::ffff:192.0.2.7"), "address:192.0.2.7");
  assert.equal(addressKey("2001:db8:0:1::5"), addressKey("2001:DB8::1:9:8:7:6"));
  assert.equal(addressKey("2001:db8:0:1::5"), "address:2001:db8:0:1::/64");
  assert.notEqual(addressKey("2001:db8:0:1::5"), addressKey("2001:db8:0:2::5"));
  assert.equal(addressKey("::1"), "address:0:0:0:0::/64");
  assert.equal(addressKey("fe80::1%eth0"), addressKey("fe80::2"));
  assert.equal(addressKey("socket"), "address:socket");
});
