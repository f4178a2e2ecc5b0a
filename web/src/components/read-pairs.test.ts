import assert from "node:assert/strict";
import { test } from "node:test";
import { readPairs } from "#web/components/read-pairs.ts";

test("4.1: labels and names are one name=value a line; a line that is none is named", () => {
  assert.deepEqual(readPairs(""), { ok: true, pairs: {} });
  assert.deepEqual(readPairs(" site = east \n\nrole=a=b\nempty="), { ok: true, pairs: { site: "east", role: "a=b", empty: "" } });
  assert.deepEqual(readPairs("site=east\nnonsense"), { ok: false, line: 2 });
  assert.deepEqual(readPairs("=x"), { ok: false, line: 1 });
});
