/** The record in the cockpit: filters in the address and saved by name, one entry with its question, the chain's verdict. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { axeFindings, startCockpit, whyNoBrowser } from "#test/fixtures/cockpit.ts";

test("4.1: the record is filtered by its address, read entry by entry, and verified", { timeout: 300_000 }, async (t) => {
  const why = whyNoBrowser();
  if (why !== null) return t.skip(why);
  const { account, persona, instance } = await startCockpit(t);
  await account("ann", null, ["administrator"]);
  const page = await persona("ann", "/audit");
  const grid = page.getByRole("grid", { name: "Audit" });
  await grid
    .getByRole("row", { name: /session\.login/ })
    .first()
    .waitFor();

  // `/` leads to the first filter; the address follows what is typed and survives a reload.
  await page.getByRole("heading", { level: 1 }).focus();
  await page.keyboard.press("/");
  await page.keyboard.type("os:0");
  await page.waitForURL(/actor=os/);
  await page.getByRole("textbox", { name: "Actor" }).fill("");
  await page.getByRole("textbox", { name: "Action" }).fill("account.*");
  await page.waitForURL(/action=account\.\*/);
  await grid
    .getByRole("row", { name: /account\.create/ })
    .first()
    .waitFor();
  assert.equal(await grid.getByRole("row", { name: /session\./ }).count(), 0);
  await page.getByRole("combobox", { name: "Phase" }).selectOption("completed");
  await page.waitForURL(/phase=completed/);
  await page.reload();
  const row = grid.getByRole("row", { name: /account\.create.*completed/ });
  await row.waitFor();
  assert.equal(await grid.getByRole("row", { name: /opened/ }).count(), 0);
  assert.equal(await page.getByRole("textbox", { name: "Action" }).inputValue(), "account.*");

  await page.getByRole("button", { name: "Saved filters" }).click();
  await page.getByRole("textbox", { name: "Name of the filter" }).fill("new accounts");
  await page.getByRole("button", { name: "Save this filter" }).click();
  await page.getByRole("button", { name: "new accounts", exact: true }).waitFor();
  await page.keyboard.press("Escape");

  // With the keyboard: into the rows, open, narrow to its actor.
  await row.focus();
  await page.keyboard.press("Enter");
  const entry = page.getByRole("dialog", { name: /^Record \d+ of / });
  await entry.waitFor();
  await page.waitForURL(/record=/);
  assert.deepEqual(await axeFindings(page), []);
  await entry.getByRole("button", { name: "May the actor do this today?" }).click();
  const panel = page.getByRole("dialog", { name: "Why" });
  await panel.getByText("permitted", { exact: true }).waitFor();
  await panel.getByText("manager:administration:accounts:manage").first().waitFor();
  await page.keyboard.press("Escape");
  await panel.waitFor({ state: "detached" });
  await page.reload();
  await entry.waitFor();
  await entry.getByRole("button", { name: "Only this actor" }).click();
  await page.waitForURL(/\?actor=os/);
  await grid
    .getByRole("row", { name: /role\.create|account\.create|definitions|jobs/ })
    .first()
    .waitFor();

  await page.getByRole("textbox", { name: "Object" }).fill("nothing of this name");
  await page.getByText("Nothing matches these filters").waitFor();
  await page.getByRole("button", { name: "Clear filters" }).click();
  await grid.waitFor();
  await page.getByRole("button", { name: "Saved filters" }).click();
  await page.getByRole("button", { name: "new accounts", exact: true }).click();
  await page.waitForURL(/action=account/);

  // How the chain stands is told before anybody asks; all of it is looked at again for whoever does.
  const chain = page.getByRole("region", { name: "Chain" });
  const holds = chain.getByRole("status").getByText(/The chain holds: [\d,]+ records/);
  await holds.waitFor();
  for (const place of [/Newest\s*record [\d,]+, /, /Checkpoint\s*record [\d,]+, /, /Verified\s*up to record [\d,]+, .*; all of it /])
    await chain.getByText(place).first().waitFor();
  const { verified } = await instance.api.call<{ verified: { wholeAt: string } }>("GET", "/api/v1/audit/chain");
  const database = new DatabaseSync(instance.layout.manager.database, { timeout: 5000 });
  database.exec("update audit set actor = 'os:0' where action = 'session.login'");
  database.close();
  const asked = page.waitForResponse((response) => response.url().endsWith("/api/v1/audit/chain") && response.request().method() === "GET");
  await chain.getByRole("button", { name: "Verify all" }).click();
  await chain.getByText(/The chain does not hold: \d+ findings?/).waitFor();
  await chain
    .getByText(/does not have the content it was written with/)
    .first()
    .waitFor();
  assert.ok(((await (await asked).json()) as { verified: { wholeAt: string } }).verified.wholeAt > verified.wholeAt);
  assert.deepEqual(await axeFindings(page), []);
  const head = await instance.api.call<{ writer: string }>("GET", "/api/v1/audit/head");
  assert.ok(((await page.getByLabel("Head", { exact: true }).textContent()) ?? "").startsWith(`${head.writer} `));
});
