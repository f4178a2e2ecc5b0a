import assert from "node:assert/strict";
import { test } from "node:test";
import { expiryWarningMs, idleWarningMs, renewEveryMs, whatNow, type Seen } from "#web/app/activity.ts";

const minute = 60_000;
const start = 1_000_000;
const seen = (more: Partial<Seen> = {}): Seen => ({
  ends: { idleEndsAtMs: start + 15 * minute, expiresAtMs: start + 12 * 60 * minute },
  usedAtMs: start,
  renewedAtMs: start,
  lookedAtMs: start,
  expiryDismissed: false,
  ...more,
});

test("W3: a session is renewed while somebody is there, at most once a minute, and not otherwise", () => {
  assert.deepEqual(whatNow(seen(), start + 5 * minute), { kind: "quiet" });
  const used = seen({ usedAtMs: start + 30_000 });
  assert.deepEqual(whatNow(used, start + 30_000), { kind: "quiet" });
  assert.deepEqual(whatNow(used, start + renewEveryMs), { kind: "renew" });
  assert.deepEqual(whatNow(seen({ usedAtMs: start + minute, renewedAtMs: start + minute }), start + 5 * minute), { kind: "quiet" });
});

test("W3: a session whose idle time is shorter than the interval is renewed all the same", () => {
  const ends = { idleEndsAtMs: start + 30_000, expiresAtMs: start + 60 * minute };
  assert.deepEqual(whatNow(seen({ ends, usedAtMs: start + 5000 }), start + 5000), { kind: "renew" });
});

test("D27: who is not there is warned before the session idles out, after asking whether another tab was used", () => {
  const warnAt = start + 15 * minute - idleWarningMs;
  assert.deepEqual(whatNow(seen(), warnAt - 1), { kind: "quiet" });
  assert.deepEqual(whatNow(seen(), warnAt), { kind: "look" });
  assert.deepEqual(whatNow(seen({ lookedAtMs: warnAt }), warnAt + 1000), { kind: "idle-warning", secondsLeft: 119 });
  assert.deepEqual(whatNow(seen({ lookedAtMs: warnAt }), warnAt + 10_000), { kind: "look" });
  assert.deepEqual(
    whatNow(seen({ lookedAtMs: start + 15 * minute }), start + 15 * minute),
    { kind: "look" },
    "the end itself is asked for",
  );
});

test("W3: the end that no use moves is told in time, once", () => {
  const ends = { idleEndsAtMs: start + 15 * minute, expiresAtMs: start + expiryWarningMs };
  assert.deepEqual(whatNow(seen({ ends }), start), { kind: "expiry-warning", minutesLeft: 10 });
  assert.deepEqual(whatNow(seen({ ends, expiryDismissed: true }), start), { kind: "quiet" });
});
