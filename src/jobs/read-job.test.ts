import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { Problem } from "#kernel/problem.ts";
import { readYamlDocuments } from "#kernel/yaml-documents.ts";
import { keysOf, readJob, readJobDocument, renderJobYaml } from "#jobs/read-job.ts";
import { isName, reservedInEnvironment, reservedName } from "#jobs/rules/names.ts";
import type { Job, Parameter } from "#jobs/rules/job.ts";
import { jobJsonSchema } from "#jobs/schema.ts";

const jobOf = (yaml: string): Job => {
  const documents = readYamlDocuments(yaml);
  assert.ok(documents.ok, documents.ok ? "" : documents.problem.message);
  const job = readJobDocument(documents.value[0] ?? assert.fail());
  assert.ok(job.ok, job.ok ? "" : JSON.stringify(job.problem));
  return job.value;
};
const problemsOf = (yaml: string): readonly Problem[] => {
  const documents = readYamlDocuments(yaml);
  assert.ok(documents.ok, documents.ok ? "" : documents.problem.message);
  const job = readJobDocument(documents.value[0] ?? assert.fail());
  assert.ok(!job.ok, "accepted");
  return [job.problem, ...(job.problem.also ?? [])];
};
const base = "kind: Job\npath: /a/b\nrun: { shell: id }\n";

void test("2.3: the job of the design's page", () => {
  const job = jobOf(`kind: Job
path: /examples/whoami
requires: operator
run: { shell: "id; echo hello from $BEHALF_RUN_ID" }
as: { credential: run_as_jobuser, loadProfile: false }
on: [local]
timeout: 10m
`);
  assert.deepEqual(job, {
    path: "/examples/whoami",
    title: null,
    requires: "operator",
    program: { kind: "shell", text: "id; echo hello from $BEHALF_RUN_ID" },
    as: { kind: "credential", key: "run_as_jobuser", loadProfile: false },
    on: ["local"],
    parameters: [],
    environment: {},
    workingDirectory: null,
    umask: null,
    timeoutMs: 600_000,
    graceMs: 10_000,
    outputBytes: 104_857_600,
    successExitCodes: [[0, 0]],
    restartable: false,
  });
  assert.deepEqual(keysOf(job), ["run_as_jobuser"]);
});

void test("2.3: every field, in its short and long form", () => {
  const job = jobOf(`${base}title: All of it
requires: administrator
on: node-1
parameters:
  MONTH: { type: integer, required: true, description: which }
  MODE: { allowed: [fast, slow], default: fast }
  NOTE:
environment: { A: 1, B: true, C: "x y", PATH: /opt/bin:/bin }
workingDirectory: /var/tmp
umask: "0027"
timeout: 1h30m
grace: 0s
outputLimit: 2GiB
successExitCodes: [0, "2,4..8", 5]
restartable: true
`);
  assert.deepEqual(
    [job.requires, job.on, job.umask, job.timeoutMs, job.graceMs, job.outputBytes, job.restartable],
    ["administrator", ["node-1"], "027", 5_400_000, 0, 2 ** 31, true],
  );
  assert.deepEqual(
    job.parameters.map(({ name, type, required, default: fallback, allowed }) => [name, type, required, fallback, allowed]),
    [
      ["MONTH", "integer", true, null, null],
      ["MODE", "string", false, "fast", ["fast", "slow"]],
      ["NOTE", "string", false, null, null],
    ],
  );
  assert.deepEqual(job.environment, { A: "1", B: "true", C: "x y", PATH: "/opt/bin:/bin" });
  assert.deepEqual(job.successExitCodes, [
    [0, 0],
    [2, 2],
    [4, 8],
  ]);
  assert.deepEqual(jobOf("kind: Job\npath: /a\nrun: { program: /bin/echo, args: [a, 'b c'] }\nas: agent\n").program, {
    kind: "program",
    file: "/bin/echo",
    args: ["a", "b c"],
  });
});

void test("bad input: each mistake has its code, line, column and the nearest name", () => {
  for (const [yaml, code, line, hint] of [
    [`${base}timeuot: 5m`, "input.unknown-field", 4, "`timeout`"],
    ["kind: Job\npath: /a\nrun: { shel: id }", "input.missing-field", 3, ""],
    ["kind: Job\nrun: { shell: id }", "input.missing-field", 1, ""],
    [`${base}timeout: 5`, "input.wrong-type", 4, "quotes"],
    [`${base}timeout: soon`, "input.invalid-value", 4, ""],
    [`${base}umask: 027`, "input.wrong-type", 4, "quotes"],
    [`${base}umask: "999"`, "input.invalid-value", 4, ""],
    [`${base}requires: operater`, "input.invalid-value", 4, "`operator`"],
    [`${base}as: submitter`, "general.not-supported", 4, "as: agent"],
    [`${base}as: { group: wheel }`, "general.not-supported", 4, "as: agent"],
    [`${base}as: { credential: k, user: root }`, "input.unknown-field", 4, ""],
    [`${base}uid: 0`, "input.unknown-field", 4, ""],
    [`${base}runAs: root`, "input.unknown-field", 4, ""],
    ["kind: Job\npath: /a/../b\nrun: { shell: id }", "jobs.invalid-path", 2, "/finance"],
    ["kind: Job\npath: /a\nrun: { rest: /url }\nas: { credential: k }", "input.missing-field", 3, ""],
    ["kind: Job\npath: /a\nrun: { shell: id, program: /bin/id }", "input.unknown-field", 3, ""],
    ["kind: Job\npath: /a\nrun: { program: ./x }", "input.invalid-value", 3, ""],
    [`${base}environment:\n  HOME: /x`, "input.forbidden-name", 5, ""],
    [`${base}environment: { 1A: x }`, "input.invalid-value", 4, ""],
    [`${base}environment: { A: [x] }`, "input.wrong-type", 4, ""],
    [`${base}parameters: { LD_PRELOAD: }`, "input.forbidden-name", 4, ""],
    [`${base}parameters: [{ name: A }, { name: A }]`, "input.invalid-value", 4, ""],
    [`${base}parameters: { A: { type: integer, default: x } }`, "input.invalid-value", 4, ""],
    [`${base}parameters: { A: { allowed: [x], default: y } }`, "input.invalid-value", 4, ""],
    [`${base}outputLimit: 5MB`, "input.invalid-value", 4, ""],
    [`${base}successExitCodes: 9..2`, "input.invalid-value", 4, ""],
    [`${base}successExitCodes: ["0", "300"]`, "input.invalid-value", 4, ""],
    [`${base}successExitCodes: 0..256`, "input.invalid-value", 4, ""],
    [`${base}successExitCodes: 300`, "input.invalid-value", 4, ""],
    [`${base}successExitCodes: ["${"1,".repeat(99)}1", 2]`, "input.invalid-value", 4, ""],
    [`${base}on: [a, a]`, "input.invalid-value", 4, ""],
    [`${base}on: ["b/c"]`, "input.invalid-value", 4, ""],
    [`${base}workingDirectory: tmp`, "input.invalid-value", 4, ""],
    [`${base}title: ${"x".repeat(201)}`, "input.invalid-value", 4, ""],
    [`${base}title: "a\\tb"`, "input.invalid-value", 4, ""],
    [`${base}environment: { A: ${"x".repeat(40_000)} }`, "input.invalid-value", 4, ""],
    ["- a list", "input.wrong-type", 1, ""],
    ["just text", "input.wrong-type", 1, ""],
  ] as const) {
    const found = problemsOf(yaml);
    const match = found.find((candidate) => candidate.code === code);
    assert.ok(match !== undefined, `${yaml.slice(0, 120)}: ${JSON.stringify(found)}`);
    assert.equal(match.at?.line, line, yaml.slice(0, 120));
    assert.ok((match.at?.column ?? 0) >= 1);
    assert.ok(match.hint.includes(hint), `${match.hint} lacks ${hint}`);
    assert.doesNotMatch(match.message, /\n/);
  }
  assert.ok(problemsOf(Array.from({ length: 60 }, (_, index) => `x${index}: 1`).join("\n")).length <= 21);
});

void test("W7: problems never repeat what was given for a value", () => {
  for (const yaml of [
    `${base}environment: { A: [hunter2] }`,
    `${base}environment: { A: "hunter2${"x".repeat(40_000)}" }`,
    `${base}parameters: { A: { type: integer, default: hunter2 } }`,
    `${base}as: hunter2`,
    `${base}timeout: hunter2`,
  ])
    assert.ok(!JSON.stringify(problemsOf(yaml)).includes("hunter2"), yaml.slice(0, 80));
});

void test("A3: only what starts a shell or a program can carry a credential; there is no other kind of job", () => {
  const schema = JSON.stringify(jobJsonSchema());
  assert.ok(schema.includes('"credential"') && !schema.includes('"uid"') && !schema.includes('"runAs"'));
  assert.ok(!readJob({ kind: "Job", path: "/a", as: { credential: "k" } }).ok);
  assert.ok(!readJob({ kind: "Job", path: "/a", run: {}, as: { credential: "k" } }).ok);
});

const text = (maxLength: number) =>
  fc
    .string({ unit: "grapheme", minLength: 1, maxLength })
    .filter((given) => !/[\p{Cc}\p{Cs}\u2028\u2029\uFFFE\uFFFF]/u.test(given) && given.trim() === given);
const script = fc
  .array(
    fc.constantFrom(
      "echo",
      " ",
      "\n",
      "\t",
      "'",
      '"',
      "#",
      ": ",
      "- ",
      "|",
      ">",
      "$X",
      "é",
      "\\",
      "%",
      "&",
      "*",
      "!",
      "{",
      "]",
      "~",
      "null",
      "0",
      "---",
      "\r",
      "\u0085",
      "\u2028",
    ),
    { minLength: 1, maxLength: 20 },
  )
  .map((parts) => parts.join(""))
  .filter((given) => !given.includes("\u0085"));
const parameterType = fc.constantFrom<Parameter["type"]>("string", "integer", "boolean");
const parameters: fc.Arbitrary<readonly Parameter[]> = fc.uniqueArray(
  fc
    .record({
      name: fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,10}$/).filter((name) => isName(name) && !reservedName(name)),
      type: parameterType,
      description: fc.option(text(20)),
      required: fc.boolean(),
    })
    .chain((given) => {
      const value = given.type === "integer" ? fc.integer().map(String) : given.type === "boolean" ? fc.boolean().map(String) : script;
      return fc
        .record({ default: given.required ? fc.constant(null) : fc.option(value), allowed: fc.constant(null) })
        .map((more) => ({ ...given, ...more }));
    }),
  { selector: ({ name }) => name, maxLength: 4 },
);
const anyJob: fc.Arbitrary<Job> = fc.record({
  path: fc
    .array(fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/), { minLength: 1, maxLength: 4 })
    .filter((segments) => !segments.some((segment) => segment === ""))
    .map((segments) => `/${segments.join("/")}`),
  title: fc.option(text(30)),
  requires: fc.constantFrom<Job["requires"]>("monitor", "configurator", "operator", "administrator", "auditor"),
  program: fc.oneof(
    fc.record({ kind: fc.constant("shell" as const), text: script }),
    fc.record({
      kind: fc.constant("program" as const),
      file: fc.constantFrom("/bin/echo", "id"),
      args: fc.array(script, { maxLength: 4 }),
    }),
  ),
  as: fc.oneof(
    fc.constant({ kind: "agent" as const }),
    fc.record({ kind: fc.constant("credential" as const), key: text(20), loadProfile: fc.boolean() }),
  ),
  on: fc.uniqueArray(fc.constantFrom("local", "ledger-1", "n.2"), { maxLength: 3 }),
  parameters,
  environment: fc.dictionary(
    fc.stringMatching(/^[A-Z][A-Z0-9_]{0,8}$/).filter((name) => !reservedInEnvironment(name)),
    script,
    { maxKeys: 4, noNullPrototype: true },
  ),
  workingDirectory: fc.option(text(20).map((name) => `/${name}`)),
  umask: fc.option(fc.stringMatching(/^[0-7]{3}$/)),
  timeoutMs: fc.option(fc.integer({ min: 1, max: 1_000_000_000 })),
  graceMs: fc.integer({ min: 0, max: 86_400_000 }),
  outputBytes: fc.integer({ min: 1024, max: 2 ** 31 }),
  successExitCodes: fc.oneof(
    fc.constant([[0, 0]] as const),
    fc.constant([
      [0, 1],
      [7, 7],
    ] as const),
  ),
  restartable: fc.boolean(),
});

void test("2.3: texts whose white space a block of lines would lose are shown in quotes", () => {
  for (const text of [" \n", "\n", "a\n \nb", " a\nb", "a\r\nb\n", "a\n\t"]) {
    const yaml = `kind: Job\npath: /a\nrun: { shell: ${JSON.stringify(text)} }\nas: agent\non: [local]\n`;
    const shown = jobOf(renderJobYaml(jobOf(yaml)));
    assert.deepEqual(shown.program, { kind: "shell", text });
  }
});

void test("2.3: applying what is shown changes nothing", () => {
  fc.assert(
    fc.property(anyJob, (job) => assert.deepEqual(JSON.parse(JSON.stringify(jobOf(renderJobYaml(job)))), JSON.parse(JSON.stringify(job)))),
    { numRuns: 300 },
  );
});
