import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { folderOf, longestPath, longestSegment, readFolderPath, readJobPath } from "#jobs/rules/path.ts";
import { anyText } from "#test/fixtures/any-text.ts";

const refused = (path: string): string => {
  const result = readJobPath(path);
  assert.ok(!result.ok, `accepted: ${JSON.stringify(path)}`);
  assert.equal(result.problem.code, "jobs.invalid-path");
  return result.problem.message;
};

void test("bad input: ordinary paths of any language are taken as they are", () => {
  for (const path of [
    "/a",
    "/examples/whoami",
    "/Finance/Close Books",
    "/finanzen/Jahresabschluß",
    "/отчёты/закрыть",
    "/会計/締め処理",
    "/회계/결산",
    "/a/b.c_d-1",
    "/x/2026",
    "/\u00e9t\u00e9",
  ])
    assert.deepEqual(readJobPath(path), { ok: true, value: path });
});

void test("bad input: path traversal, empty segments and relative paths are refused", () => {
  for (const path of [
    "",
    "a",
    "a/b",
    "/",
    "//a",
    "/a/",
    "/a//b",
    "/./a",
    "/a/..",
    "/../etc/passwd",
    "/a/../b",
    "\\a",
    "/a\\..\\b",
    "/a/ b",
    "/a/b ",
    "/-rf",
    "/a/*",
    "/$(id)",
    "/a;b",
    "/a`b`",
  ])
    refused(path);
  assert.ok(readFolderPath("/").ok);
});

void test("bad input: NUL, control, invisible and direction characters are refused and not repeated", () => {
  for (const character of [
    "\u0000",
    "\n",
    "\u001b",
    "\u007f",
    "\u0085",
    "\u200b",
    "\u200d",
    "\u202e",
    "\u2066",
    "\ufeff",
    "\u00ad",
    "\u2028",
    "\u3164",
    "\u034f",
    "\ud800",
    "\u00a0",
    "\u2003",
    "\u{e0041}",
    "\ufe0f",
  ]) {
    const message = refused(`/a/b${character}c`);
    if (character.trim() !== "" && character !== "\u00a0") assert.ok(!message.includes(character), JSON.stringify(character));
  }
});

void test("bad input: look-alikes are refused: decomposed, full-width, ligatures, mixed scripts, all-Cyrillic that reads Latin", () => {
  for (const path of [
    "/e\u0301t\u00e9",
    "/\uff41bc",
    "/\ufb01nance",
    "/\u212b",
    "/p\u0430ypal",
    "/\u0440\u0430\u0443\u0440\u0430",
    "/\u039f\u039d",
    "/examples/whoam\u0456",
    "/\u{1d5ba}bc",
    "/ab\u05d0",
  ])
    refused(path);
});

void test("bad input: long paths are refused", () => {
  refused(`/${"a".repeat(longestSegment + 1)}`);
  refused(`/${"abcdefghi/".repeat(longestPath / 10)}a`);
  refused("/a".repeat(33));
});

void test("bad input: whatever is accepted has one spelling and stays within its folder", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        anyText(30),
        fc
          .array(fc.constantFrom("/", ".", "a", "B", "é", "e\u0301", "а", " ", "\u200b", "\\", "-"), { maxLength: 12 })
          .map((parts) => `/${parts.join("")}`),
      ),
      (text) => {
        const result = readJobPath(text);
        if (!result.ok) return;
        assert.equal(result.value, text);
        assert.equal(text.normalize("NFC"), text);
        assert.equal(text.normalize("NFKC"), text);
        assert.ok(
          text
            .split("/")
            .slice(1)
            .every((segment) => segment !== "" && segment !== "." && segment !== ".."),
        );
        assert.ok(folderOf(text) === "/" || readFolderPath(folderOf(text)).ok);
      },
    ),
    { numRuns: 2000 },
  );
});

void test("bad input: the folder of a path", () => {
  assert.deepEqual(["/a", "/a/b", "/a/b/c"].map(folderOf), ["/", "/a", "/a/b"]);
});
