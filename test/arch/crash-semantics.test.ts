/** The page of crash semantics says of every case which test shows it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { testTitles } from "#test/arch/test-titles.ts";

const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "crash-semantics.md"), "utf8");

/** `- \`room/file.test.ts\`: "title, or its beginning …"`; without a title the whole file is meant. */
const named = [...page.matchAll(/^- `([\w/.-]+\.test\.ts)`(?:: "([^"]+)")?/gm)].map(([, file = "", title = ""]) => ({
  file: file.startsWith("test/") ? file : `src/${file}`,
  title: title.replace(/,? ?…$/, ""),
}));

test("2.8: every test that the page of crash semantics names exists in the file that it names", () => {
  assert.ok(named.length > 40, `only ${named.length} names found`);
  const titles = testTitles();
  const isThere = (one: (typeof named)[number]): boolean =>
    titles.some(({ file, title }) => file === one.file && title.includes(one.title));
  assert.deepEqual(
    named.filter((one) => !isThere(one)),
    [],
  );
});

test("2.8: every case of the page names a test", () => {
  const cases = (page.split("\n## The cases\n")[1]?.split("\n## ")[0] ?? "").split(/^### /m).slice(1);
  assert.ok(cases.length > 10, `only ${cases.length} cases found`);
  const without = cases.filter((text) => !/^- `[\w/.-]+\.test\.ts`/m.test(text)).map((text) => text.split("\n")[0]);
  assert.deepEqual(without, []);
});
