/** The host's own accounts through the C library; account states with real accounts are in `host-identity.test.ts`. */
import { test } from "node:test";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { userInfo } from "node:os";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { findUserName, forgetAccounts, readMinimumUid, resolveAccount } from "#launch/linux/accounts.ts";

test("O2: an account is resolved to numbers, its groups with the primary one", async () => {
  const self = userInfo();
  const found = await resolveAccount(self.username);
  assert.ok(found.ok);
  assert.deepEqual([found.value.uid, found.value.gid, found.value.home], [self.uid, self.gid, self.homedir]);
  assert.ok(found.value.groups.includes(self.gid));
  assert.equal(await findUserName(self.uid), self.username);
  assert.equal(await findUserName(4_000_000_123), null);
});

test("O2: an unknown account has its own problem", async () => {
  const found = await resolveAccount("bhf-nobody-has-this-name");
  assert.equal(found.ok ? "" : found.problem.code, "launch.unknown-account");
});

test("O2: answers stay whole while the collector runs and many lookups are under way", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const self = userInfo();
  for (let round = 0; round < 40; round += 1) {
    const lookups = Array.from({ length: 20 }, () => {
      forgetAccounts();
      return resolveAccount(self.username);
    });
    collect();
    const overwriting = Array.from({ length: 40 }, () => Buffer.alloc(16 * 1024, 0xaa));
    for (const found of await Promise.all(lookups)) {
      assert.ok(found.ok && overwriting.length > 0);
      assert.deepEqual([found.value.uid, found.value.home], [self.uid, self.homedir]);
    }
  }
});

test("S7: the lowest uid of people is read from login.defs, else 1000", (t) => {
  const folder = mkdtempSync("/tmp/bhf-defs-");
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "defs"), "# UID_MIN 5\nSYS_UID_MIN 100\nUID_MIN\t\t 500 \n");
  assert.equal(readMinimumUid(join(folder, "defs")), 500);
  assert.equal(readMinimumUid(join(folder, "none")), 1000);
});
