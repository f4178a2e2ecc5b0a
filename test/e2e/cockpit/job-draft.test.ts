/** What is typed into a job and not saved: it is there after a reload and after a session that ended meanwhile, for its author alone. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { signIn, whyNoBrowser } from "#test/fixtures/cockpit.ts";
import { goodPassword } from "#test/fixtures/manager.ts";
import { startJobs } from "#test/fixtures/cockpit-jobs.ts";

test("4.6: a session that ends while a job is edited takes nothing that was typed", { timeout: 300_000 }, async (t) => {
  const why = whyNoBrowser();
  if (why !== null) return t.skip(why);
  const { account, persona, instance } = await startJobs(t);
  await account("ann", null, ["administrator"]);
  await account("bob", null, ["administrator"]);
  const page = await persona("ann", "/edit-job/examples/plain");
  const title = page.getByRole("textbox", { name: "Title", exact: true });
  await title.fill("Half a title");
  // It has been looked at by the manager: then it has been kept too.
  await page.getByText("No problems. Saving makes revision 2.").waitFor();
  page.once("dialog", (dialog) => void dialog.accept());
  await page.reload();
  await page.getByText("These are your unsaved changes").waitFor();
  assert.equal(await title.inputValue(), "Half a title");

  const endSessions = async (): Promise<void> => {
    const { items } = await instance.api.call<{ items: { id: string; name: string }[] }>("GET", "/api/v1/accounts");
    for (const { id } of items) await instance.api.call("DELETE", `/api/v1/accounts/${id}/sessions`);
  };
  await endSessions();
  await page.getByText("Your session has ended").waitFor();
  // Somebody else at the same tab does not find it.
  await signIn(page, "bob", goodPassword);
  await page.getByRole("button", { name: "Account bob" }).waitFor();
  await title.waitFor();
  assert.equal(await title.inputValue(), "");
  assert.equal(await page.getByText("These are your unsaved changes").count(), 0);
  await endSessions();
  await page.getByText("Your session has ended").waitFor();
  await signIn(page, "ann", goodPassword);
  await page.getByText("These are your unsaved changes").waitFor();
  assert.equal(await title.inputValue(), "Half a title");
  // Saved, it is kept no longer.
  await page.getByText("No problems. Saving makes revision 2.").waitFor();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("heading", { name: "/examples/plain", exact: true }).waitFor();
  await page.getByText("Half a title").first().waitFor();
  await page.goBack();
  await title.waitFor();
  assert.equal(await page.getByText("These are your unsaved changes").count(), 0);
});
