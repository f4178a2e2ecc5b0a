/** Which jobs a change of the policy leaves without author, runner or user of their credential. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { findOrphans, type OwnedJob } from "#access/orphans.ts";
import { openAccessBook, type Holder, type Policy } from "#access/policy.ts";
import type { Role } from "#access/question.ts";

const role = (name: string, permissions: readonly string[], folder: string | null = null): Role => ({
  id: `rol_${name}`,
  service: "LOCAL",
  name,
  scopes: [
    {
      controller: "default",
      permissions: permissions.map((permission) => ({ permission, denied: false })),
      folders: folder === null ? [] : [{ path: folder, recursive: true }],
    },
  ],
});
const holder = (name: string, roles: readonly Role[], enabled = true): Holder => ({
  accessId: `user:test/${name}`,
  name,
  nameKey: name,
  enabled,
  roles,
});
const policy = (...holders: readonly Holder[]): Policy => ({
  holders: new Map(holders.map((one) => [one.accessId, one])),
  roles: new Map(),
});
const job = (path: string, author: string, namesKey = false): OwnedJob => ({
  path,
  controller: "main",
  author: `user:test/${author}`,
  authorName: author,
  namesKey,
});
const jobs = [job("/a/one", "ann"), job("/a/two", "bob", true), job("/b/three", "gone")];
const orphans = (before: Policy, after: Policy): unknown => findOrphans(before, after, jobs, openAccessBook());

const run = role("run", ["controller:runs:create"]);
const keys = role("keys", ["manager:credentials:use"]);
const none = { authors: [], withoutRunner: [], withoutKeyUser: [] };

test("3.5: a job is orphaned by what changes, not by what was so before", () => {
  const before = policy(holder("ann", [run]), holder("bob", []));
  assert.deepEqual(orphans(before, before), none);
  // Nobody could use the key before, and the third job's author was gone already.
  assert.deepEqual(orphans(before, policy(holder("ann", [run]), holder("bob", [run]))), none);
  assert.deepEqual(orphans(policy(), policy()), none);
});

test("3.5: an author who may no longer run what he saved is named, while others can", () => {
  const before = policy(holder("ann", [run]), holder("bob", [run]));
  assert.deepEqual(orphans(before, policy(holder("bob", [run]))), {
    ...none,
    authors: [{ author: "user:test/ann", name: "ann", jobs: ["/a/one"] }],
  });
  assert.deepEqual(orphans(before, policy(holder("ann", [run], false), holder("bob", [run]))), {
    ...none,
    authors: [{ author: "user:test/ann", name: "ann", jobs: ["/a/one"] }],
  });
});

test("3.5: a job that nobody may run any more, and a credential that nobody may use, also by a folder alone", () => {
  const before = policy(holder("op", [run, keys]));
  const narrowed = policy(holder("op", [role("run", ["controller:runs:create"], "/b"), role("keys", ["manager:credentials:use"], "/b")]));
  assert.deepEqual(orphans(before, narrowed), { ...none, withoutRunner: ["/a/one", "/a/two"], withoutKeyUser: ["/a/two"] });
  assert.deepEqual(orphans(before, policy(holder("op", [run, keys], false))), {
    ...none,
    withoutRunner: ["/a/one", "/a/two", "/b/three"],
    withoutKeyUser: ["/a/two"],
  });
  assert.deepEqual(orphans(before, policy(holder("other", [keys]), holder("third", [run]))), none);
});
