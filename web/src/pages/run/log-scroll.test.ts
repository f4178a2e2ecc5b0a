import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { contentHeight, isScaled, lastTop, mostPixels, readLines, renderLines, scrollOf, topAt } from "#web/pages/run/log-scroll.ts";

test("4.3: every line of a log of any length can be reached, and the bar says where one is", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 50_000_000 }),
      fc.integer({ min: 40, max: 3000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (total, viewport, part) => {
        const facts = { total, viewport };
        assert.ok(contentHeight(facts) <= Math.max(mostPixels, viewport));
        const top = part * lastTop(facts);
        assert.ok(Math.abs(topAt(scrollOf(top, facts), facts) - top) < 0.001);
        assert.equal(topAt(contentHeight(facts) - viewport, facts), lastTop(facts));
      },
    ),
  );
  const small = { total: 1000, viewport: 400 };
  assert.equal(isScaled(small), false);
  assert.equal(topAt(200, small), 10, "below the limit a pixel is a pixel");
  assert.equal(isScaled({ total: 1_000_000, viewport: 400 }), true);
});

test("4.3: a range of lines in an address is read in either order, and nonsense is none", () => {
  assert.deepEqual(readLines("5"), { from: 5, to: 5 });
  assert.deepEqual(readLines("9-5"), { from: 5, to: 9 });
  for (const bad of [undefined, "", "0", "a", "1-", "-1", "1-2-3", "0-4", "1e3"]) assert.equal(readLines(bad), null);
  assert.equal(renderLines(9, 5), "5-9");
  assert.equal(renderLines(7, 7), "7");
});
