import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { ProblemError } from "#kernel/problem.ts";
import { canonicalJson, isCanonicalJson } from "#proof/canonical-json.ts";

const refuses = (value: unknown): void => {
  assert.throws(
    () => canonicalJson(value),
    (error) => error instanceof ProblemError && error.problem.code === "input.invalid-value",
  );
};

test("S1: canonical JSON follows the examples of RFC 8785", () => {
  assert.equal(
    canonicalJson({
      numbers: [Number("333333333.33333329"), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '\u20ac$\u000f\nA\'B"\\\\"/',
      literals: [null, true, false],
    }),
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
  const keys = {
    "\u20ac": "Euro Sign",
    "\r": "Carriage Return",
    "\ufb33": "Hebrew Letter Dalet With Dagesh",
    "1": "One",
    "\ud83d\ude00": "Emoji: Grinning Face",
    "\u0080": "Control",
    "\u00f6": "Latin Small Letter O With Diaeresis",
  };
  assert.deepEqual(Object.keys(JSON.parse(canonicalJson(keys)) as object), [
    "1",
    "\r",
    "\u0080",
    "\u00f6",
    "\u20ac",
    "\ud83d\ude00",
    "\ufb33",
  ]);
  assert.equal(canonicalJson(-0), "0");
  assert.equal(canonicalJson({ b: undefined, a: 1 }), '{"a":1}');
});

test("S1: what has no canonical form is refused", () => {
  for (const value of [
    Number.NaN,
    Infinity,
    -Infinity,
    "\ud800",
    { "\udc00": 1 },
    [undefined],
    1n,
    new Date(),
    new Map(),
    () => 1,
    Symbol("x"),
    undefined,
  ])
    refuses(value);
  let deep: unknown = 1;
  for (let level = 0; level < 70; level += 1) deep = [deep];
  refuses(deep);
});

/** RFC 8785 word by word: names by their UTF-16 units, everything else as ECMAScript renders it. */
const byTheBook = (value: unknown): string => {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(byTheBook).join(",")}]`;
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([name, item]) => `${JSON.stringify(name)}:${byTheBook(item)}`).join(",")}}`;
};

test("S1: canonical text is that of RFC 8785 for any names, also those that an engine lists or sets in ways of its own", () => {
  const names = fc.oneof(
    fc.string(),
    fc.constantFrom("10", "9", "0", "00", "1a", "__proto__", "constructor", "toJSON", "\ufb33", "\u{1f600}", "\\ud800"),
  );
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.string({ unit: "grapheme" }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(null, true, false, -0),
      fc.array(tie("value"), { maxLength: 4 }),
      // As parsed text has them: `__proto__` is a name like any other there.
      fc
        .uniqueArray(fc.tuple(names, tie("value")), { maxLength: 5, selector: ([name]) => name })
        .map(
          (entries) =>
            JSON.parse(`{${entries.map(([name, item]) => `${JSON.stringify(name)}:${JSON.stringify(item)}`).join(",")}}`) as unknown,
        ),
    ),
  }));
  fc.assert(
    fc.property(value, (one) => {
      assert.equal(canonicalJson(one), byTheBook(one));
    }),
    { numRuns: 2000 },
  );
});

test("S1: canonical text is a fixed point and does not depend on the order of keys", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const text = canonicalJson(value);
      assert.equal(canonicalJson(JSON.parse(text)), text);
      if (typeof value === "object" && value !== null && !Array.isArray(value))
        assert.equal(canonicalJson(Object.fromEntries(Object.entries(value).toReversed())), text);
    }),
    { numRuns: 200 },
  );
});

test("S1: a text is canonical exactly where it equals the canonical text of what it means", () => {
  const compared = (text: string, value: unknown): boolean => {
    try {
      return canonicalJson(value) === text;
    } catch {
      return false;
    }
  };
  const agree = (text: string): void => {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return;
    }
    assert.equal(isCanonicalJson(text, value), compared(text, value), text);
  };
  for (const text of [
    '{"10":1,"9":2}',
    '{"9":2,"10":1}',
    '{"a":1,"a":1}',
    '{"b":1,"a":2}',
    '{"__proto__":1,"a":2}',
    '{"a":{"c":1,"b":2}}',
    '[{"b":1,"a":2}]',
    '"\\ud800"',
    '"\\\\ud800"',
    '"\\u20ac"',
    '"\u20ac"',
    "-0",
    "0",
    "1e3",
    "1000",
    " 1",
    '{"\ufb33":1,"\ud83d\ude00":2}',
    '{"\ud83d\ude00":1,"\ufb33":2}',
    `${"[".repeat(64)}${"]".repeat(64)}`,
    `${"[".repeat(65)}${"]".repeat(65)}`,
  ])
    agree(text);
  assert.equal(isCanonicalJson('{"a":[1,{"b":"x"}],"c":null}', JSON.parse('{"a":[1,{"b":"x"}],"c":null}')), true);
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), fc.nat(), (value, other, at) => {
      const canonical = canonicalJson(value);
      agree(canonical);
      agree(JSON.stringify(value));
      agree(JSON.stringify({ z: value, a: other }));
      agree(JSON.stringify(value, null, 1));
      // One character of it altered.
      const index = at % canonical.length;
      agree(`${canonical.slice(0, index)}${String.fromCharCode(canonical.charCodeAt(index) ^ 1)}${canonical.slice(index + 1)}`);
    }),
    { numRuns: 2000 },
  );
});
