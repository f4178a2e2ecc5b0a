import assert from "node:assert/strict";
import { test } from "node:test";
import { flag, integer, list, nullable, object, oneOf, optional, readShape, record, text, variant, type Shape } from "#kernel/shape.ts";

const messageOf = <T>(shape: Shape<T>, value: unknown): string => {
  const read = readShape(shape, value, "the thing");
  return read.ok ? "ok" : `${read.problem.code}: ${read.problem.message}`;
};

const thing = object({
  name: text({ min: 1, max: 8, pattern: /^[a-z]+$/, expected: "lower-case" }),
  size: integer(1, 9),
  on: flag,
  color: oneOf("red", "blue"),
  note: nullable(text({ max: 3 })),
  tags: list(text({ max: 2 }), 2),
  more: optional(record(/^[a-z]+$/, "a word", integer(0, 1), 2)),
  kind: variant("is", { a: object({ is: oneOf("a") }), b: object({ is: oneOf("b"), n: integer(0, 5) }) }),
});
const good = { name: "x", size: 1, on: true, color: "red", note: null, tags: ["a"], kind: { is: "b", n: 5 } };

test("W9: a value of the shape is read as a copy that holds nothing else", () => {
  const read = readShape(thing, good, "the thing");
  assert.ok(read.ok);
  assert.deepEqual(read.value, good);
  assert.notEqual(read.value.tags, good.tags);
  assert.equal(messageOf(thing, { ...good, more: { a: 1 } }), "ok");
  assert.equal(messageOf(thing, Object.assign(Object.create(null) as object, good)), "ok");
});

test("W9: each wrong field is named with its path and what it must be, never with its value", () => {
  const cases: readonly (readonly [unknown, string])[] = [
    [null, "input.wrong-type: the thing must be an object"],
    [[], "input.wrong-type: the thing must be an object"],
    [new Map(), "input.wrong-type: the thing must be an object"],
    [{ ...good, secret: "hush" }, "input.unknown-field: the thing has an unknown field `secret`"],
    [{ ...good, "a\u001b[31m`b": 1 }, "input.unknown-field: the thing has an unknown field `a??31m?b`"],
    [JSON.parse('{"__proto__":{}}'), "input.forbidden-name: the thing has a field with a forbidden name"],
    [{ ...good, size: undefined }, "input.missing-field: `size` of the thing is missing"],
    [{ ...good, name: "" }, "input.invalid-value: `name` of the thing must not be empty"],
    [{ ...good, name: "X" }, "input.invalid-value: `name` of the thing must be lower-case"],
    [{ ...good, name: "x".repeat(9) }, "input.too-large: `name` of the thing must not be longer than 8 characters"],
    [{ ...good, note: "\0" }, "input.invalid-value: `note` of the thing must not contain a NUL character"],
    [{ ...good, note: "\ud800" }, "input.invalid-value: `note` of the thing must be well-formed unicode"],
    [{ ...good, size: 1.5 }, "input.wrong-type: `size` of the thing must be a whole number"],
    [{ ...good, size: 10 }, "input.invalid-value: `size` of the thing must be between 1 and 9"],
    [{ ...good, on: 1 }, "input.wrong-type: `on` of the thing must be true or false"],
    [{ ...good, color: "green" }, "input.invalid-value: `color` of the thing must be `red`, `blue`"],
    [{ ...good, tags: ["a", "b", "c"] }, "input.too-large: `tags` of the thing must not have more than 2 entries"],
    [{ ...good, tags: ["a", 7] }, "input.wrong-type: `tags[1]` of the thing must be text"],
    [{ ...good, more: { A: 1 } }, "input.invalid-value: `more` of the thing has a key that is not a word"],
    [
      { ...good, more: JSON.parse('{"constructor":1}') as object },
      "input.forbidden-name: `more` of the thing has a key with a forbidden name",
    ],
    [{ ...good, kind: { is: "toString" } }, "input.invalid-value: `kind.is` of the thing must be `a` or `b`"],
    [{ ...good, kind: { is: "a", n: 1 } }, "input.unknown-field: `kind` of the thing has an unknown field `n`"],
  ];
  for (const [value, expected] of cases) assert.equal(messageOf(thing, value), expected);
});

test("W9: several faults come together, at most twenty", () => {
  const read = readShape(
    list(flag, 100),
    Array.from({ length: 50 }, () => 1),
    "the list",
  );
  assert.ok(!read.ok);
  assert.equal(read.problem.also?.length, 19);
});
