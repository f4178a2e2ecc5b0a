/** What a node's own table says: forecast before a run, named where it refused, and seen on the node's page. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { expectAccessible, startCockpit, whyNoBrowser } from "#test/fixtures/cockpit.ts";
import { jobDocuments, operator } from "#test/fixtures/cockpit-jobs.ts";

test(
  "4.4, 4.5, B12: before a run the node's table is forecast, and where it refused one sees whom it lets in",
  { timeout: 300_000 },
  async (t) => {
    const why = whyNoBrowser();
    if (why !== null) return t.skip(why);
    const { account, persona, instance } = await startCockpit(t);
    await instance.api.call("POST", "/api/v1/definitions", { documents: jobDocuments });
    await account("ann", operator, ["administrator"]);
    await account("bob", operator);
    const grant = async (subject: string, role: string): Promise<void> => {
      const granted = await instance.cli(["node", "table", "grant", subject, role]);
      assert.equal(granted.code, 0, granted.stderr);
    };
    await grant("group:clerks", "administrator");

    const page = await persona("ann", "/jobs/examples/plain?run=true");
    const dialog = page.getByRole("dialog", { name: "Run /examples/plain" });
    await dialog.getByText(/⊘ the job needs the role operator on node local.* \(as local last told; it decides itself\)/).waitFor();
    await dialog.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: /plain/ }).waitFor();
    await page.getByText("Who can, by the table of local").waitFor();
    const admitted = page.getByRole("listitem").filter({ hasText: "group clerks" });
    await admitted.last().waitFor();
    assert.match((await admitted.last().textContent()) ?? "", /^group clerks administrator$/);
    await expectAccessible(page, "a run that its node refused");

    const told = await instance.cli(["explain", "run", new URL(page.url()).pathname.split("/").at(-1) ?? ""]);
    assert.match(told.stdout, /^ {2}who can, by the table of local: os:\d+, root, group:clerks$/m);

    const { accessId } = await instance.api.call<{ accessId: string }>("GET", "/api/v1/accounts/ann");
    await grant(accessId, "operator");
    await page.goto(`${instance.url}/nodes/local`);
    const table = page.getByRole("region", { name: "Whom its table lets in" });
    await table
      .getByRole("listitem")
      .filter({ hasText: /^ann operator$/ })
      .waitFor();
    await expectAccessible(page, "a node with its table");
    await page.goto(`${instance.url}/jobs/examples/plain?run=true`);
    await dialog.getByText(/✓ the table of node local gives .* the role operator/).waitFor();

    // Who may see nodes but not accounts is told of how many there are.
    const other = await persona("bob", "/nodes/local");
    await other
      .getByRole("region", { name: "Whom its table lets in" })
      .getByText(/entries more; your roles do not show accounts/)
      .waitFor();
    assert.equal(await other.getByText("group clerks").count(), 0);
  },
);
