import assert from "node:assert/strict";
import { test } from "node:test";
import { inputInstant, outputInstant, renderAgo, renderBytes, renderDuration, renderUtc } from "#web/components/render-time.ts";

test("4.6: times read well at every size, in both languages, before and after now", () => {
  const ago = (seconds: number, language: "en" | "de" = "en"): string => renderAgo(1_000_000_000 - seconds * 1000, 1_000_000_000, language);
  assert.deepEqual(
    [0, 4, 5, 89, 90, 5399, 5400, 129_599, 129_600].map((seconds) => ago(seconds)),
    ["just now", "just now", "5s ago", "89s ago", "2m ago", "90m ago", "2h ago", "36h ago", "2d ago"],
  );
  assert.equal(ago(-300), "in 5m");
  assert.equal(ago(3, "de"), "gerade eben");
  assert.match(ago(300, "de"), /^vor 5 Min/);
  const took = (ms: number): string => renderDuration(ms, "en");
  assert.deepEqual([5, 999.7, 1500, 95_000, 7_500_000].map(took), ["5 ms", "1.0 s", "1.5 s", "1 min 35 s", "2 h 5 min"]);
  assert.deepEqual(
    [119_700, 5_399_600, 7_170_000].map(took),
    ["2 min 0 s", "1 h 30 min", "2 h 0 min"],
    "nothing has 60 of the smaller unit",
  );
  assert.equal(renderDuration(1500, "de"), "1,5 s");
  const size = (bytes: number): string => renderBytes(bytes, "en");
  assert.deepEqual([12, 2048, 3_145_728, 3_221_225_472].map(size), ["12 B", "2.0 KiB", "3.0 MiB", "3.0 GiB"]);
  assert.equal(renderBytes(1536, "de"), "1,5 KiB");
  assert.equal(renderUtc("2026-01-05T12:00:00.123Z"), "2026-01-05 12:00:00");
});

test("4.6: an instant goes into a field in local time and comes out the same", () => {
  const at = "2026-03-01T09:30:00.000Z";
  assert.equal(outputInstant(inputInstant(at)), at);
  assert.equal(outputInstant(""), undefined);
  assert.equal(outputInstant("nonsense"), undefined);
});
