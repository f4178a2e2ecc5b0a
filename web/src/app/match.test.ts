import assert from "node:assert/strict";
import { test } from "node:test";
import { matching } from "#web/app/match.ts";

const all = ["Overview", "Nodes", "Theme: Dark", "Sign out", "Übersicht"].map((text) => ({ text }));
const found = (typed: string): string[] => matching(all, typed).map(({ text }) => text);

test("4.6: the palette finds by every word, in any order, without marks and case; what begins so comes first", () => {
  assert.deepEqual(
    found(""),
    all.map(({ text }) => text),
  );
  assert.deepEqual(found("dark the"), ["Theme: Dark"]);
  assert.deepEqual(found("ubers"), ["Übersicht"]);
  assert.deepEqual(found("o"), ["Overview", "Sign out", "Nodes"]);
  assert.deepEqual(found("nothing"), []);
});
