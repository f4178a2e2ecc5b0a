/** The main job of the cockpit without a mouse: sign in, find the job, run it, follow it, ask why. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { goodPassword } from "#test/fixtures/manager.ts";
import { expectAccessible, whyNoBrowser, exampleAccount } from "#test/fixtures/cockpit.ts";
import { operator, startJobs } from "#test/fixtures/cockpit-jobs.ts";

test("4.8: sign in, find a job, run it, follow it and ask why, with the keyboard alone", { timeout: 300_000 }, async (t) => {
  const why = whyNoBrowser();
  if (why !== null) return t.skip(why);
  const { account, visitor, instance } = await startJobs(t);
  await account("ann", operator);
  const page = await visitor();
  const { keyboard } = page;
  const focused = (): Promise<string> =>
    page.evaluate("document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? ''");
  const tabTo = async (name: RegExp): Promise<void> => {
    for (let tries = 0; tries < 60; tries += 1) {
      await keyboard.press("Tab");
      if (name.test(await focused())) return;
    }
    assert.fail(`no Tab leads to ${String(name)}, last: ${await focused()}`);
  };

  await page.getByRole("textbox", { name: "Account" }).waitFor();
  await keyboard.type("ann");
  await keyboard.press("Tab");
  await keyboard.type(goodPassword);
  await keyboard.press("Enter");
  await page.getByRole("navigation", { name: "Pages" }).waitFor();

  // To the jobs, and to the one that is looked for.
  await keyboard.press("g");
  await keyboard.press("j");
  await page.getByRole("row", { name: /books\/close/ }).waitFor();
  await expectAccessible(page, "jobs");
  await keyboard.press("/");
  await keyboard.type("close the books");
  await page.getByRole("row", { name: /plain/ }).waitFor({ state: "detached" });
  await tabTo(/^\/examples\/books\/close/);
  await keyboard.press("Enter");
  await page.getByRole("heading", { name: "/examples/books/close" }).waitFor();
  await page.getByRole("button", { name: "Run", exact: true, disabled: false }).waitFor();
  await expectAccessible(page, "a job");

  // Run: the first field that must be given has the focus.
  await page.getByRole("textbox", { name: "YAML" }).waitFor();
  await page.evaluate("document.activeElement?.blur()");
  await keyboard.press("r");
  const dialog = page.getByRole("dialog", { name: "Run /examples/books/close" });
  await page
    .locator("input:focus")
    .and(dialog.getByRole("textbox", { name: "MONTH" }))
    .waitFor();
  await keyboard.type("3");
  await dialog.getByText("controller:runs").first().waitFor();
  await dialog.getByText("the account of credential example; which one that is, only the node knows").waitFor();
  await expectAccessible(page, "the run dialog");
  await keyboard.press("Control+Enter");

  // Follow it to its end.
  const log = page.getByRole("log", { name: "Output" });
  await log.getByText("closing 3 in mode dry").waitFor();
  await log.getByText("closed", { exact: true }).waitFor();
  await page.getByText(`ran on local as ${exampleAccount} on behalf of ann and succeeded`).waitFor();
  await expectAccessible(page, "a run");

  // Why was it allowed?
  await tabTo(/Why\? controller:runs:create/);
  await keyboard.press("Enter");
  const panel = page.getByRole("dialog", { name: "Why" });
  await panel.getByText("role-of-ann").first().waitFor();
  await panel.getByText("permitted").waitFor();
  await keyboard.press("Escape");
  await panel.waitFor({ state: "detached" });

  // A job without arguments: two keystrokes.
  await page.goto(`${instance.url}/jobs/examples/plain`);
  await page.getByRole("button", { name: "Run", exact: true, disabled: false }).waitFor();
  await keyboard.press("r");
  await page
    .locator("button:focus")
    .and(page.getByRole("dialog").getByRole("button", { name: "Run", exact: true }))
    .waitFor();
  await keyboard.press("Enter");
  await page.getByRole("log").getByText("plain", { exact: true }).waitFor();
});
