/** The page where colours are the reader's own, and on paper. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { whyNoBrowser } from "#test/fixtures/cockpit.ts";
import { startJobs } from "#test/fixtures/cockpit-jobs.ts";

test("4.6: a contrast theme shows which part is chosen; a run prints whole and without the frame", { timeout: 300_000 }, async (t) => {
  const why = whyNoBrowser();
  if (why !== null) return t.skip(why);
  const { account, persona, instance } = await startJobs(t);
  await account("ann", null, ["administrator"]);
  const page = await persona("ann", "/access/assignments");
  await page.getByRole("checkbox", { name: "ann holds administrator" }).waitFor();
  await page.emulateMedia({ forcedColors: "active" });
  const chosen = page.getByRole("navigation", { name: "Parts of access" }).getByRole("link", { name: "Assignments" });
  assert.notEqual(await chosen.evaluate((link) => link.ownerDocument.defaultView?.getComputedStyle(link).outlineStyle), "none");
  await page.emulateMedia({ forcedColors: "none" });

  const run = await instance.json<{ runs: readonly { id: string }[] }>(["run", "/examples/plain", "--wait"]);
  await page.goto(`${instance.url}/runs/${run.runs[0]?.id}`);
  await page.getByRole("region", { name: "Audit" }).waitFor();
  await page.emulateMedia({ media: "print" });
  await page.getByRole("navigation").waitFor({ state: "hidden" });
  assert.equal(await page.getByRole("button", { name: "Run again" }).count(), 0);
  await page.getByRole("region", { name: "On whose behalf" }).getByText("controller:runs:create").first().waitFor();
  // Nothing scrolls inside: what is below is on the next sheet.
  const [whole, inside] = (await page.evaluate(
    "[document.documentElement.scrollHeight - innerHeight, document.querySelector('main').scrollHeight - document.querySelector('main').clientHeight]",
  )) as [number, number];
  assert.ok(whole > 0, "it is longer than the window");
  assert.equal(inside, 0);
});
