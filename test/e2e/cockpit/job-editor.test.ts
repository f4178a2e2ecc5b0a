/** Editing a job: form and text in sync, problems by line, conflicts, the run identity, and nothing lost by a click. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { expectAccessible, whyNoBrowser } from "#test/fixtures/cockpit.ts";
import { startJobs } from "#test/fixtures/cockpit-jobs.ts";

const author = {
  permissions: ["controller:jobs:view", "controller:runs", "manager:inventory", "manager:credentials:use"],
  folders: ["/examples/*"],
} as const;

test(
  "4.1: form and text are one definition; problems stand at their line; a change of run identity is asked about",
  { timeout: 300_000 },
  async (t) => {
    const why = whyNoBrowser();
    if (why !== null) return t.skip(why);
    const { account, persona, instance } = await startJobs(t);
    await account("aut", author);
    const page = await persona("aut", "/jobs/examples/plain");
    await page.getByRole("button", { name: "Edit" }).click();
    const text = page.getByRole("textbox", { name: "YAML of the job" });
    await text.getByText("/examples/plain").waitFor();
    await expectAccessible(page, "the editor");
    const title = page.getByRole("textbox", { name: "Title" });
    await title.fill("Plain and simple");
    await text.getByText("Plain and simple").waitFor();

    // Text to form, and a problem at its line.
    await text.click();
    await page.keyboard.press("Control+End");
    // Help while one types: the fields that may stand there.
    await page.keyboard.type("timeo");
    await page.getByRole("option", { name: "timeout" }).waitFor();
    await page.getByText("longest time it may run").waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.type("ut: soon\n");
    await page.getByText(/Line \d+: .*timeout.*duration/).waitFor();
    assert.equal(await page.getByRole("textbox", { name: /Time limit/ }).inputValue(), "soon");
    await page.getByRole("textbox", { name: /Time limit/ }).fill("90s");
    await page.getByText("No problems. Saving makes revision 2.").waitFor();

    // Leaving asks; staying keeps everything.
    await page.getByRole("link", { name: "Runs", exact: true }).click();
    await page.getByRole("button", { name: "Stay" }).click();
    assert.equal(await title.inputValue(), "Plain and simple");
    // So does the browser's own way back.
    await page.evaluate("history.back()");
    await page.getByRole("dialog", { name: "Leave without saving?" }).getByRole("button", { name: "Stay" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    assert.equal(await title.inputValue(), "Plain and simple");
    assert.equal(new URL(page.url()).pathname, "/edit-job/examples/plain");

    // As whom it runs is never changed by the way.
    await page.getByRole("combobox", { name: "As whom" }).selectOption("agent");
    await page.getByText("It ran as the account of credential example. From now on it runs as").first().waitFor();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "The run identity changes" });
    await dialog.getByRole("button", { name: "Save, and change as whom it runs" }).click();
    await page.getByRole("heading", { name: "/examples/plain" }).waitFor();
    await page.getByText("Plain and simple").first().waitFor();

    // Versions: the difference, and that the identity differs.
    await page.getByRole("link", { name: "Compare with the current one" }).click();
    await page.getByText("As whom it runs differs").waitFor();
    await page
      .getByRole("region", { name: /Revision 1 \(left\) and 2/ })
      .getByText("Plain and simple")
      .waitFor();
    await expectAccessible(page, "versions");
    const stored = (await instance.api.call("GET", "/api/v1/jobs/examples/plain")) as { definition: { as: string; timeout: string } };
    assert.deepEqual([stored.definition.as, stored.definition.timeout], ["agent", "1m30s"]);
  },
);

test("4.1: what somebody else saved meanwhile is shown and not written over; deleting names the job", { timeout: 300_000 }, async (t) => {
  const why = whyNoBrowser();
  if (why !== null) return t.skip(why);
  const { account, persona, instance } = await startJobs(t);
  await account("aut", author);
  await account("ann", { permissions: ["controller:jobs:view"], folders: ["/examples/*"] });
  const page = await persona("aut", "/edit-job/examples/plain");
  await page.getByRole("textbox", { name: "Title" }).fill("Mine");
  const documents = "kind: Job\npath: /examples/plain\ntitle: Theirs\nrun: { shell: id }\nas: { credential: example }\non: [local]\n";
  await instance.api.call("POST", "/api/v1/definitions", { documents });
  await page.getByRole("button", { name: "Save", exact: true }).click();
  const conflict = page.getByRole("dialog", { name: "Somebody else saved this job meanwhile" });
  await conflict.getByText("Theirs").first().waitFor();
  await conflict.getByText("Mine").first().waitFor();
  await conflict.getByRole("button", { name: "Take theirs" }).click();
  assert.equal(await page.getByRole("textbox", { name: "Title" }).inputValue(), "Theirs");
  await page.getByRole("textbox", { name: "Title" }).fill("Both");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("heading", { name: "/examples/plain" }).waitFor();
  await page.getByText("Both").first().waitFor();

  // A copy has another path; a new job begins in its folder.
  await page.getByRole("button", { name: "Duplicate" }).click();
  await page.getByRole("textbox", { name: "Path" }).fill("/examples/plain-two");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("heading", { name: "/examples/plain-two" }).waitFor();

  await page.getByRole("button", { name: "Delete" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete the job /examples/plain-two?" });
  const sure = dialog.getByRole("button", { name: "Delete" });
  assert.equal(await sure.isDisabled(), true);
  await dialog.getByRole("textbox", { name: /Type \/examples\/plain-two/ }).fill("/examples/plain-two");
  await sure.click();
  await page.getByRole("heading", { name: "Jobs" }).waitFor();
  await page.getByRole("row", { name: /books\/close/ }).waitFor();
  assert.equal(await page.getByRole("row", { name: /plain-two/ }).count(), 0);

  // Who may only see sees it disabled with the reason.
  const viewer = await persona("ann", "/jobs/examples/plain");
  assert.equal(await viewer.getByRole("button", { name: "Edit", exact: true }).getAttribute("aria-disabled"), "true");
  await viewer.goto(`${instance.url}/edit-job/examples/plain`);
  await viewer.getByRole("textbox", { name: "Title" }).fill("Not mine");
  await viewer
    .getByText(/cannot be written by this account|manager:inventory:manage/)
    .first()
    .waitFor();
});
