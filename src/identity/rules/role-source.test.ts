import assert from "node:assert/strict";
import { test } from "node:test";
import { sourceEntriesOf } from "#identity/rules/role-source.ts";
import { readYamlDocuments } from "#kernel/yaml-documents.ts";

const linesOf = (text: string): string[] => {
  const read = readYamlDocuments(text);
  const [document] = read.ok ? read.value : [];
  if (document === undefined) return assert.fail("not read");
  return sourceEntriesOf(document.value, (path) => document.locate(path).line).map(
    ({ controller, entry, line }) => `${line} ${controller} ${entry}`,
  );
};

test("3.4: every grant, denial and folder of a role knows its line, in every scope and spelling", () => {
  assert.deepEqual(
    linesOf(`# a comment
kind: Role
name: closer
permissions:
  - controller:runs
  - -controller:runs:cancel
  - controller:runs
folders: [/finance/*,
  { path: /hr, recursive: false }]
controllers:
  eu.main:
    permissions: [controller:view]
    folders:
      - demo/
`),
    [
      "5 default controller:runs",
      "6 default -controller:runs:cancel",
      "8 default /finance",
      "9 default /hr",
      "12 eu.main controller:view",
      "14 eu.main /demo",
    ],
  );
});

test("3.4: what is no role has no lines, and an entry that cannot be read is left out", () => {
  for (const nothing of [null, 3, [], "Role", { permissions: "controller", folders: 3, controllers: [] }])
    assert.deepEqual(
      sourceEntriesOf(nothing, () => 1),
      [],
    );
  assert.deepEqual(
    sourceEntriesOf({ permissions: [3, "nothing:here"], folders: ["/a//b", {}], controllers: { main: null } }, () => 1),
    [],
  );
});
