/** Whatever changes the policy goes past its guards: held by reading the code, so that a new way cannot forget them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { sourceFiles } from "#test/arch/imports.ts";

/** Changes that need no guard, and why. */
const unguarded: Readonly<Record<string, string>> = {
  "account.reset-password": "a password grants nothing and takes nothing of the policy",
  "identity.first-start": "there is nobody yet from whom anything could be taken",
  "policy-test.delete": "without a test nothing fails that did not fail with it, and a test that fails must be removable",
};

/** Who writes the tables that make the policy. `password-change.ts` and `login.ts` write passwords and instants only. */
const writers = ["accounts.ts", "account-store.ts", "first-start.ts", "login.ts", "password-change.ts", "policy-tests.ts", "roles.ts"].map(
  (file) => `src/identity/${file}`,
);

const written = /(?:insertInto|updateTable|deleteFrom)\("(?:roles|role_assignments|accounts|policy_tests)"\)/;

test("3.5, 3.6: every change of accounts, roles, assignments and policy tests begins and ends with the guards", () => {
  let guarded = 0;
  for (const file of sourceFiles()) {
    const [, ...changes] = readFileSync(file, "utf8").split(/\bchangePolicy\((?=\s*context)/);
    for (const change of changes) {
      const action = /\baction: "([\w.-]+)"/.exec(change)?.[1] ?? "?";
      const isGuarded = change.includes("await beginChange(context, tx, actor, {") && /\bawait end\(/.test(change);
      if (isGuarded) guarded += 1;
      else assert.ok(Object.hasOwn(unguarded, action), `${file}: \`${action}\` changes the policy past its guards`);
    }
  }
  assert.ok(guarded >= 9, `only ${guarded} changes were found: does this test still read them?`);
});

test("3.5: nothing else writes the tables that make the policy", () => {
  const others = sourceFiles().filter((file) => !writers.includes(file) && written.test(readFileSync(file, "utf8")));
  assert.deepEqual(others, []);
});
