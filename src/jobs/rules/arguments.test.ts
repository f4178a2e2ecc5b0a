import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { longestValue, readValue, resolveArguments } from "#jobs/rules/arguments.ts";
import type { Parameter } from "#jobs/rules/job.ts";
import { isName, reservedInEnvironment, reservedName } from "#jobs/rules/names.ts";
import { parseExitCodes, parseSize, renderExitCodes, renderSize } from "#jobs/rules/quantities.ts";

const parameter = (name: string, more: Partial<Parameter> = {}): Parameter => ({
  name,
  type: "string",
  description: null,
  required: false,
  default: null,
  allowed: null,
  ...more,
});
const codes = (parameters: readonly Parameter[], given: Record<string, string>): readonly string[] => {
  const result = resolveArguments(parameters, given);
  return result.ok ? [] : [result.problem.code, ...(result.problem.also ?? []).map(({ code }) => code)];
};
const values = (parameters: readonly Parameter[], given: Record<string, string>): Readonly<Record<string, string>> => {
  const result = resolveArguments(parameters, given);
  assert.ok(result.ok, result.ok ? "" : result.problem.message);
  return result.value;
};

void test("2.3: defaults fill in, required ones must be given, unknown ones are refused with the nearest name", () => {
  const declared = [
    parameter("MONTH", { required: true }),
    parameter("MODE", { default: "fast", allowed: ["fast", "slow"] }),
    parameter("NOTE"),
  ];
  assert.deepEqual(values(declared, { MONTH: "3" }), { MONTH: "3", MODE: "fast" });
  assert.deepEqual(codes(declared, {}), ["jobs.missing-argument"]);
  assert.deepEqual(codes(declared, { MONHT: "3", MODE: "never" }), [
    "jobs.unknown-argument",
    "jobs.missing-argument",
    "jobs.invalid-argument",
  ]);
  const result = resolveArguments(declared, { MONHT: "3", MONTH: "3" });
  assert.ok(!result.ok && result.problem.hint.includes("`MONTH`"));
});

void test("2.3: values must be of their type and get one spelling", () => {
  const read = (type: Parameter["type"], text: string): string | null => {
    const found = readValue(type, text);
    return "value" in found ? found.value : null;
  };
  assert.deepEqual(
    ["7", "+7", "-0", "007", "7.0", "", " 7", "0x7", "9223372036854775807", "9223372036854775808"].map((text) => read("integer", text)),
    ["7", "7", "0", "7", null, null, null, null, "9223372036854775807", null],
  );
  assert.deepEqual(
    ["1.5", "1e3", ".5", "1.", "NaN", "Infinity", "1e999", "1,5", "0x1"].map((text) => read("number", text)),
    ["1.5", "1e3", ".5", "1.", null, null, null, null, null],
  );
  assert.deepEqual(
    ["true", "FALSE", "yes", "1", ""].map((text) => read("boolean", text)),
    ["true", "false", null, null, null],
  );
  assert.deepEqual(
    ["", "a\nb", "$(id)", "a\u0000b", "\ud800", "x".repeat(longestValue), "x".repeat(longestValue + 1)].map(
      (text) => read("string", text)?.length ?? null,
    ),
    [0, 3, 5, null, null, longestValue, null],
  );
});

void test("W7: no problem repeats a value", () => {
  const declared = [parameter("A", { type: "integer" }), parameter("B", { allowed: ["x"] })];
  const result = resolveArguments(declared, { A: "hunter2", B: "hunter2" });
  assert.ok(!result.ok && !JSON.stringify(result.problem).includes("hunter2"));
});

void test("2.3: arguments together are bounded; names of JavaScript's objects are no arguments", () => {
  const many = Array.from({ length: 10 }, (_, index) => parameter(`P${index}`));
  assert.deepEqual(codes(many, Object.fromEntries(many.map(({ name }) => [name, "x".repeat(longestValue)]))), ["jobs.invalid-argument"]);
  assert.deepEqual(values([parameter("toString"), parameter("valueOf", { default: "d" })], {}), { valueOf: "d" });
  assert.deepEqual(codes([parameter("A")], JSON.parse('{"__proto__": "x"}') as Record<string, string>), ["jobs.unknown-argument"]);
});

void test("O6: reserved names", () => {
  for (const name of [
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "PATH",
    "TMPDIR",
    "PWD",
    "OLDPWD",
    "IFS",
    "ENV",
    "BASH_ENV",
    "LD_PRELOAD",
    "ld_preload",
    "BEHALF_RUN_ID",
    "behalf_x",
    "NODE_OPTIONS",
    "npm_config_x",
    "SUDO_UID",
    "PYTHONPATH",
    "PERL5OPT",
    "BASH_FUNC_x",
    "_",
  ])
    assert.ok(reservedName(name), name);
  for (const name of ["MONTH", "user", "path", "HOMEPAGE", "LOAD", "X"]) assert.ok(!reservedName(name), name);
  for (const name of ["HOME", "USER", "BEHALF_ARG_X", "TMPDIR", "PWD"]) assert.ok(reservedInEnvironment(name), name);
  for (const name of ["PATH", "NODE_ENV", "LANG"]) assert.ok(!reservedInEnvironment(name), name);
  assert.deepEqual(["A", "_a1", "1a", "a-b", "", "é", "A=B", "a b", "a".repeat(101)].map(isName), [
    true,
    true,
    false,
    false,
    false,
    false,
    false,
    false,
    false,
  ]);
});

void test("2.3: whatever resolves is declared, of its type and allowed; resolving again changes nothing", () => {
  const declared = fc.uniqueArray(
    fc
      .record({
        name: fc.constantFrom("A", "B", "C", "D"),
        type: fc.constantFrom<Parameter["type"]>("string", "integer", "number", "boolean"),
        required: fc.boolean(),
      })
      .map((given) => parameter(given.name, given)),
    { selector: ({ name }) => name },
  );
  const given = fc.dictionary(
    fc.constantFrom("A", "B", "C", "D", "E"),
    fc.oneof(fc.string(), fc.integer().map(String), fc.constantFrom("true", "1.5", "+3", "00")),
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(declared, given, (parameters, values1) => {
      const result = resolveArguments(parameters, values1);
      if (!result.ok) return;
      for (const [name, value] of Object.entries(result.value)) {
        const found = parameters.find((candidate) => candidate.name === name);
        assert.ok(found !== undefined);
        assert.deepEqual(readValue(found.type, value), { value });
      }
      for (const { name, required } of parameters) assert.ok(!required || name in result.value);
      assert.deepEqual(resolveArguments(parameters, result.value), result);
    }),
  );
});

void test("2.3: exit codes and sizes are read and shown", () => {
  assert.deepEqual(parseExitCodes("0,2,4..8"), [
    [0, 0],
    [2, 2],
    [4, 8],
  ]);
  assert.deepEqual(parseExitCodes("5, 3..4,1,4..6"), [
    [1, 1],
    [3, 6],
  ]);
  for (const text of ["", "a", "5..3", "-1", "0,,1", "256", "0..256", "300", "1.5"]) assert.equal(parseExitCodes(text), null, text);
  assert.deepEqual(["1KiB", "100MiB", "2GiB", "5B", "5", "1MB", "1.5KiB", "-1B"].map(parseSize), [
    1024,
    104857600,
    2147483648,
    5,
    null,
    null,
    null,
    null,
  ]);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(235), fc.nat(20)), { minLength: 1, maxLength: 8 }), (pairs) => {
      const parsed = parseExitCodes(pairs.map(([low, more]) => `${low}..${low + more}`).join(","));
      assert.ok(parsed !== null);
      assert.deepEqual(parseExitCodes(renderExitCodes(parsed)), parsed);
      for (const [low, more] of pairs) assert.ok(parsed.some(([from, to]) => from <= low && to >= low + more));
    }),
  );
  fc.assert(fc.property(fc.nat(2 ** 31), (bytes) => assert.equal(parseSize(renderSize(bytes)), bytes)));
});
