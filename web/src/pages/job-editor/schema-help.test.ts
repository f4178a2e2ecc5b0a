import assert from "node:assert/strict";
import { test } from "node:test";
import { jobJsonSchema } from "#jobs/schema.ts";
import { meaningAt, offersAt, placeAt, type JsonSchema } from "#web/pages/job-editor/schema-help.ts";

const schema = jobJsonSchema() as JsonSchema;
/** `|` is the cursor. */
const offered = (marked: string): readonly string[] => {
  const position = marked.indexOf("|");
  const text = marked.replace("|", "");
  const place = placeAt(text, position);
  const typed = text.slice(place.from, position);
  return offersAt(schema, place)
    .map(({ label }) => label)
    .filter((label) => label.startsWith(typed));
};

test("4.1: fields and values are offered where they may stand, also while the text is not whole", () => {
  assert.ok(offered("kind: Job\npa|").includes("path"));
  assert.ok(offered("|").includes("kind"));
  assert.deepEqual(offered("kind: Job\nrequires: op|"), ["operator"]);
  assert.deepEqual(offered("kind: Job\nrestartable: |"), ["true", "false"]);
  assert.deepEqual(offered("kind: Job\nrun:\n  |").toSorted(), ["args", "program", "shell"]);
  assert.deepEqual(offered("kind: Job\nas:\n  cre|"), ["credential"]);
  assert.deepEqual(offered("as: { lo|"), ["loadProfile"]);
  assert.ok(offered("parameters:\n  - name: X\n    req|").includes("required"));
  assert.deepEqual(offered("parameters:\n  - name: X\n    type: in|"), ["integer"]);
  assert.ok(offered("parameters:\n  - na|").includes("name"));
  assert.ok(!offered("parameters:\n  - name: X\nti|").includes("type"), "back at the first level");
  assert.ok(offered("parameters:\n  - name: X\nti|").includes("title"));
});

test("4.1: every field of a job says what it means", () => {
  for (const [name, field] of Object.entries(schema.properties ?? {})) assert.ok((field.description ?? "") !== "", name);
  assert.match(meaningAt(schema, "kind: Job\ntimeout: 10m\n", 12) ?? "", /time/);
  assert.equal(meaningAt(schema, "kind: Job\ntimeout: 10m\n", 20), null, "a value is not the field");
});
