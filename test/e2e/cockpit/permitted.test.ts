/** What an account may not do: hidden where it may not know, disabled with the reason where it may not act, and explained. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "#test/fixtures/eventually.ts";
import { axeFindings, startCockpit, whyNoBrowser } from "#test/fixtures/cockpit.ts";

const job = (path: string): string => `kind: Job\npath: ${path}\nrun: { shell: "true" }\nas: { credential: example }\non: [local]\n`;

test("4.5: what is not permitted is disabled with its reason, explained, and never a dead end", { timeout: 300_000 }, async (t) => {
  const why = whyNoBrowser();
  if (why !== null) return t.skip(why);
  const { account, persona, instance } = await startCockpit(t);
  await instance.api.call("POST", "/api/v1/definitions", { documents: [job("/finance/close"), job("/sales/report")].join("---\n") });
  for (const path of ["/finance/close", "/sales/report", "/sales/report"])
    await instance.api.call("POST", "/api/v1/submissions", { job: path });
  await account("viewer", { permissions: ["manager:nodes:view", "manager:explain:others"] });
  await account("clerk", { permissions: ["controller:runs:view", "controller:jobs:view"], folders: ["/sales/*"] });

  await t.test("4.5: a refused action tells why, decided by what, what would flip it, and who can", async () => {
    const page = await persona("viewer", "/nodes");
    const invite = page.getByRole("button", { name: "Invite a node", exact: true });
    await invite.waitFor();
    assert.equal(await invite.getAttribute("aria-disabled"), "true");
    await invite.click({ force: true });
    assert.equal(await page.getByRole("dialog").count(), 0);
    // The reason is there without a mouse.
    await invite.focus();
    await page
      .getByRole("tooltip")
      .getByText(/manager:nodes:manage.*is refused/)
      .waitFor();
    await page.getByRole("button", { name: "Why? Invite a node" }).click();
    const panel = page.getByRole("dialog", { name: "Why" });
    await panel.getByText("refused", { exact: true }).waitFor();
    await panel
      .getByText(/no role grants .?manager:nodes:manage/)
      .first()
      .waitFor();
    await panel.getByRole("heading", { name: "Would flip if" }).waitFor();
    await panel
      .getByText(/os:0|root|\d+ accounts?/)
      .first()
      .waitFor();
    assert.deepEqual(await axeFindings(page), []);
    await page.keyboard.press("Escape");
    await panel.waitFor({ state: "detached" });
    const audit = page.getByRole("navigation").getByRole("link", { name: "Audit" });
    assert.equal(await audit.getAttribute("aria-disabled"), "true");
    await page.goto(`${instance.url}/audit`);
    await page.getByRole("alert").getByText("Your roles do not show this").waitFor();
    await page.context().close();
  });

  await t.test("D88: the overview counts what the account may see, and shows the rest as not permitted", async () => {
    const page = await persona("clerk");
    const failures = page.getByRole("region", { name: "Latest failures" });
    await eventually(
      "both have failed",
      () => failures.getByRole("link", { name: "/sales/report" }).count(),
      (count) => count === 2,
    );
    assert.equal(await failures.getByRole("link").count(), 2);
    assert.equal(await page.getByText("/finance/close").count(), 0);
    const tile = page.getByText("Failed, 24 h").locator("..");
    await eventually(
      "they are counted",
      async () => (await tile.textContent()) ?? "",
      (text) => text.endsWith("2"),
    );
    await page.getByRole("region", { name: "Nodes" }).getByText("Your roles do not show this").waitFor();
    const rows = page.getByRole("table", { name: "Runs", includeHidden: true }).getByRole("row");
    await rows.nth(1).waitFor({ state: "attached" });
    await eventually(
      "the table of the drawing counts them",
      async () => (await rows.nth(1).textContent()) ?? "",
      (text) => text.includes("2"),
    );
    // Somebody else's run changes nothing here, his own folder's does.
    await instance.api.call("POST", "/api/v1/submissions", { job: "/finance/close" });
    await instance.api.call("POST", "/api/v1/submissions", { job: "/sales/report" });
    await failures.getByRole("link").nth(2).waitFor();
    assert.equal(await page.getByText("/finance/close").count(), 0);
  });
});
