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
