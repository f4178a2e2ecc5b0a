import assert from "node:assert/strict";
import { chownSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { installationCache } from "#kernel/compile-cache.ts";

const asRoot = process.getuid?.() === 0;
const folderOf = (t: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), "bhf-cache-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

test("S12: compiled code is kept beside the code, where only its own account can write", (t) => {
  const root = folderOf(t);
  mkdirSync(join(root, ".cache"), { mode: 0o777 });
  const cache = installationCache(root);
  assert.equal(cache, join(root, ".cache", "compile"));
  assert.equal(statSync(join(root, ".cache")).mode & 0o777, 0o755);
  assert.equal(statSync(cache).mode & 0o777, 0o700);
  assert.equal(installationCache(root), cache, "again");
});

test("S12: there is no cache behind a link or a file of that name", (t) => {
  const root = folderOf(t);
  mkdirSync(join(root, "elsewhere"));
  symlinkSync(join(root, "elsewhere"), join(root, ".cache"));
  assert.equal(installationCache(root), null);
  const other = folderOf(t);
  writeFileSync(join(other, ".cache"), "");
  assert.equal(installationCache(other), null);
});

test("S12: nothing is kept or read in an installation or cache of another account", { skip: asRoot ? false : "needs root" }, (t) => {
  for (const part of ["", ".cache", join(".cache", "compile")]) {
    const root = folderOf(t);
    mkdirSync(join(root, ".cache", "compile"), { recursive: true });
    chownSync(join(root, part), 65_534, 65_534);
    assert.equal(installationCache(root), null, part);
  }
});
