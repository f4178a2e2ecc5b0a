import assert from "node:assert/strict";
import { test } from "node:test";
import { meaningOf, type KeyFacts } from "#web/app/shortcuts.ts";

const key = (name: string, more: Partial<KeyFacts> = {}): KeyFacts => ({
  key: name,
  ctrlOrMeta: false,
  alt: false,
  typing: false,
  ...more,
});

test("4.6: keys mean something everywhere, and nothing while somebody types or holds another key", () => {
  assert.deepEqual(meaningOf(key("k", { ctrlOrMeta: true }), false), { kind: "palette" });
  assert.deepEqual(meaningOf(key("K", { ctrlOrMeta: true, typing: true }), false), { kind: "palette" }, "also from a field");
  assert.deepEqual(meaningOf(key("k", { ctrlOrMeta: true, alt: true }), false), { kind: "nothing" });
  assert.deepEqual(meaningOf(key("?"), false), { kind: "sheet" });
  assert.deepEqual(meaningOf(key("/"), false), { kind: "filter" });
  assert.deepEqual(meaningOf(key("g"), false), { kind: "await-page" });
  assert.deepEqual(meaningOf(key("n"), true), { kind: "page", key: "n" });
  assert.deepEqual(meaningOf(key("g"), true), { kind: "page", key: "g" });
  for (const name of ["?", "/", "g", "n"]) assert.deepEqual(meaningOf(key(name, { typing: true }), true), { kind: "nothing" }, name);
  assert.deepEqual(meaningOf(key("n"), false), { kind: "nothing" });
  assert.deepEqual(meaningOf(key("r", { ctrlOrMeta: true }), true), { kind: "nothing" }, "the browser's own");
});
