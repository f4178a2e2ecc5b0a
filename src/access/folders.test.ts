import assert from "node:assert/strict";
import { test } from "node:test";
import { comparablePath, folderOf, holds, isBelow, normaliseFolder, renderFolder } from "#access/folders.ts";

test("E9: `/demo/*`, `demo/` and `/demo` with recursive mean the same", () => {
  const same = { ok: true, value: { path: "/demo", recursive: true } };
  for (const text of ["/demo/*", "demo/", "/demo/", "demo/*"]) assert.deepEqual(normaliseFolder(text), same, text);
  assert.deepEqual(normaliseFolder("/demo", true), same);
  assert.deepEqual(normaliseFolder("/demo"), { ok: true, value: { path: "/demo", recursive: false } });
  assert.deepEqual(normaliseFolder("/"), { ok: true, value: { path: "/", recursive: false } });
  assert.deepEqual(normaliseFolder("/*"), { ok: true, value: { path: "/", recursive: true } });
  assert.deepEqual(normaliseFolder("*"), { ok: true, value: { path: "/", recursive: true } });
  assert.deepEqual(normaliseFolder("/zu\u0308rich"), { ok: true, value: { path: "/z\u00fcrich", recursive: false } });
});

test("E9: a folder is refused with the reason where it cannot be one", () => {
  const bad = [
    "",
    "//",
    "/a//b",
    "/a/../b",
    "/..",
    "./a",
    "/a/./b",
    "/a*",
    "/a/*/b",
    "/a\\b",
    "/ a",
    "/a ",
    "/a/ /b",
    "/a\u0000",
    "/a\u202e",
    "/a\u200b",
    "/a\n",
    `/${"x".repeat(2000)}`,
  ];
  for (const text of bad) {
    const read = normaliseFolder(text);
    assert.ok(!read.ok, JSON.stringify(text.slice(0, 20)));
    assert.equal(read.problem.code, "access.malformed-folder");
  }
});

test("E9: what is rendered reads back as the same folder", () => {
  for (const [path, recursive] of [
    ["/", true],
    ["/", false],
    ["/a/b", true],
    ["/a/b", false],
  ] as const) {
    assert.deepEqual(normaliseFolder(renderFolder(path, recursive)), { ok: true, value: { path, recursive } });
  }
});

test("E9: a question's path is compared only when every segment is plain", () => {
  for (const path of ["/", "/a", "/a/", "/a/b.c", "/.hidden/x", "/a/...", "/a..b", "/..a"]) assert.equal(comparablePath(path), path, path);
  for (const path of [
    "",
    "a",
    "a/b",
    "//",
    "/a//b",
    "/a//",
    "/.",
    "/..",
    "/a/.",
    "/a/..",
    "/a/../b",
    "/./a",
    "/a\u0000b",
    "/a\u007f",
    "/a\n",
    `/${"x".repeat(2000)}`,
  ])
    assert.equal(comparablePath(path), null, JSON.stringify(path.slice(0, 20)));
  assert.equal(comparablePath("/zu\u0308rich"), "/z\u00fcrich");
});

test("D91, D98, E9: an entry holds itself, its own objects and, when recursive, everything below", () => {
  const deep = { path: "/a", recursive: true };
  const flat = { path: "/a", recursive: false };
  for (const path of ["/a", "/a/", "/a/x"]) assert.ok(holds(flat, path) && holds(deep, path), path);
  for (const path of ["/a/b/", "/a/b/x"]) assert.ok(!holds(flat, path) && holds(deep, path), path);
  for (const path of ["/ab", "/ab/x", "/", "/b/a"]) assert.ok(!holds(flat, path) && !holds(deep, path), path);
  assert.ok(holds({ path: "/", recursive: true }, "/a/b/c"));
  assert.ok(holds({ path: "/", recursive: false }, "/a"));
  assert.ok(!holds({ path: "/", recursive: false }, "/a/"));
  assert.ok(isBelow("/a/b", "/a") && isBelow("/a", "/") && !isBelow("/", "/") && !isBelow("/a", "/a"));
  assert.deepEqual(["/a/b", "/a/b/", "/a", "/"].map(folderOf), ["/a", "/a/b", "/", "/"]);
});
