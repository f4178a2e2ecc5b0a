/** The manager goes and comes back: what was loaded stays and is said to be old, and everything goes on by itself. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { axeFindings, startCockpit, whyNoBrowser } from "#test/fixtures/cockpit.ts";

test("4.6: without the manager the page says so, keeps what it showed, and recovers by itself", { timeout: 300_000 }, async (t) => {
  const why = whyNoBrowser();
  if (why !== null) return t.skip(why);
  const { account, persona, stop, start, instance } = await startCockpit(t);
  await account("ann", null, ["administrator"]);
  const page = await persona("ann", "/nodes/local");
  await page.getByRole("status").getByText(/Live$/).waitFor();
  await page.getByRole("region", { name: "Credential keys" }).waitFor();

  await stop();
  await page.getByRole("status").getByText("Offline").waitFor();
  await page
    .getByText(/^Shown as of .* could not be loaded again$/)
    .first()
    .waitFor({ timeout: 300_000 });
  await page.getByRole("region", { name: "Credential keys" }).getByText("example").waitFor();
  assert.deepEqual(await axeFindings(page), []);
  // An act that cannot reach the manager says so and loses nothing.
  await page.getByRole("button", { name: "Revoke" }).click();
  const confirm = page.getByRole("dialog", { name: "Revoke node local?" });
  await confirm.getByRole("textbox").fill("local");
  await page.keyboard.press("Enter");
  await confirm.getByRole("alert").getByText("the manager cannot be reached").waitFor();
  assert.equal(await confirm.getByRole("textbox").inputValue(), "local");
  await page.keyboard.press("Escape");
  // So does a part whose code has not come: the page under it stays, and what is typed on it.
  const failed = page.waitForEvent("requestfailed", { predicate: (request) => request.url().includes("/palette-") });
  await page.keyboard.press("ControlOrMeta+k");
  await failed;
  // Two frames: what came of it has been drawn.
  await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
  assert.equal(await page.getByRole("region", { name: "Credential keys" }).count(), 1);
  assert.equal(await page.getByRole("navigation", { name: "Pages" }).count(), 1);
  // A page whose code has not come yet says so too, and is there as soon as the manager is.
  await page.getByRole("link", { name: "Audit", exact: true }).click();
  await page.getByRole("heading", { level: 1, name: "The manager cannot be reached" }).waitFor();

  await start();
  await page.getByRole("heading", { level: 1, name: "Audit" }).waitFor({ timeout: 300_000 });
  // It is tried again, with its looks.
  await page.keyboard.press("ControlOrMeta+k");
  await page.getByRole("combobox", { name: "Go to or do" }).waitFor();
  await page.keyboard.press("Escape");
  await page.goto(`${instance.url}/nodes/local`);
  await page.getByRole("status").getByText(/Live$/).waitFor({ timeout: 300_000 });
  await page
    .getByText(/^Shown as of/)
    .first()
    .waitFor({ state: "detached", timeout: 60_000 });
  assert.equal(new URL(page.url()).pathname, "/nodes/local");
  assert.equal((await instance.api.call<{ state: string }>("GET", "/api/v1/nodes/local")).state, "active");
});
