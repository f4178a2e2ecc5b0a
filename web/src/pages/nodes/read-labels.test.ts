import assert from "node:assert/strict";
import { test } from "node:test";
import { readLabels } from "#web/pages/nodes/read-labels.ts";

test("4.1: labels are one name=value a line; a line that is none is named", () => {
  assert.deepEqual(readLabels(""), { ok: true, labels: {} });
  assert.deepEqual(readLabels(" site = east \n\nrole=a=b\nempty="), { ok: true, labels: { site: "east", role: "a=b", empty: "" } });
  assert.deepEqual(readLabels("site=east\nnonsense"), { ok: false, line: 2 });
  assert.deepEqual(readLabels("=x"), { ok: false, line: 1 });
});
