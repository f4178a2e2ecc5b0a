import assert from "node:assert/strict";
import { test } from "node:test";
import { maxJsonDepth, readJsonBody } from "#manager/web/json-body.ts";

const codeOf = (text: string | Buffer): string => {
  const read = readJsonBody(Buffer.from(text as string));
  return read.ok ? "ok" : read.problem.code;
};

test("W9: a body nests at most 64 levels; brackets inside text do not count", () => {
  assert.equal(codeOf("[".repeat(maxJsonDepth) + "]".repeat(maxJsonDepth)), "ok");
  assert.equal(codeOf("[".repeat(maxJsonDepth + 1) + "]".repeat(maxJsonDepth + 1)), "input.too-deep");
  assert.equal(codeOf("[".repeat(500_000)), "input.too-deep");
  assert.equal(codeOf(JSON.stringify({ text: `${"[{".repeat(200)}\\"` })), "ok");
});

test("W9: names that reach into prototypes are refused at any depth, escaped or not", () => {
  for (const name of ["__proto__", "constructor", "prototype", "__pro\\u0074o__"]) {
    assert.equal(codeOf(`{"${name}":{}}`), "input.forbidden-name", name);
    assert.equal(codeOf(`{"a":[{"b":{"${name}":1}}]}`), "input.forbidden-name", name);
  }
  assert.equal(codeOf('{"a":"__proto__"}'), "ok");
});

test("W7: what cannot be parsed is a problem that repeats nothing of it", () => {
  const read = readJsonBody(Buffer.from('{"password":"hunter2'));
  assert.equal(read.ok, false);
  assert.equal(JSON.stringify(read).includes("hunter2"), false);
  assert.equal(codeOf(Buffer.from([0x22, 0xff, 0x22])), "input.malformed-json");
  assert.equal(codeOf(""), "ok");
});
