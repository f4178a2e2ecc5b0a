/** A double click does once what a click does, and the browser's Back leads to where one was, dialogs counted as steps. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "#test/fixtures/eventually.ts";
import { clickTwice, whyNoBrowser } from "#test/fixtures/cockpit.ts";
import { startJobs } from "#test/fixtures/cockpit-jobs.ts";

test("4.6: a double click acts once; Back closes a dialog of the address and leads past what is done", { timeout: 300_000 }, async (t) => {
  const why = whyNoBrowser();
  if (why !== null) return t.skip(why);
  const { account, persona, instance } = await startJobs(t);
  await account("ann", null, ["administrator"]);
  const acts = async (action: string): Promise<number> =>
    (await instance.api.call<{ items: unknown[] }>("GET", `/api/v1/audit?action=${action}&phase=opened`)).items.length;
  const page = await persona("ann", "/nodes");
  const path = (): string => new URL(page.url()).pathname + new URL(page.url()).search;

  // Twice as fast as anything is drawn: both halves come before the button could be disabled.
  await page.getByRole("button", { name: "Invite a node" }).click();
  await page.getByRole("textbox", { name: "Name of the node" }).fill("ledger-1");
  const invited = await acts("nodes.invite");
  await clickTwice(page.getByRole("button", { name: "Make the invitation" }));
  await page.getByRole("dialog", { name: "Invitation for ledger-1" }).waitFor();
  assert.equal(await acts("nodes.invite"), invited + 1);
  await page.getByRole("button", { name: "Done" }).click();
  await eventually("the dialog's step is gone", path, (now) => now === "/nodes");

  // A dialog of the address is a step: Back closes it, and a run stands in its place.
  await page.getByRole("link", { name: "Jobs", exact: true }).click();
  const list = page.getByRole("grid", { name: "Jobs" });
  const runPlain = list.getByRole("row", { name: /plain/ }).getByRole("button", { name: "Run" });
  await runPlain.click();
  await page.getByRole("dialog").waitFor();
  await page.goBack();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.equal(path(), "/jobs");
  await runPlain.click();
  const before = await acts("runs.create");
  await clickTwice(page.getByRole("dialog").getByRole("button", { name: "Run", exact: true }));
  await page.waitForURL(/\/runs\/run_/);
  assert.equal(await acts("runs.create"), before + 1);
  await page.goBack();
  await list.waitFor();
  assert.equal(path(), "/jobs");

  // What lies above a page goes with it.
  await page.getByRole("button", { name: /^Account / }).click();
  await page.getByRole("menu").waitFor();
  await page.goBack();
  await page.getByRole("menu").waitFor({ state: "detached" });
  await page.goForward();
  await list.waitFor();
  await page.keyboard.press("ControlOrMeta+k");
  await page.getByRole("combobox").waitFor();
  await page.goBack();
  await page.getByRole("combobox").waitFor({ state: "detached" });
});

test("4.6: a row of a table is copied as one line with tabs", { timeout: 300_000 }, async (t) => {
  const why = whyNoBrowser();
  if (why !== null) return t.skip(why);
  const { account, persona } = await startJobs(t);
  await account("ann", null, ["administrator"]);
  const page = await persona("ann", "/jobs");
  const row = page.getByRole("grid", { name: "Jobs" }).getByRole("row", { name: /close/ });
  await row.waitFor();
  const copied = await row.evaluate((element) => {
    const range = element.ownerDocument.createRange();
    range.selectNodeContents(element);
    const selection = element.ownerDocument.defaultView?.getSelection();
    selection?.removeAllRanges();
    selection?.addRange(range);
    return String(selection);
  });
  assert.match(copied, /^\/examples\/books\/close\tClose the books of a month\t[^\n]+$/);
});
