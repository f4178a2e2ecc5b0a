/** The dialog that runs a job: what it says before anything is submitted, and that it submits once. */
import assert from "node:assert/strict";
import { clickTwice, type CockpitWorld } from "#test/fixtures/cockpit.ts";
import { onJobs } from "#test/fixtures/cockpit-jobs.ts";

const runsOf = async (instance: CockpitWorld["instance"], job: string): Promise<readonly unknown[]> =>
  ((await instance.api.call("GET", `/api/v1/runs?job=${encodeURIComponent(job)}`)) as { items: unknown[] }).items;

onJobs(
  "4.4: a double click submits once; the same again begins with the same arguments and is decided again",
  async ({ persona, instance }) => {
    const page = await persona("ann", "/jobs");
    await page
      .getByRole("row", { name: /books\/close/ })
      .getByRole("button", { name: "Run" })
      .click();
    const dialog = page.getByRole("dialog", { name: "Run /examples/books/close" });
    const run = dialog.getByRole("button", { name: "Run", exact: true });
    assert.equal(await run.getAttribute("aria-disabled"), "true", "an argument is missing");
    await dialog.getByRole("textbox", { name: "MONTH" }).fill("twelve");
    await dialog.getByText("it is not an integer").first().waitFor();
    await dialog.getByRole("textbox", { name: "MONTH" }).fill("12");
    await dialog.getByRole("combobox", { name: "MODE" }).selectOption("full");
    await page.getByRole("button", { name: "Run", exact: true, disabled: false }).last().waitFor();
    await clickTwice(run);
    await page.getByRole("log").getByText("closing 12 in mode full").waitFor();
    assert.equal((await runsOf(instance, "/examples/books/close")).length, 1);

    await page.getByRole("button", { name: "Run again" }).click();
    const again = page.getByRole("dialog", { name: "Run /examples/books/close again" });
    assert.equal(await again.getByRole("textbox", { name: "MONTH" }).inputValue(), "12");
    assert.equal(await again.getByRole("combobox", { name: "MODE" }).inputValue(), "full");
    await page
      .locator("button:focus")
      .and(again.getByRole("button", { name: "Run", exact: true }))
      .waitFor();
    await page.keyboard.press("Enter");
    await again.waitFor({ state: "detached" });
    await page.getByRole("log").getByText("closing 12 in mode full").waitFor();
    assert.equal((await runsOf(instance, "/examples/books/close")).length, 2);
  },
);

onJobs("4.4: warnings and refusals are told before anything is submitted", async ({ account, persona, instance }) => {
  await account("vic", { permissions: ["controller:jobs:view"], folders: ["/examples/*"] });
  await account("run", { permissions: ["controller:jobs:view", "controller:runs"], folders: ["/examples/*"] });
  const documents = `kind: Job
path: /examples/no-key
run: { shell: id }
as: { credential: never_heard_of }
on: [local]
---
kind: Job
path: /examples/nowhere
run: { shell: id }
as: agent
on: [not-joined]
`;
  await instance.api.call("POST", "/api/v1/definitions", { documents });
  const page = await persona("ann", "/jobs/examples/no-key?run=true");
  const dialog = page.getByRole("dialog");
  await dialog.getByText("local has not reported a credential of this key").waitFor();
  await page.goto(`${instance.url}/jobs/examples/nowhere?run=true`);
  await dialog.getByText("There is no node not-joined.").waitFor();
  assert.equal(await dialog.getByRole("button", { name: "Run", exact: true }).getAttribute("aria-disabled"), "true");
  await page.keyboard.press("Control+Enter");
  assert.equal((await runsOf(instance, "/examples/nowhere")).length, 0);

  // Who may see a job but not run it reads why, and nothing opens.
  const viewer = await persona("vic", "/jobs");
  const row = viewer.getByRole("row", { name: /\/examples\/plain/ });
  const button = row.getByRole("button", { name: "Run", exact: true });
  assert.equal(await button.getAttribute("aria-disabled"), "true");
  await button.press("Enter");
  assert.equal(await viewer.getByRole("dialog").count(), 0);
  await row.getByRole("button", { name: "Why? Run" }).click();
  await viewer.getByRole("dialog", { name: "Why" }).getByText("controller:runs:create").first().waitFor();

  // Who may not see nodes is told nothing about them, and can run all the same.
  const runner = await persona("run", "/jobs/examples/plain?run=true");
  await runner.getByText("Your roles do not show nodes").waitFor();
  await runner.keyboard.press("Control+Enter");
  await runner.getByRole("log").getByText("plain", { exact: true }).waitFor();
});
