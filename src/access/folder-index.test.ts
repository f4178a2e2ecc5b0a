import assert from "node:assert/strict";
import { test } from "node:test";
import { buildFolderPool, walk, type FolderEntry, type FolderPool } from "#access/folder-index.ts";
import type { Role } from "#access/question.ts";

const role: Role = { id: "rol_r", service: "LOCAL", name: "r", scopes: [] };
const entryOf = (path: string, recursive = true): FolderEntry => ({ path, recursive, role, scope: "default", words: null, rendered: null });
const poolOf = (...paths: readonly string[]): FolderPool =>
  buildFolderPool(
    paths.map((path) => entryOf(path)),
    null,
  );
const found = (pool: FolderPool, path: string): string | null => {
  const result = walk(pool, path);
  return result === null || result === "name" ? result : result.path;
};

/** The hash of the table, so that the test can say that two folders share it. */
const hashOf = (text: string): number => {
  let hash = 0x811c9dc5 | 0;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash;
};

/** The first two of `/team-0`, `/team-1`, … that share one. */
const [one, two] = ["/team-229599", "/team-432382"];

test("E9: folders that share a hash are told apart", () => {
  assert.equal(hashOf(one), hashOf(two));
  assert.equal(found(poolOf(one), `${one}/x/y`), one);
  assert.equal(found(poolOf(one), `${two}/x/y`), null);
  assert.equal(found(poolOf(`${one}/deep`), two), null);
  assert.equal(found(poolOf(`${one}/deep`), one), "name");
  for (const both of [poolOf(one, `${two}/deep`), poolOf(`${two}/deep`, one)]) {
    assert.equal(found(both, `${one}/x/y`), one);
    assert.equal(found(both, `${two}/x`), null);
    assert.equal(found(both, two), "name");
    assert.equal(found(both, `${two}/deep/x`), `${two}/deep`);
  }
});

test("E9: in 20,000 folders each is found, and its neighbour is not", () => {
  const paths = Array.from({ length: 20_000 }, (_, index) => `/d${index % 7}/t${index % 101}/p${index}`);
  const pool = poolOf(...paths);
  for (const path of paths) {
    assert.equal(found(pool, `${path}/sub/job`), path);
    assert.equal(found(pool, `${path}x/job`), null);
  }
  assert.equal(found(pool, "/d1/t1"), "name");
  assert.equal(found(pool, "/d9/t1"), null);
  assert.equal(found(pool, "/"), "name");
});

test("E12: a stored folder that is not in comparable form holds nothing, and still limits", () => {
  for (const path of ["a", "/a/", "/a//b", "/a/../b", "/zu\u0308", `/${"x/".repeat(2000)}y`, ""]) {
    const pool = poolOf(path);
    assert.ok(!pool.empty, path.slice(0, 20));
    for (const asked of ["/a/x", "/a/", "/a/b/x", "/z\u00fc/x", "/x/x/y", "/"]) assert.notEqual(found(pool, asked), path, asked);
  }
  const deep = `/${Array.from({ length: 511 }, () => "x").join("/")}`;
  assert.equal(found(poolOf(deep), `${deep}/y`), deep);
});

test("D98: a controller's pool stands over the one of all controllers", () => {
  const below = poolOf("/a", "/b");
  const pool = buildFolderPool([entryOf("/a", false), entryOf("/c/d")], below);
  assert.equal(found(pool, "/a/x"), "/a");
  assert.equal(found(pool, "/a/x/y"), null);
  assert.equal(found(pool, "/b/x/y"), "/b");
  assert.equal(found(pool, "/c"), "name");
  assert.equal(found(pool, "/c/d/e/f"), "/c/d");
  assert.equal(buildFolderPool([], below), below);
  assert.ok(buildFolderPool([], null).empty);
  assert.equal(found(buildFolderPool([], null), "/a"), null);
});
