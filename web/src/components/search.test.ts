import assert from "node:assert/strict";
import { test } from "node:test";
import { flag, instantParameter, oneOf, text, whole } from "#web/components/search.ts";

test("4.6: an address may be typed by hand: what is not valid is left out, what is valid keeps its type", () => {
  assert.deepEqual(text({ q: "abc" }, "q"), { q: "abc" });
  assert.deepEqual(text({ q: 12 }, "q"), { q: "12" });
  for (const bad of [undefined, null, "", true, {}, ["a"], "x".repeat(301)]) assert.deepEqual(text({ q: bad }, "q"), {}, String(bad));
  assert.deepEqual(oneOf({ state: "running" }, "state", ["running", "ended"]), { state: "running" });
  assert.deepEqual(oneOf({ state: "Running" }, "state", ["running", "ended"]), {});
  assert.deepEqual(flag({ all: true }, "all"), { all: true });
  assert.deepEqual(flag({ all: "true" }, "all"), { all: true });
  for (const bad of [false, "false", 1, "yes", undefined]) assert.deepEqual(flag({ all: bad }, "all"), {}, String(bad));
  assert.deepEqual(whole({ line: "12" }, "line", 0, 100), { line: 12 });
  for (const bad of ["1.5", -1, 101, "x", null, undefined, ""]) assert.deepEqual(whole({ line: bad }, "line", 1, 100), {}, String(bad));
  assert.deepEqual(instantParameter({ from: "2026-01-05T12:00:00Z" }, "from"), { from: "2026-01-05T12:00:00.000Z" });
  for (const bad of ["yesterday", 5, "", undefined]) assert.deepEqual(instantParameter({ from: bad }, "from"), {}, String(bad));
});
