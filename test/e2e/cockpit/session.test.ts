/** The session's end: warned before it, renewed while somebody is there, gone with what was loaded when nobody is. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startCockpit, whyNoBrowser } from "#test/fixtures/cockpit.ts";

test("D27: who is there stays signed in without noticing, who is not is warned and then signed out", { timeout: 300_000 }, async (t) => {
  const why = whyNoBrowser();
  if (why !== null) return t.skip(why);
  // Shorter than the warning time: the warning is shown at once and stays until it is answered or too late.
  const { account, persona } = await startCockpit(t, { args: ["--session-idle", "30s"] });
  await account("ann", null, ["administrator"]);
  const page = await persona("ann", "/nodes");
  const endsAt = async (): Promise<number> =>
    Date.parse(
      (await page.evaluate(`fetch("/api/v1/sessions/current", {
        headers: { "x-behalf-background": "1", "x-behalf-csrf": JSON.parse(document.getElementById("start").textContent).session?.csrf ?? "" },
      }).then((answer) => answer.json()).then((body) => body.session.idleEndsAt)`)) as string,
    );
  await page.reload();
  await page.getByRole("row", { name: /local/ }).waitFor();
  const first = await endsAt();
  const warning = page.getByRole("dialog", { name: "Still there?" });
  await warning.waitFor();
  await warning.getByText(/signed out in \d+ seconds?/).waitFor();
  await warning.getByRole("button", { name: "Stay signed in" }).click();
  for (let later = first; later <= first; later = await endsAt()) await page.waitForTimeout(200);
  // Nobody answers now: streams and polling go on, and do not count.
  await page.getByText("Your session has ended").waitFor({ timeout: 300_000 });
  assert.equal(await page.getByRole("row", { name: /local/ }).count(), 0);
});
