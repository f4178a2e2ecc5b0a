import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  checkNewPassword,
  couldBeMade,
  isHashablePassword,
  longestPasswordBytes,
  normalisePassword,
} from "#identity/rules/password-rules.ts";
import { randomPassword } from "#identity/initial-password.ts";
import { utf8Bytes } from "#identity/rules/text-measure.ts";

const facts = { minimumLength: 12, accountName: "alice" };
const refusal = (text: string, given = facts): string | null => {
  const checked = checkNewPassword(text, given);
  return checked.ok ? null : checked.problem.message;
};

test("D33: a password shorter than the minimum is refused, one of exactly the minimum is not", () => {
  assert.match(refusal("elevenchars") ?? "", /shorter than 12/);
  assert.equal(refusal("twelve chars"), null);
});

test("D33: length counts characters as people see code points, not bytes or code units", () => {
  assert.equal(refusal("🔑".repeat(12)), null);
  assert.match(refusal("🔑".repeat(11)) ?? "", /shorter/);
});

test("D33: a minimum of 0 is allowed, an empty password never is (D30)", () => {
  assert.equal(refusal("x", { minimumLength: 0, accountName: "alice" }), null);
  assert.match(refusal("", { minimumLength: 0, accountName: "alice" }) ?? "", /empty/);
});

test("D34: no character classes are asked for", () => {
  assert.equal(refusal("aaaaaaaaaaaa"), null);
  assert.equal(refusal("passphrase of plain words"), null);
});

test("1024 bytes are the limit, whatever the characters", () => {
  assert.equal(refusal("x".repeat(longestPasswordBytes)), null);
  assert.match(refusal("x".repeat(longestPasswordBytes + 1)) ?? "", /longer/);
  assert.match(refusal("é".repeat(513)) ?? "", /longer/);
  assert.equal(isHashablePassword("é".repeat(513)), false);
  assert.equal(isHashablePassword("x".repeat(10_000_000)), false);
});

test("a password is the same however its letters were composed", () => {
  const checked = checkNewPassword("cafe\u0301 cafe\u0301 cafe\u0301", facts);
  assert.ok(checked.ok);
  assert.equal(checked.value, "caf\u00e9 caf\u00e9 caf\u00e9");
  assert.equal(normalisePassword("cafe\u0301"), normalisePassword("caf\u00e9"));
});

test("the account's own name is refused in any spelling of case", () => {
  const given = { minimumLength: 0, accountName: "Alice.Liddell" };
  assert.match(refusal("alice.LIDDELL", given) ?? "", /account's name/);
  assert.equal(refusal("alice.liddell2", given), null);
});

test("control characters and broken text are refused", () => {
  assert.match(refusal("a good password\n") ?? "", /control/);
  assert.match(refusal("a good password\0") ?? "", /control/);
  assert.match(refusal("a good password\ud800") ?? "", /broken/);
  assert.equal(isHashablePassword("\ud800"), false);
});

test("S13: what the product makes is told by its form, whatever the minimum length, and people's own passphrases are not", () => {
  for (const minimum of [0, 12, 24, 60]) assert.equal(couldBeMade(randomPassword(minimum)), true);
  for (const text of [
    "correct-horse-battery-staple",
    "f5mtz-9b641-mgdyr",
    "f5mtz9b641mgdyrzdwzh",
    "f5mtz-9b641-mgdyr-zdwz!",
    "-f5mtz-9b641-mgdyr-zdwzh",
  ])
    assert.equal(couldBeMade(text), false, text);
});

test("W7: no refusal holds any of the password", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 4, maxLength: 11, unit: fc.constantFrom("Q", "Z", "~", "|", "\u0001") }), (text) => {
      const checked = checkNewPassword(text, facts);
      assert.ok(!checked.ok);
      assert.ok(!`${checked.problem.message} ${checked.problem.hint}`.includes(text));
    }),
  );
});

test("UTF-8 lengths are those of the platform's encoder", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 0x10ffff }), { maxLength: 20 }), (points) => {
      const text = String.fromCodePoint(...points);
      assert.equal(utf8Bytes(text), new TextEncoder().encode(text).length);
    }),
  );
});
