import assert from "node:assert/strict";
import { test } from "node:test";
import { identityOf, newJobText, readFields, writeField, writeForm, type JobFields } from "#web/pages/job-editor/job-text.ts";

const text = `# who closes the books
kind: Job
path: /finance/close # monthly
requires: operator
run: { shell: "id; echo closed" }
as: { credential: run_as_ledger }
on: [ledger-1, ledger-2]
parameters:
  # which month
  - { name: MONTH, type: integer, required: true }
  - { name: MODE, allowed: [dry, full], default: dry }
unknownToTheForm: stays
`;

const fields = (of: string): JobFields => {
  const read = readFields(of);
  assert.ok(read.ok, JSON.stringify(read));
  return read.fields;
};

test("4.1: the form reads the text", () => {
  const { parameters, ...rest } = fields(text);
  assert.equal(rest.path, "/finance/close");
  assert.deepEqual([rest.as, rest.credential, identityOf(rest)], ["credential", "run_as_ledger", "credential run_as_ledger"]);
  assert.deepEqual(rest.on, ["ledger-1", "ledger-2"]);
  assert.deepEqual(
    parameters?.map(({ name, type, required, allowed, default: standard }) => [name, type, required, allowed, standard]),
    [
      ["MONTH", "integer", true, "", ""],
      ["MODE", "string", false, "dry, full", "dry"],
    ],
  );
});

test("4.1: a field that is written changes that field, and comments and what the form does not show stay", () => {
  const titled = writeForm(text, fields(text), "title", "Close the books");
  assert.equal(fields(titled).title, "Close the books");
  for (const kept of ["# who closes the books", "# monthly", "# which month", "unknownToTheForm: stays"])
    assert.ok(titled.includes(kept), kept);
  const plain = writeForm(titled, fields(titled), "as", "agent");
  assert.equal(identityOf(fields(plain)), "agent");
  assert.ok(plain.includes("as: agent"));
  const without = writeForm(plain, fields(plain), "title", " ");
  assert.ok(!without.includes("title"));
  const script = writeForm(without, fields(without), "shell", "one\n  two: # no comment\nthree\n");
  assert.equal(fields(script).shell, "one\n  two: # no comment\nthree\n");
  const program = writeForm(script, fields(script), "kind", "program");
  assert.deepEqual([fields(program).kind, program.includes("shell")], ["program", false]);
});

test("4.1: every field comes back from the text as it was written", () => {
  const given: Partial<JobFields> = {
    title: 'quotes " and: colons',
    requires: "administrator",
    environment: "A=1\nB=x=y",
    workingDirectory: "/srv/data",
    umask: "027",
    timeout: "1h30m",
    grace: "5s",
    outputLimit: "10MiB",
    successExitCodes: "0,2,4..8",
    restartable: true,
    on: ["one"],
    parameters: [{ name: "X", type: "boolean", required: false, default: "true", allowed: "", description: "what: it is" }],
  };
  let now = newJobText("/new/job");
  for (const [name, value] of Object.entries(given)) now = writeForm(now, fields(now), name as keyof JobFields, value as never);
  const after = fields(now);
  for (const [name, value] of Object.entries(given)) assert.deepEqual(after[name as keyof JobFields], value, `${name}\n${now}`);
  assert.equal(after.shell, "id\n");
});

test("4.1: what is no YAML is told by line, and the form does not touch it", () => {
  const broken = "kind: Job\npath: [\nrun: x\n";
  const read = readFields(broken);
  assert.ok(!read.ok && (read.problems[0]?.line ?? 0) > 1);
  assert.equal(writeField(broken, ["title"], "x"), broken);
  assert.ok(!readFields("- a list").ok);
});
