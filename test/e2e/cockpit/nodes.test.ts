/** Nodes: inviting one with a token that is shown once, looking at one, revoking one by its name. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { callLauncher } from "#cli/launcher-client.ts";
import { eventually } from "#test/fixtures/eventually.ts";
import { axeFindings, startCockpit, whyNoBrowser } from "#test/fixtures/cockpit.ts";

test("4.1: a node is invited, looked at and revoked", { timeout: 300_000 }, async (t) => {
  const why = whyNoBrowser();
  if (why !== null) return t.skip(why);
  const { account, persona, instance } = await startCockpit(t);
  await account("ann", null, ["administrator"]);
  const page = await persona("ann", "/nodes");

  await page.getByRole("button", { name: "Invite a node" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "Name of the node" }).fill("ledger-1");
  await dialog.getByRole("textbox", { name: "Labels" }).fill("site=east\nnonsense");
  await dialog.getByText("Line 2 is not name=value").waitFor();
  await dialog.getByRole("textbox", { name: "Labels" }).fill("site=east");
  await dialog.getByRole("button", { name: "Make the invitation" }).click();
  await page.getByRole("dialog", { name: "Invitation for ledger-1" }).waitFor();
  const token = (await dialog.getByLabel("Join token").textContent()) ?? "";
  assert.match(token, /^\S{40,}$/);
  await dialog.getByText(/behalf node join --manager \S+ --name ledger-1 --token-file -/).waitFor();
  assert.deepEqual(await axeFindings(page), []);
  assert.ok(!page.url().includes(token.slice(0, 20)), "no token in an address");
  const stored = (await page.evaluate("JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage)])")) as string;
  assert.ok(!stored.includes(token.slice(0, 20)), "no token in storage");
  await dialog.getByRole("button", { name: "Done" }).click();
  await dialog.waitFor({ state: "detached" });
  assert.ok(!(await page.content()).includes(token), "gone with the dialog");

  await page.getByRole("link", { name: "local" }).click();
  await page.getByRole("heading", { level: 1, name: "local" }).waitFor();
  const policy = page.getByRole("region", { name: "Policy of the node" });
  await policy.getByText("No rule limits an account to folders or roles.").waitFor();
  await policy.getByText("allowed at the same time").waitFor();
  const keys = page.getByRole("region", { name: "Credential keys" });
  const keyThat = (words: RegExp) => keys.getByRole("listitem").filter({ hasText: words });
  await keyThat(/^example\s*✓ usable$/).waitFor();
  const entry = {
    key: "gone",
    user: "nobody-has-this-name",
    allow: { folders: [], submitters: [] },
    allowNologin: false,
    noNewPrivileges: false,
  };
  await callLauncher(instance.layout.launcher.adminSocket, { type: "credential-set", entry });
  await eventually(
    "the page says that a key cannot be used",
    async () => {
      await page.reload();
      await keys.getByText("example").waitFor();
      return await keyThat(/^gone\s*⊘ not usable launch\.unknown-account$/).count();
    },
    (count) => count === 1,
  );
  await page.getByRole("region", { name: "Latest runs here" }).getByRole("link", { name: "/examples/whoami" }).waitFor();
  const fingerprint = (await instance.api.call<{ certificateFingerprint: string }>("GET", "/api/v1/nodes/local")).certificateFingerprint;
  await page.getByText(fingerprint).waitFor();

  await page.getByRole("button", { name: "Revoke" }).click();
  const confirm = page.getByRole("dialog", { name: "Revoke node local?" });
  await confirm.getByText(/cut at once/).waitFor();
  assert.equal(await confirm.getByRole("button", { name: "Revoke" }).isDisabled(), true);
  await confirm.getByRole("textbox", { name: "Type local to confirm" }).fill("local");
  assert.deepEqual(await axeFindings(page), []);
  await page.keyboard.press("Enter");
  await page.getByText("Node local is revoked").waitFor();
  await page.goto(`${instance.url}/nodes`);
  await page.getByText("No node has joined yet").waitFor();
  await page.getByRole("switch", { name: "Show revoked nodes" }).check({ force: true });
  await page.getByRole("row", { name: /local.*revoked/ }).waitFor();
  assert.equal(new URL(page.url()).search, "?revoked=true");
});
