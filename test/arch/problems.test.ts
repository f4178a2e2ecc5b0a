import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { problemCodeEntry, problemCodes, type ProblemCode } from "#kernel/problem-codes.ts";
import { compareGolden } from "#test/fixtures/golden.ts";

const codes = Object.keys(problemCodes) as ProblemCode[];
const sources = globSync(["src/**/*.ts", "bin/*.js", "scripts/*.{mjs,ts}"]).filter(
  (file) => !file.includes(".test") && file !== "src/kernel/problem-codes.ts",
);
const text = sources.map((file) => readFileSync(file, "utf8")).join("\n");

test("2.12: every problem code of the registry is used somewhere", () => {
  const unused = codes.filter((code) => !text.includes(`"${code}"`));
  assert.deepEqual(unused, []);
});

test("2.12: every code named where problems are made is in the registry", () => {
  const made = [...text.matchAll(/\b(?:problem|fail)\(\s*"([a-z-]+\.[a-z0-9-]+)"/g)].map(([, code]) => code ?? "");
  assert.ok(made.length > 50, `only ${made.length} uses found`);
  assert.deepEqual(
    [...new Set(made)].filter((code) => !codes.includes(code as ProblemCode)),
    [],
  );
});

test("2.12: registry entries are well-formed: area.what-happened, lower-case title, a hint that says what to do", () => {
  for (const code of codes) {
    const { title, hint, status } = problemCodeEntry(code);
    assert.match(code, /^[a-z]+\.[a-z0-9-]+$/);
    assert.match(title, /^[^A-Z\n]/, code);
    assert.ok(hint.length > 8 && !hint.includes("\n") && !hint.endsWith("."), `${code}: ${hint}`);
    assert.ok(status >= 400 && status < 600, code);
  }
});

test("2.12: docs/problems.md is what the registry says", () => {
  const areas = Map.groupBy(codes, (code) => code.split(".")[0] ?? "");
  const lines = [
    "# Problems",
    "",
    "Every refusal and failure has a code that is never renamed, a message and a hint. This page is made from the registry",
    "(`src/kernel/problem-codes.ts`) by `npm run golden`.",
    "",
  ];
  for (const [area, members] of [...areas].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    lines.push(`## ${area}`, "", "| code | HTTP | exit | what | what to do |", "|---|---|---|---|---|");
    for (const code of members.toSorted()) {
      const entry = problemCodeEntry(code);
      lines.push(`| \`${code}\` | ${entry.status} | ${entry.exit} | ${entry.title} | ${entry.hint.replaceAll("|", "\\|")} |`);
    }
    lines.push("");
  }
  compareGolden("docs/problems.md", lines.join("\n"));
});
