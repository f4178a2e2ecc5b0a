import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { eachBelow, newFolderFinder, positionsBeginning } from "#access/folder-finder.ts";
import type { Role } from "#access/question.ts";
import type { FoundFolder } from "#access/role-entries.ts";

const role: Role = { id: "rol_r", service: "LOCAL", name: "r", scopes: [] };
const entryOf = (path: string): FoundFolder => ({ role, scope: "default", path, recursive: true, words: null, facts: null });
const arbitraryPath = fc
  .array(fc.constantFrom("a", "ab", "abc", "b", "a-b", "\u0000", "\u{1f600}", "z\u00fc"), { maxLength: 4 })
  .map((segments) => `/${segments.join("/")}`);

test("3.4: the folders that begin a path, and those below one, are the ones that reading all of them finds", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(arbitraryPath, fc.constantFrom("", "a", "//")), { maxLength: 20 }), arbitraryPath, (paths, asked) => {
      const finder = newFolderFinder(paths.map(entryOf));
      const positions = paths.map((_, position) => position);
      const beginning = positionsBeginning(finder, asked);
      assert.deepEqual(
        beginning.toSorted((left, right) => left - right),
        positions.filter((position) => asked.startsWith(paths[position] ?? "?")),
      );
      const lengths = beginning.map((position) => paths[position]?.length ?? 0);
      assert.deepEqual(
        lengths,
        lengths.toSorted((left, right) => left - right),
      );
      const below: number[] = [];
      eachBelow(finder, asked, (position, path) => {
        assert.equal(path, paths[position]);
        below.push(position);
      });
      assert.deepEqual(
        below.toSorted((left, right) => left - right),
        positions.filter((position) => paths[position]?.startsWith(`${asked}/`)),
      );
    }),
  );
});
