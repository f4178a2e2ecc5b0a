import { test } from "node:test";
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { checkUserName, domainOf, isSameUserName } from "#launch/rules/user-name.ts";
import { anyText } from "#test/fixtures/any-text.ts";

test("A17, A58: letters and digits of any script and `_ . - , space @` are allowed", () => {
  for (const name of ["a", "å", "漢字", "片仮名", "-a _ . , b", "user@domain", "svc-ledger", "JOBUSER", "a1"])
    assert.equal(checkUserName(name).ok, true, name);
});

test("A58: empty names and any other character are refused", () => {
  for (const name of ["", "a%", "a;b", "a/b", "a:b", "$(id)", "a\nb", "a\0b", "a'b", "a`b", "a\u202eb", "a".repeat(300)]) {
    const checked = checkUserName(name);
    assert.equal(checked.ok ? "" : checked.problem.code, "launch.bad-user-name", JSON.stringify(name));
  }
});

test("A19, A37: `DOMAIN\\user` is refused with the text of the source and the form that works", () => {
  const checked = checkUserName("MYDOMAIN\\JOBUSER");
  assert.ok(!checked.ok);
  assert.match(checked.problem.message, /unsupported character in user name: `MYDOMAIN\\JOBUSER`/);
  assert.match(checked.problem.hint, /`JOBUSER@MYDOMAIN`/);
});

test("O2: names of digits only are refused", () => {
  for (const name of ["0", "1000", "٣٤"]) assert.equal(checkUserName(name).ok, false, name);
});

test("A59: names compare without case, beyond ASCII too; the domain is what follows the first `@`", () => {
  assert.equal(isSameUserName("å", "Å"), true);
  assert.equal(isSameUserName("Å", "a\u030a"), true);
  assert.equal(isSameUserName("JobUser", "JOBUSER"), true);
  assert.equal(isSameUserName("a", "b"), false);
  assert.equal(domainOf("user@domain@x"), "domain@x");
  assert.equal(domainOf("user"), null);
});

test("A58: whatever is given, the answer is a value and its message one line without control characters", () => {
  fc.assert(
    fc.property(anyText(40), (name) => {
      const checked = checkUserName(name);
      if (!checked.ok) assert.doesNotMatch(checked.problem.message + checked.problem.hint, /\p{Cc}/u);
    }),
  );
});
