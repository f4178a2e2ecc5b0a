import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { renderText, type Text } from "#web/i18n/text.ts";

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

test("4.6: no text stands twice in the catalogue: what is one thing has one word in each language", async () => {
  const folder = join(import.meta.dirname, "texts");
  const places = new Map<string, string[]>();
  for (const file of readdirSync(folder)) {
    const groups = (await import(join(folder, file))) as Record<string, Record<string, Text>>;
    for (const [group, texts] of Object.entries(groups))
      for (const [key, text] of Object.entries(texts)) {
        const words = JSON.stringify(text);
        places.set(words, [...(places.get(words) ?? []), `${group}.${key}`]);
      }
  }
  assert.ok(places.size > 600, "the catalogue was read");
  assert.deepEqual(
    [...places.values()].filter((found) => found.length > 1),
    [],
  );
});
