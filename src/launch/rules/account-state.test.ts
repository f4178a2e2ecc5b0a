import { test } from "node:test";
import assert from "node:assert/strict";
import { judgeShadow, type ShadowEntry } from "#launch/rules/account-state.ts";

const entry = (more: Partial<ShadowEntry>): ShadowEntry => ({
  password: "*",
  lastChangeDay: 20_000,
  maxDays: 99_999,
  inactiveDays: -1,
  expireDay: -1,
  ...more,
});
const hash = "$6$salt$abcdefghijklmnopqrstuvwxyz";

test("O4: `!`, `*` and their likes without a hash are the normal service account", () => {
  for (const password of ["!", "*", "!!", "!*", "", "*LK*", "!*LK*", hash, "$y$j9T$x$y"])
    assert.equal(judgeShadow(entry({ password }), 20_100), "usable", password);
});

test("O4: `!` before a hash is locked", () => {
  for (const password of [`!${hash}`, `!!${hash}`, "!abcdefghijklm"])
    assert.equal(judgeShadow(entry({ password }), 20_100), "locked", password);
});

test("O4: an account ends on its day, or so many days after its password aged", () => {
  assert.equal(judgeShadow(entry({ expireDay: 20_101 }), 20_100), "usable");
  assert.equal(judgeShadow(entry({ expireDay: 20_100 }), 20_100), "expired");
  assert.equal(judgeShadow(entry({ expireDay: 0 }), 20_100), "expired");
  assert.equal(judgeShadow(entry({ password: hash, maxDays: 30, inactiveDays: 10 }), 20_040), "usable");
  assert.equal(judgeShadow(entry({ password: hash, maxDays: 30, inactiveDays: 10 }), 20_041), "expired");
  assert.equal(judgeShadow(entry({ password: "!", maxDays: 30, inactiveDays: 10 }), 20_041), "usable", "no password, nothing to age");
  assert.equal(
    judgeShadow(entry({ password: hash, maxDays: 30, inactiveDays: -1 }), 30_000),
    "usable",
    "an aged password asks for a new one only at a login",
  );
});
