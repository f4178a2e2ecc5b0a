import assert from "node:assert/strict";
import { test } from "node:test";
import { renderText } from "#web/i18n/text.ts";

test("4.6: values stand where their names stood, numbers as the language writes them, plurals as it counts", () => {
  const rows = { en: { one: "{count} row", other: "{count} rows" }, de: { one: "{count} Zeile", other: "{count} Zeilen" } };
  assert.deepEqual(
    [0, 1, 2, 12_345].map((count) => renderText("en", rows, { count })),
    ["0 rows", "1 row", "2 rows", "12,345 rows"],
  );
  assert.deepEqual(
    [1, 12_345].map((count) => renderText("de", rows, { count })),
    ["1 Zeile", "12.345 Zeilen"],
  );
  assert.equal(renderText("en", { en: "for {name} on {node}", de: "" }, { name: "{node}", node: "$&" }), "for {node} on $&");
});
