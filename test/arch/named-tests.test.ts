/** Comments and pages that name a test's file name one that exists: an invariant whose test was moved away is one without a test. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..", "..");

test("2.12: every test's file that a comment or a page names exists", () => {
  const tests = globSync(["{src,test,web/src}/**/*.test.ts"], { cwd: root });
  const texts = globSync(["{src,test,web/src,scripts,docs}/**/*.{ts,tsx,mjs,md}", "*.md"], { cwd: root });
  const named = texts.flatMap((file) =>
    [...readFileSync(join(root, file), "utf8").matchAll(/`([\w./-]+\.test\.ts)`/g)].map(([, name = ""]) => ({ file, name })),
  );
  assert.ok(named.length > 100, `only ${named.length} names found`);
  const isThere = (name: string): boolean => tests.some((path) => path === name || path.endsWith(`/${name}`));
  assert.deepEqual(
    named.filter(({ name }) => !isThere(name)),
    [],
  );
});
