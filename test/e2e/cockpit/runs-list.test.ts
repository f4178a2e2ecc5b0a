/** The list of runs: filters in the address, states as they change, several ended at once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { clickTwice, expectAccessible, whyNoBrowser, exampleAccount } from "#test/fixtures/cockpit.ts";
import { eventually } from "#test/fixtures/eventually.ts";
import { operator, startJobs } from "#test/fixtures/cockpit-jobs.ts";

test("4.6: the filters of the list are its address; they can be named and chosen again", { timeout: 300_000 }, async (t) => {
  const why = whyNoBrowser();
  if (why !== null) return t.skip(why);
  const { account, persona, instance } = await startJobs(t);
  await account("ann", operator);
  await instance.cli(["run", "/examples/plain", "--wait"]);
  await instance.cli(["run", "/examples/books/close", "--arg", "MONTH=1", "--wait"]);
  const page = await persona("ann", "/runs");
  const search = (): Promise<string> => Promise.resolve(decodeURIComponent(new URL(page.url()).search));
  await page.getByRole("row", { name: /\/examples\/plain/ }).waitFor();
  await expectAccessible(page, "runs");
  // Why it was allowed, without leaving the list.
  await page.getByRole("button", { name: "Why? /examples/plain" }).click();
  const panel = page.getByRole("dialog", { name: "Why" });
  await panel.getByText("As whom: permitted").waitFor();
  await panel.getByText(`ran on local as ${exampleAccount} on behalf of`).waitFor();
  await expectAccessible(page, "why a run was allowed");
  await page.keyboard.press("Escape");
  await panel.waitFor({ state: "detached" });
  await page.getByRole("textbox", { name: /Search job/ }).fill("BOOKS");
  await page.getByRole("row", { name: /\/examples\/plain/ }).waitFor({ state: "detached" });
  await page.getByRole("list", { name: "Counts by state" }).getByRole("button", { name: "1 succeeded" }).click();
  await eventually("the address says so", search, (text) => text === "?q=BOOKS&result=succeeded");
  await page.getByRole("button", { name: "Saved filters" }).click();
  await page.getByRole("textbox", { name: "Name of the filter" }).fill("closed books");
  await page.getByRole("button", { name: "Save this filter" }).click();
  await page.keyboard.press("Escape");

  await page.goto(`${instance.url}/runs?q=nothing+like+it`);
  await page.getByText("Nothing matches these filters").waitFor();
  await page.getByRole("button", { name: "Clear filters" }).click();
  await page.getByRole("row", { name: /\/examples\/plain/ }).waitFor();
  await page.getByRole("button", { name: "Saved filters" }).click();
  await page.getByRole("button", { name: "closed books", exact: true }).click();
  await page.getByRole("row", { name: /\/examples\/plain/ }).waitFor({ state: "detached" });
  await page.reload();
  await page.getByRole("row", { name: /books\/close/ }).waitFor();
  assert.equal(await search(), "?q=BOOKS&result=succeeded");
  assert.equal(await page.getByRole("textbox", { name: /Search job/ }).inputValue(), "BOOKS");

  // With the keyboard alone, and slowly: the list follows, and what has the focus keeps it and what was typed.
  await page.goto(`${instance.url}/runs`);
  await page.getByRole("row", { name: /\/examples\/plain/ }).waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("books ");
  await eventually("the address follows", search, (text) => text === "?q=books");
  await page.keyboard.type("x");
  await eventually("the address follows on", search, (text) => text === "?q=books+x");
  await page.getByText("Nothing matches these filters").waitFor();
  await page.keyboard.press("Backspace");
  await page.keyboard.press("Backspace");
  await page.getByRole("row", { name: /books\/close/ }).waitFor();
});

test("4.2: states change while one looks, and several runs are ended at once, each decided by itself", { timeout: 300_000 }, async (t) => {
  const why = whyNoBrowser();
  if (why !== null) return t.skip(why);
  const { account, persona, instance } = await startJobs(t);
  await account("ann", operator);
  await account("vic", { permissions: ["controller:runs:view"] });
  await instance.cli(["run", "/examples/books/wait"]);
  const page = await persona("ann", "/runs");
  await page.getByRole("row", { name: /books\/wait.*running/ }).waitFor();
  await instance.cli(["run", "/examples/books/wait"]);
  await page.getByRole("button", { name: "1 new run" }).click();
  await eventually(
    "both are there",
    () => page.getByRole("row", { name: /books\/wait.*running/ }).count(),
    (count) => count === 2,
  );
  const viewer = await persona("vic", "/runs");
  await viewer
    .getByRole("row", { name: /books\/wait.*running/ })
    .first()
    .waitFor();
  await viewer.getByRole("button", { name: "Select those under way" }).click();
  const refused = viewer.getByRole("button", { name: "Cancel 2 runs", exact: true });
  assert.equal(await refused.getAttribute("aria-disabled"), "true");

  await page.getByRole("button", { name: "Select those under way" }).click();
  await page.getByRole("button", { name: "Cancel 2 runs" }).click();
  const dialog = page.getByRole("dialog", { name: "Cancel 2 runs?" });
  await dialog.getByText("/examples/books/wait").first().waitFor();
  await dialog.getByRole("textbox", { name: "Why cancelled" }).fill("month is closed");
  await dialog.getByRole("button", { name: "Cancel them" }).click();
  await page.getByText("2 runs cancelled").waitFor();
  await eventually(
    "both say so",
    () => page.getByRole("row", { name: /books\/wait.*cancelled/ }).count(),
    (count) => count === 2,
  );
  await page.getByRole("link", { name: "/examples/books/wait" }).first().click();
  await page.getByText("cancelled it: month is closed").waitFor();
});

test(
  "4.2: all that match are ended, also what is not chosen; what may not be ended is told with its reason",
  { timeout: 300_000 },
  async (t) => {
    const why = whyNoBrowser();
    if (why !== null) return t.skip(why);
    const { account, persona, instance } = await startJobs(t);
    await account("vic", { permissions: ["controller:runs:view"] });
    await account("ann", operator, ["role-of-vic"]);
    const documents = "kind: Job\npath: /examples/hold\nrun: { shell: sleep 300 }\nas: { credential: example }\non: [local]\ngrace: 1s\n";
    await instance.api.call("POST", "/api/v1/definitions", { documents });
    for (const job of ["/examples/books/wait", "/examples/books/wait", "/examples/hold"]) await instance.json(["run", job]);

    const viewer = await persona("vic", "/runs");
    const refused = viewer.getByRole("button", { name: "Cancel all 3 under way", exact: true });
    await refused.waitFor();
    assert.equal(await refused.getAttribute("aria-disabled"), "true");

    const page = await persona("ann", "/runs?q=books");
    await page.getByRole("button", { name: "Cancel all 2 that match" }).click();
    const dialog = page.getByRole("dialog", { name: "Cancel all 2 runs under way?" });
    await dialog.getByText("Search: books").waitFor();
    await expectAccessible(page, "cancel all that match");
    await dialog.getByRole("textbox", { name: "Why cancelled" }).fill("month is closed");
    await dialog.getByRole("button", { name: "Cancel them" }).click();
    await page.getByText("2 runs cancelled").waitFor();
    await page.getByRole("button", { name: "Cancel all 2 that match" }).waitFor({ state: "detached" });
    await page.goto(`${instance.url}/runs?q=hold`);
    await page.getByRole("button", { name: "Cancel all 1 that match" }).waitFor();

    // Between the question and the answer the account loses what the dialog was opened with.
    await page.getByRole("button", { name: "Cancel all 1 that match" }).click();
    const { items } = await instance.api.call<{ items: { id: string; name: string }[] }>("GET", "/api/v1/accounts");
    const ann = items.find(({ name }) => name === "ann")?.id ?? "";
    await instance.api.call("DELETE", `/api/v1/assignments/${ann}/role-of-ann`, { confirm: true });
    const asked = page.getByRole("dialog", { name: "Cancel the 1 run under way?" });
    await asked.getByRole("button", { name: "Cancel them" }).click();
    await asked.getByText("controller:runs:cancel").first().waitFor();
    await expectAccessible(page, "what could not be cancelled");
    await page.keyboard.press("Escape");
    await asked.waitFor({ state: "detached" });
    assert.equal((await instance.api.call<{ total: number }>("GET", "/api/v1/runs/counts?state=active")).total, 1);
  },
);

test(
  "4.2: chosen runs and all that match run again on one's own behalf, as one act; what is refused today is told run by run",
  { timeout: 300_000 },
  async (t) => {
    const why = whyNoBrowser();
    if (why !== null) return t.skip(why);
    const { account, persona, instance } = await startJobs(t);
    await account("ann", { ...operator, permissions: [...operator.permissions, "manager:auditlog:view"], folders: [] });
    for (const month of ["1", "2"]) await instance.cli(["run", "/examples/books/close", "--arg", `MONTH=${month}`, "--wait"]);
    await instance.cli(["run", "/examples/plain", "--wait"]);
    const page = await persona("ann", "/runs?q=examples%2F");
    await page.getByRole("checkbox", { name: "Select run of /examples/plain" }).check();
    await page.getByRole("button", { name: "Run 1 again" }).click();
    const one = page.getByRole("dialog", { name: "Run 1 run again?" });
    await one.getByText("/examples/plain × 1").waitFor();
    await one.getByText("on your behalf, whoever submitted it before").waitFor();
    await expectAccessible(page, "run again");
    await one.getByRole("textbox", { name: "Comment" }).fill("after the outage");
    await one.getByRole("button", { name: "Run them again" }).click();
    await page.getByText("1 run submitted again").waitFor();
    await page
      .getByRole("row", { name: /\/examples\/plain.*ann/ })
      .first()
      .waitFor();

    // The parameter is gone today: two cannot be repeated as they were, and take nothing else along.
    const documents = 'kind: Job\npath: /examples/books/close\nrun: { shell: "true" }\nas: { credential: example }\non: [local]\n';
    await instance.api.call("POST", "/api/v1/definitions", { documents });
    await page.getByRole("textbox", { name: /Search job/ }).fill("examples/");
    await page.getByRole("button", { name: "Run all 5 that match again" }).click();
    const all = page.getByRole("dialog", { name: "Run 5 runs again?" });
    await all.getByText("Search: examples/").waitFor();
    await all.getByText("They are of 3 jobs:").waitFor();
    await all.getByText("/examples/books/close × 2").waitFor();
    await clickTwice(all.getByRole("button", { name: "Run them again" }));
    const report = page.getByRole("dialog", { name: "2 of 5 could not be submitted again" });
    // The note goes by itself after some seconds: it is looked for first.
    await page.getByText("3 runs submitted again").waitFor();
    await report.getByText("/examples/books/close · local").first().waitFor();
    await expectAccessible(page, "what could not be submitted again");
    await report.getByRole("button", { name: "Close" }).last().click();
    await report.waitFor({ state: "detached" });
    const { total } = await instance.api.call<{ total: number }>("GET", "/api/v1/runs/counts?job=/examples/plain");
    assert.equal(total, 4, "pressed twice, done once");
  },
);
