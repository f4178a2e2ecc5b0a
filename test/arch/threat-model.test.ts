import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { testTitles } from "#test/arch/test-titles.ts";

const page = readFileSync(join(import.meta.dirname, "..", "..", "THREAT_MODEL.md"), "utf8");
const columns = ["attacker", "start a run", "alter a run", "read a secret", "read output", "forge (identity, result, record)", "block"];
const attackers = [
  "someone on the network",
  "a signed-in account without permission",
  "a job's own code",
  "another node",
  "the agent (courier)",
  "whoever carries a token",
  "a reader of the database",
  "a writer of the database",
  "the manager itself",
  "another local account on the manager's host",
  "another local account on a node",
  "root of a node",
];

const cellsOf = (line: string): string[] =>
  line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
const lines = (page.split("\n## The table\n")[1] ?? "").split("\n").filter((line) => line.startsWith("|"));
const [head = "", , ...rows] = lines;
const titlesIn = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, title]) => title ?? "");

test("2.12: the threat model's table asks every attacker every question", () => {
  assert.deepEqual(cellsOf(head), columns);
  assert.deepEqual(
    rows.map((row) => cellsOf(row)[0]),
    attackers.map((name) => `**${name}**`),
  );
  for (const row of rows) assert.equal(cellsOf(row).length, columns.length, row);
});

test("2.12: every answer of the threat model names a test or says `not claimed`", () => {
  const empty = rows.flatMap((row) => {
    const [attacker = "", ...cells] = cellsOf(row);
    return cells.flatMap((cell, index) =>
      titlesIn(cell).length > 0 || cell.includes("not claimed") ? [] : [`${attacker} × ${columns[index + 1] ?? ""}: ${cell}`],
    );
  });
  assert.deepEqual(empty, []);
});

test("2.12: every test that the threat model names exists", () => {
  const known = new Set(testTitles().map(({ title }) => title));
  const named = rows.flatMap(titlesIn);
  assert.ok(named.length > 60, `only ${named.length} titles found`);
  assert.deepEqual(
    [...new Set(named)].filter((title) => !known.has(title)),
    [],
  );
});
