/** A long list: drawn as the few rows that are seen, loaded page by page, counted as it is, walked with the keyboard to its end. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startCockpit, whyNoBrowser } from "#test/fixtures/cockpit.ts";
import { eventually } from "#test/fixtures/eventually.ts";
import { addManyRuns } from "#test/fixtures/many-runs.ts";

const many = 3000;

test("4.6: thousands of rows are drawn as those that are seen, and the count says what is loaded", { timeout: 300_000 }, async (t) => {
  const why = whyNoBrowser();
  if (why !== null) return t.skip(why);
  const { account, persona } = await startCockpit(t, { prepare: (layout) => addManyRuns(layout.manager.database, many) });
  await account("ann", null, ["administrator"]);
  const page = await persona("ann", "/runs");
  const grid = page.getByRole("grid", { name: "Runs" });
  await grid.getByRole("row").nth(1).waitFor();
  const drawn = (): Promise<number> => grid.getByRole("row").count();
  const status = async (): Promise<string> => (await page.getByRole("status").allTextContents()).find((text) => /rows?/.test(text)) ?? "";
  assert.ok((await drawn()) < 80, `${await drawn()} rows are drawn`);
  await eventually("the count says what is loaded", status, (text) => /rows loaded|of [\d,]+ rows/.test(text));

  await grid.getByRole("row").nth(1).focus();
  await eventually(
    "End leads to the last row",
    async () => {
      await page.keyboard.press("End");
      return status();
    },
    (text) => /^3,00\d rows$/.test(text),
  );
  await page.keyboard.press("End");
  await eventually(
    "the last row has the focus",
    async () => Number(await page.evaluate("document.activeElement?.getAttribute('aria-rowindex')")),
    // The head is row 1, and the example's own run is there too.
    (index) => index === many + 2,
  );
  assert.ok((await drawn()) < 80, `${await drawn()} rows are drawn at the end`);
  assert.equal(Number(await grid.getAttribute("aria-rowcount")), Number((await status()).replaceAll(/\D/g, "")) + 1);
  await page.keyboard.press("Home");
  await eventually(
    "the first row has the focus",
    async () => Number(await page.evaluate("document.activeElement?.getAttribute('aria-rowindex')")),
    (index) => index === 2,
  );
});
