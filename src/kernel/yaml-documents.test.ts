import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { stringify } from "yaml";
import type { Problem } from "#kernel/problem.ts";
import { readYamlDocuments, yamlLimits, type YamlDocument } from "#kernel/yaml-documents.ts";

const read = (text: string): readonly YamlDocument[] => {
  const result = readYamlDocuments(text);
  assert.ok(result.ok, result.ok ? "" : JSON.stringify(result.problem));
  return result.value;
};
const refused = (text: string): Problem => {
  const result = readYamlDocuments(text);
  assert.ok(!result.ok, `accepted: ${text.slice(0, 60)}`);
  return result.problem;
};
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

void test("W9: many documents, each with its place, text and number; empty ones left out", () => {
  const documents = read("# first\na: 1\n---\n---\nb:\n  - x\n  - { c: d }\n");
  assert.deepEqual(
    documents.map(({ index, value }) => [index, plain(value)]),
    [
      [1, { a: 1 }],
      [3, { b: ["x", { c: "d" }] }],
    ],
  );
  assert.deepEqual(documents[1]?.locate(["b", 1, "c"]), { line: 7, column: 7 });
  assert.deepEqual(documents[1]?.locate(["b", 1, "missing"]), { line: 7, column: 5 });
  assert.deepEqual(documents[1]?.locate([]), { line: 5, column: 1 });
  assert.match(documents[0]?.source ?? "", /^# first\na: 1/);
  assert.match(documents[1]?.source ?? "", /^b:\n {2}- x\n/);
  assert.deepEqual(read(""), []);
  assert.deepEqual(read("# nothing\n"), []);
});

void test("W9: YAML 1.2 core: yes is text, 027 is a number, dates are text", () => {
  assert.deepEqual(plain(read("a: yes\nb: 0o17\nc: 2026-01-01\nd: ~\ne: 'x'\nf: 1.5\ng: true\n")[0]?.value), {
    a: "yes",
    b: 15,
    c: "2026-01-01",
    d: null,
    e: "x",
    f: 1.5,
    g: true,
  });
  assert.equal(Object.getPrototypeOf(read("a: 1")[0]?.value), null);
});

void test("W9: aliases are copies, at most 50 of them, never inside what they repeat", () => {
  const value = read("a: &x { n: 1 }\nb: *x\nc: [*x, *x]\n")[0]?.value as { a: object; b: object };
  assert.deepEqual(plain(value), { a: { n: 1 }, b: { n: 1 }, c: [{ n: 1 }, { n: 1 }] });
  assert.notEqual(value.a, value.b);
  assert.equal(refused("a: &x [1, *x]").code, "input.malformed-yaml");
  assert.equal(refused("a: &x\n  b: { c: *x }").code, "input.malformed-yaml");
  assert.equal(refused("a: *none").code, "input.malformed-yaml");
  assert.equal(read(`a: &x 1\nb: [${"*x, ".repeat(50)}]`).length, 1);
  assert.equal(refused(`a: &x 1\nb: [${"*x, ".repeat(51)}]`).code, "input.too-large");
  const bomb = Array.from({ length: 9 }, (_, index) => `a${index + 1}: &a${index + 1} [${`*a${index}, `.repeat(5)}]`).join("\n");
  assert.equal(refused(`a0: &a0 [x, x, x, x, x]\n${bomb}`).code, "input.too-large");
});

void test("W9: size, depth and number of documents are bounded, and quickly", () => {
  assert.equal(refused("x".repeat(yamlLimits.bytes + 1)).code, "input.too-large");
  assert.equal(refused("é".repeat(yamlLimits.bytes / 2 + 1)).code, "input.too-large");
  assert.equal(read(`${"[".repeat(64)}${"]".repeat(64)}`).length, 1);
  for (const text of [
    "[".repeat(65) + "]".repeat(65),
    "[".repeat(500_000),
    "- ".repeat(500_000),
    "? ".repeat(500_000),
    "{a: ".repeat(200_000),
    Array.from({ length: 70 }, (_, index) => `${" ".repeat(index)}a:`).join("\n"),
  ])
    assert.match(refused(text).code, /^input\.(?:too-large|malformed-yaml)$/);
  assert.equal(read("---\na: 1\n".repeat(500)).length, 500);
  assert.equal(refused("---\na: 1\n".repeat(501)).code, "input.too-large");
  for (const text of ["a,", "a: b, ", "!a ", "&a "])
    assert.ok(!readYamlDocuments(`[${text.repeat(Math.floor(yamlLimits.bytes / text.length) - 2)}]`).ok);
});

void test("W9: a field stands once; tags, merges and the names of JavaScript's objects are refused, each with its place", () => {
  for (const [text, code, line, column] of [
    ["a: 1\nb: 2\na: 3", "input.malformed-yaml", 3, 1],
    ["x:\n  a: 1\n  'a': 3", "input.malformed-yaml", 3, 3],
    ["a: !!js/function x", "input.malformed-yaml", 1, 4],
    ["a: !mine x", "input.malformed-yaml", 1, 4],
    ["a: !!binary aGk=", "input.malformed-yaml", 1, 4],
    ["a: &x { b: 1 }\nc:\n  <<: *x", "input.malformed-yaml", 3, 3],
    ["__proto__: { admin: true }", "input.forbidden-name", 1, 1],
    ['a:\n  "constructor": 1', "input.forbidden-name", 2, 3],
    ["a: [{ prototype: 1 }]", "input.forbidden-name", 1, 7],
    ["? [1, 2]\n: x", "input.malformed-yaml", 1, 3],
    ["ok: 1\nb: [1\nc: 2", "input.malformed-yaml", 3, 1],
    ["a: 1\n\tb: 2", "input.malformed-yaml", 2, 1],
    ["a: .inf", "input.invalid-value", 1, 4],
    ["a: 9007199254740993", "input.invalid-value", 1, 4],
  ] as const) {
    const { code: found, at } = refused(text);
    assert.deepEqual([found, at?.line, at?.column, at?.document], [code, line, column, 1], text);
  }
  assert.equal(({} as { admin?: boolean }).admin, undefined);
});

void test("W9: NUL, control characters and halves of characters are refused, raw and escaped", () => {
  for (const text of ["a: x\u0000y", "a: \u001B[31m", "a: \u007F", "a: \uD800", 'a: "\\0"', 'a: "\\x1b[0m"', 'a: "\\ud800"', '"\\x07": 1'])
    assert.match(refused(text).code, /^input\./, JSON.stringify(text));
  assert.deepEqual(plain(read('a: "\\t\\n\\r"')[0]?.value), { a: "\t\n\r" });
  assert.deepEqual([refused("ok: 1\nbad: x\u0000y").at?.line, refused("ok: 1\nbad: x\u0000y").at?.column], [2, 7]);
});

void test("W7: no problem repeats the text around it", () => {
  for (const text of [
    "password: hunter2: x",
    "password: 'hunter2",
    "password: [hunter2",
    "password: *hunter2",
    "password: !hunter2 x",
    "password: hunter2}\n}",
    "a: hunter2\n b: hunter2\n:: hunter2",
    "hunter2: 1\nhunter2: 2",
    'password: "hunter2\\q"',
    "&hunter2 &hunter2 x",
    'password: "hunter2\u0000"',
  ])
    assert.ok(!JSON.stringify(refused(text)).includes("hunter2"), text);
});

void test("W9: whatever JSON can say is read back the same", () => {
  const name = fc
    .string({ unit: "grapheme" })
    .filter((text) => !["__proto__", "constructor", "prototype", "<<"].includes(text) && !/[\p{Cc}\uFFFE\uFFFF]/u.test(text));
  const text = fc.string({ unit: "grapheme" }).filter((given) => !/[\p{Cc}\uFFFE\uFFFF]/u.test(given));
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      text,
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie("value"), { maxLength: 5 }),
      fc.dictionary(name, tie("value"), { maxKeys: 5, noNullPrototype: true }),
    ),
  }));
  fc.assert(
    fc.property(fc.dictionary(name, value, { minKeys: 1, maxKeys: 5, noNullPrototype: true }), (given) => {
      assert.deepEqual(
        plain(read(stringify(given, { version: "1.2", lineWidth: 0, aliasDuplicateObjects: false }))[0]?.value),
        plain(given),
      );
    }),
    { numRuns: 200 },
  );
});

void test("W9: no text makes the reader throw", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.constantFrom(
          "a",
          ":",
          " ",
          "\n",
          "- ",
          "[",
          "]",
          "{",
          "}",
          "&x",
          "*x",
          "!t",
          "|",
          ">",
          "'",
          '"',
          "---",
          "#",
          "?",
          ",",
          "%YAML 1.2",
          "\t",
          "\uFEFF",
          "...",
        ),
        { maxLength: 40 },
      ),
      (pieces) => {
        const result = readYamlDocuments(pieces.join(""));
        if (!result.ok) assert.match(result.problem.code, /^input\./);
      },
    ),
    { numRuns: 1000 },
  );
});
