import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { settingTable } from "#kernel/settings.ts";
import { sourceFiles } from "#test/arch/imports.ts";

test("2.10: every setting that can be given is read by some part", () => {
  const root = join(import.meta.dirname, "..", "..");
  const text = sourceFiles()
    .filter((file) => file !== "src/kernel/settings.ts")
    .map((file) => readFileSync(join(root, file), "utf8"))
    .join("\n");
  // By its own name, or as a flag of `behalf up`, which commander gives in camel case.
  const camelCase = (name: string): string => name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const isRead = (name: string): boolean =>
    text.includes(`["${name}"]`) || text.includes(`values.${name}`) || text.includes(`options.${camelCase(name)}`);
  const unread = settingTable.map(({ name }) => name).filter((name) => !isRead(name));
  assert.deepEqual(unread, []);
});
