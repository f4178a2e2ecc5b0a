/** Every page by its address: axe finds nothing in either theme, nothing is wider than a telephone, German has no English left over. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "#test/fixtures/eventually.ts";
import { callLauncher } from "#cli/launcher-client.ts";
import type { NodePolicy } from "#launch/ports.ts";
import { exampleAccount, expectAccessible, startCockpit, whyNoBrowser } from "#test/fixtures/cockpit.ts";

/** Address, and the page's heading in both languages. */
const pages: readonly (readonly [address: string, english: string, german: string])[] = [
  ["/", "Overview", "Übersicht"],
  ["/nodes", "Nodes", "Knoten"],
  ["/nodes?invite=true", "Nodes", "Knoten"],
  ["/nodes/local", "local", "local"],
  ["/audit", "Audit", "Audit"],
  ["/settings", "Settings", "Einstellungen"],
  ["/profile", "Profile", "Profil"],
  ["/no/such/page", "There is no such page", "Diese Seite gibt es nicht"],
];

test("4.8: every page is clean for axe in both themes and fits a telephone", { timeout: 300_000 }, async (t) => {
  const why = whyNoBrowser();
  if (why !== null) return t.skip(why);
  const { account, persona, instance } = await startCockpit(t);
  await account("ann", null, ["administrator"]);
  // As it is for an ordinary account: words beside the node's name.
  const { adminSocket } = instance.layout.launcher;
  const { policy } = await callLauncher<{ policy: NodePolicy }>(adminSocket, { type: "policy-show" });
  await callLauncher(adminSocket, { type: "policy-set", policy: { ...policy, defaultJobAccount: exampleAccount } });
  await eventually(
    "the manager knows the node's account",
    () => instance.api.call<{ facts: { defaultJobAccount: string | null } }>("GET", "/api/v1/nodes/local"),
    ({ facts }) => facts.defaultJobAccount === exampleAccount,
  );
  const page = await persona("ann");
  for (const [address, heading, german] of pages) {
    await page.goto(`${instance.url}${address}`);
    await page.getByRole("heading", { level: 1, name: heading, exact: true, includeHidden: true }).waitFor();
    await eventually(
      `${address} has loaded`,
      () => page.getByText("Loading …").count(),
      (count) => count === 0,
    );
    await expectAccessible(page, address);
    assert.equal(await page.title(), `${heading} · Behalf · local`);
    await page.evaluate("localStorage.setItem('behalf.language', 'de')");
    await page.reload();
    await page.getByRole("heading", { level: 1, name: german, exact: true, includeHidden: true }).waitFor();
    assert.equal(await page.evaluate("document.documentElement.lang"), "de");
    await page.evaluate("localStorage.removeItem('behalf.language')");
  }
});
