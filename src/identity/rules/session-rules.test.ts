import assert from "node:assert/strict";
import { test } from "node:test";
import { sessionState, touchAfterMs } from "#identity/rules/session-rules.ts";
import { defaultIdentitySettings } from "#identity/rules/identity-settings.ts";
import { revisionConflict } from "#identity/rules/revision-check.ts";

const minute = 60_000;
const times = { createdAtMs: 0, seenAtMs: 100 * minute, expiresAtMs: 12 * 60 * minute };

test("D27: the idle limit is 15 minutes by default and holds at its exact instant", () => {
  assert.equal(defaultIdentitySettings.sessionIdleMs, 15 * minute);
  assert.equal(sessionState(times, defaultIdentitySettings, 115 * minute - 1), "live");
  assert.equal(sessionState(times, defaultIdentitySettings, 115 * minute), "idle");
});

test("W3: the absolute limit is 12 hours, however active the session is", () => {
  assert.equal(defaultIdentitySettings.sessionLifeMs, 12 * 60 * minute);
  const busy = { ...times, seenAtMs: 12 * 60 * minute - 1 };
  assert.equal(sessionState(busy, defaultIdentitySettings, 12 * 60 * minute - 1), "live");
  assert.equal(sessionState(busy, defaultIdentitySettings, 12 * 60 * minute), "expired");
});

test("the stored last use is never so stale that it costs a session a noticeable part of its idle time", () => {
  for (const sessionIdleMs of [1000, minute, 15 * minute, 600 * minute]) assert.ok(touchAfterMs({ sessionIdleMs }) <= sessionIdleMs / 60);
});

test("concurrent edits: a change from another revision is refused, one without a revision takes what is there", () => {
  assert.equal(revisionConflict("role `x`", 3, 3), null);
  assert.equal(revisionConflict("role `x`", 3, null), null);
  assert.equal(revisionConflict("role `x`", 3, 2)?.code, "identity.revision-conflict");
});
