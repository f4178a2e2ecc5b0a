/** The frame: theme without a flash, language, palette, shortcuts, and the whole way through the pages with the keyboard alone. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "#test/fixtures/eventually.ts";
import { axeFindings, expectFocus, startCockpit, whyNoBrowser } from "#test/fixtures/cockpit.ts";

test("4.6: the frame works with the keyboard alone, in the theme and language that were chosen", { timeout: 300_000 }, async (t) => {
  const why = whyNoBrowser();
  if (why !== null) return t.skip(why);
  const { account, persona, instance } = await startCockpit(t);
  await account("ann", null, ["administrator"]);

  await t.test("4.6: the theme stands before the first paint, also after a reload", async () => {
    const page = await persona("ann");
    const scheme = (): Promise<unknown> => page.evaluate("document.documentElement.dataset.mantineColorScheme");
    assert.equal(await scheme(), "light");
    await page.getByRole("button", { name: "Account ann" }).click();
    await page.getByRole("menuitemradio", { name: "Dark" }).click();
    await eventually("the theme is the chosen one", scheme, (found) => found === "dark");
    // As the document is parsed, before any module has run: the attribute is there when the body begins.
    await page.addInitScript(`new MutationObserver((_, observer) => {
      if (document.body === null) return;
      observer.disconnect();
      window.schemeAtFirst = document.documentElement.dataset.mantineColorScheme;
    }).observe(document, { childList: true, subtree: true });`);
    await page.reload();
    assert.equal(await page.evaluate("window.schemeAtFirst"), "dark");
    await page.getByRole("button", { name: "Account ann" }).click();
    await page.getByRole("menuitemradio", { name: "Deutsch" }).click();
    await page.getByRole("link", { name: "Knoten" }).waitFor();
    await page.context().close();
  });

  await t.test("4.6: the palette leads everywhere, the sheet names every key, and both give the focus back", async () => {
    const page = await persona("ann");
    const search = page.getByRole("button", { name: "Go to …" });
    await search.focus();
    // Who types on does not wait for its code to come: no letter is lost, and none of them is a shortcut.
    await page.keyboard.press("Control+k");
    await page.keyboard.type("gnr");
    await eventually(
      "every letter is there",
      () => page.getByRole("combobox", { name: "Go to or do" }).inputValue(),
      (value) => value === "gnr",
    );
    await page.keyboard.press("Escape");
    await page.getByRole("combobox", { name: "Go to or do" }).waitFor({ state: "detached" });
    assert.equal(new URL(page.url()).pathname, "/");
    await search.focus();
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Go to or do" }).waitFor();
    assert.deepEqual(await axeFindings(page), []);
    await page.keyboard.type("nothing like this");
    await page.getByRole("status").getByText("Nothing is called that").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("combobox", { name: "Go to or do" }).waitFor({ state: "detached" });
    await expectFocus(page, "Go to");
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Go to or do" }).waitFor();
    await page.keyboard.type("aud");
    await page.getByRole("option", { name: "Audit", selected: true }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Audit" }).waitFor();
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Go to or do" }).waitFor();
    await page.keyboard.type("whoami");
    await page.getByRole("option", { name: "/examples/whoami", selected: true }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: /whoami/ }).waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    assert.deepEqual(await axeFindings(page), []);
    await page.keyboard.press("g");
    await page.keyboard.press("n");
    assert.equal(new URL(page.url()).pathname, "/jobs/examples/whoami", "a dialog has the keyboard to itself");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.keyboard.press("g");
    await page.keyboard.press("n");
    await page.getByRole("heading", { level: 1, name: "Nodes" }).waitFor();
    await page.context().close();
  });

  await t.test("4.8: from the door to a node and back without a mouse", async () => {
    const page = await persona("ann");
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    // A new page puts its heading into focus; what comes first in the document is a step before everything else.
    await expectFocus(page, "Overview");
    await page.getByRole("link", { name: "To the content" }).focus();
    const tabTo = async (name: string): Promise<void> => {
      for (let presses = 0; presses < 30; presses += 1) {
        await page.keyboard.press("Tab");
        if ((await page.evaluate("document.activeElement?.textContent?.trim()")) === name) return;
      }
      assert.fail(`Tab never reached ${name}`);
    };
    await tabTo("Nodes");
    await page.keyboard.press("Enter");
    const row = page.getByRole("row", { name: /local/ });
    await row.waitFor();
    await row.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "local" }).waitFor();
    await page.goBack();
    await row.waitFor();
    assert.equal(new URL(page.url()).pathname, "/nodes");
    assert.equal(page.url().startsWith(instance.url), true);
    await page.context().close();
  });

  await t.test("4.6: on a telephone the pages are behind a button", async () => {
    const page = await persona("ann", "/", { width: 360 });
    assert.equal(await page.getByRole("link", { name: "Nodes" }).first().isVisible(), false);
    await page.getByRole("button", { name: "Open the menu" }).click();
    assert.deepEqual(await axeFindings(page), []);
    await page.getByRole("navigation").getByRole("link", { name: "Nodes" }).click();
    await page.getByRole("heading", { level: 1, name: "Nodes" }).waitFor();
    await page.getByRole("button", { name: "Open the menu", expanded: false }).waitFor();
    await page.context().close();
  });

  await t.test("4.6: a menu that was opened while a page loads stays open when the page is there", async () => {
    const page = await persona("ann", "/", { width: 360 });
    const held = Promise.withResolvers<void>();
    await page.route("**/assets/nodes-page-*.js", async (route) => {
      await held.promise;
      await route.continue();
    });
    const asked = page.waitForRequest("**/assets/nodes-page-*.js");
    await page.keyboard.press("g");
    await page.keyboard.press("n");
    await asked;
    await page.getByRole("button", { name: "Open the menu" }).click();
    held.resolve();
    await page.getByRole("heading", { level: 1, name: "Nodes" }).waitFor();
    await page.getByRole("navigation").getByRole("link", { name: "Audit" }).click();
    await page.getByRole("heading", { level: 1, name: "Audit" }).waitFor();
    await page.getByRole("button", { name: "Open the menu", expanded: false }).waitFor();
  });
});
