import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { testTitles } from "#test/arch/test-titles.ts";

const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "security-rules.md"), "utf8");
const rules = [...page.matchAll(/^- \*\*([SOWK]\d+)\b/gm)].map(([, id]) => id ?? "");

/** The ids of rules that a title names. */
const rulesOf = (title: string): string[] => title.match(/\b[SOWK]\d{1,2}\b/g) ?? [];

test("2.12: the page of security rules has every number of each of its four chapters once", () => {
  const numbered = (letter: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${letter}${index + 1}`);
  assert.deepEqual(rules, [...numbered("S", 13), ...numbered("O", 10), ...numbered("W", 9), ...numbered("K", 2)]);
});

test("2.12: every security rule stands in the title of a test, and no title names one that there is not", () => {
  const named = new Map<string, string>();
  for (const { file, title } of testTitles()) for (const rule of rulesOf(title)) named.set(rule, file);
  assert.deepEqual(
    rules.filter((rule) => !named.has(rule)),
    [],
    "rules without a test",
  );
  const strangers = [...named].filter(([rule]) => !rules.includes(rule));
  assert.deepEqual(strangers, [], "rules that are named and not on the page");
});
