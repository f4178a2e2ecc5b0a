/** The matrix of accounts and roles with more roles than a window holds. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { expectAccessible, startCockpit, whyNoBrowser } from "#test/fixtures/cockpit.ts";
import { eventually } from "#test/fixtures/eventually.ts";

test(
  "D68: every role of many has its column, reached with the keyboard, and the address keeps the place",
  { timeout: 240_000 },
  async (t) => {
    const why = whyNoBrowser();
    if (why !== null) return t.skip(why);
    const { account, persona, instance } = await startCockpit(t);
    for (let index = 10; index < 40; index += 1)
      await instance.api.call("POST", "/api/v1/roles", {
        definition: { kind: "Role", name: `zone-${index}`, permissions: ["controller:runs:view"] },
        confirm: true,
      });
    await account("ann", null, ["administrator"]);
    await account("bob", null);
    const page = await persona("ann", "/access/assignments", { width: 2560 });
    await page.getByText(/Roles 1 to 12 of \d+/).waitFor();
    const box = page.getByRole("checkbox", { name: "bob holds zone-39" });
    assert.equal(await box.count(), 0);
    const after = page.getByRole("button", { name: "Roles after" });
    await after.focus();
    for (let step = 0; step < 5 && !(await after.isDisabled()); step += 1) {
      const before = await page.getByText(/Roles \d+ to \d+ of \d+/).textContent();
      await page.keyboard.press("Enter");
      await page.getByText(before ?? "", { exact: true }).waitFor({ state: "detached" });
    }
    await box.waitFor();
    await expectAccessible(page, "assignments of many roles");
    // A narrower window shows fewer, and says which: none is counted that is not there.
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.goto(`${instance.url}/access/assignments`);
    const told = page.getByText(/Roles 1 to \d+ of \d+/);
    await told.waitFor();
    const shown = Number(/to (\d+) of/.exec((await told.textContent()) ?? "")?.[1]);
    assert.ok(shown > 2 && shown < 12, `${shown} columns at 1280`);
    await page.getByRole("row", { name: /^bob/ }).waitFor();
    assert.equal(await page.getByRole("row", { name: /^bob/ }).getByRole("checkbox").count(), shown);
    await page.goBack();
    await page.setViewportSize({ width: 2560, height: 800 });
    await page.reload();
    await box.check();
    await page.getByText("zone-39").first().waitFor();
    await eventually(
      "he holds it",
      async () => (await instance.api.call<{ items: { name: string; roles: string[] }[] }>("GET", "/api/v1/accounts")).items,
      (items) => items.find(({ name }) => name === "bob")?.roles.includes("zone-39") === true,
    );
  },
);
