/** Accounts at the cockpit: made, reset, disabled, deleted, their sessions and failed logins; and what somebody sees who may only look. */
import assert from "node:assert/strict";
import { goodPassword } from "#test/fixtures/manager.ts";
import { expectAccessible, onCockpit, signIn } from "#test/fixtures/cockpit.ts";

onCockpit(
  "4.4: an account is made with a one-time password that is shown once and kept nowhere",
  async ({ instance, persona, visitor }) => {
    const page = await persona("ann", "/accounts");
    await page.getByRole("row", { name: /root/ }).waitFor();
    await expectAccessible(page, "the accounts");

    await page.getByRole("button", { name: "New account" }).click();
    const dialog = page.getByRole("dialog", { name: "New account" });
    await dialog.getByRole("textbox", { name: "Account name" }).fill("bea");
    await dialog.getByRole("button", { name: "Create account" }).click();
    const shown = page.getByRole("dialog", { name: "One-time password" });
    await shown.getByText("bea").waitFor();
    const first = (await shown.locator("code").textContent()) ?? "";
    assert.ok(first.length >= 12, first);
    await expectAccessible(page, "the one-time password");
    const kept = String(
      await page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href])"),
    );
    assert.ok(!kept.includes(first), "the password is neither in storage nor in the address");
    await page.keyboard.press("Escape");
    await shown.waitFor();
    await shown.getByRole("button", { name: "I have noted it" }).click();
    await page.getByRole("row", { name: /bea.*password due/ }).waitFor();
    assert.ok(!(await page.content()).includes(first), "closing it forgets it");

    await page.getByRole("link", { name: "bea" }).click();
    await page.getByRole("heading", { name: "Account bea" }).waitFor();
    await page.getByRole("button", { name: "Reset password" }).click();
    await page.getByRole("dialog", { name: "Reset the password of bea?" }).getByRole("button", { name: "Reset password" }).click();
    const second = (await shown.locator("code").textContent()) ?? "";
    assert.notEqual(second, first);
    await shown.getByRole("button", { name: "I have noted it" }).click();
    await page.getByRole("button", { name: "Edit", exact: true }).click();
    const edit = page.getByRole("dialog", { name: "Edit account bea" });
    await edit
      .getByRole("combobox", { name: "Roles" })
      .or(edit.getByRole("textbox", { name: "Roles" }))
      .first()
      .click();
    await page.getByRole("option", { name: "business_user" }).click();
    await page.keyboard.press("Tab");
    await edit.getByRole("button", { name: "Save" }).click();
    await page.getByText("Account bea is saved").waitFor();
    await page.getByRole("list", { name: "Merged permissions" }).getByText("manager:view", { exact: true }).first().waitFor();

    const other = await visitor();
    await signIn(other, "bea", second);
    await other.getByRole("heading", { name: "Choose a new password" }).waitFor();
    assert.equal((await instance.api.call<{ roles: string[] }>("GET", "/api/v1/accounts/bea")).roles.length, 1);
  },
);

onCockpit(
  "4.4: sessions end one by one and together, disabling ends them at once, deleting names its effect",
  async ({ instance, account, persona }) => {
    await account("bea", { permissions: ["controller:runs", "-controller:runs:cancel"], folders: ["/finance/*"] });
    const signedIn = (): Promise<{ token: string }> =>
      instance.api.call("POST", "/api/v1/sessions", { account: "bea", password: goodPassword, kind: "cli" });
    await signedIn();
    await instance.api.call("POST", "/api/v1/sessions", { account: "bea", password: "not it", kind: "cli" }).catch(() => {});
    const bea = await persona("bea");
    const page = await persona("ann", "/accounts/bea");
    const sessions = page.getByRole("list", { name: "Sessions" }).getByRole("listitem");
    await sessions.nth(1).waitFor();
    await page.getByRole("grid", { name: "Failed logins" }).getByRole("row", { name: /bea/ }).waitFor();
    await expectAccessible(page, "an account");

    // What all roles come to, with the reason of each behind it.
    await page.getByRole("button", { name: "Why? controller:runs:cancel" }).click();
    await page.getByRole("dialog", { name: "Why" }).getByText("refused").first().waitFor();
    await page.getByRole("button", { name: "Close the explanation" }).click();

    await sessions.filter({ hasText: "Command line" }).getByRole("button").click();
    await sessions.filter({ hasText: "Command line" }).waitFor({ state: "detached" });
    assert.equal(await sessions.count(), 1);
    await page.getByRole("button", { name: "Disable" }).click();
    const disable = page.getByRole("dialog", { name: "Disable account bea?" });
    await disable.getByText("its sessions end at once", { exact: false }).waitFor();
    await disable.getByRole("button", { name: "Disable" }).click();
    await bea.getByText("Your session has ended").waitFor();
    await page.getByText("The account is disabled and can do none of it.").waitFor();

    await page.getByRole("button", { name: "Delete" }).click();
    const sure = page.getByRole("dialog", { name: "Delete account bea?" });
    assert.equal(await sure.getByRole("button", { name: "Delete" }).isDisabled(), true);
    await sure.getByRole("textbox", { name: "Type bea to confirm" }).fill("bea");
    await sure.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("heading", { name: "Accounts" }).waitFor();
    await page.getByRole("row", { name: /root/ }).waitFor();
    assert.equal(await page.getByRole("row", { name: /bea/ }).count(), 0);
    await page.getByRole("link", { name: "Failed logins" }).click();
    await page.getByRole("row", { name: /bea/ }).waitFor();
    await expectAccessible(page, "failed logins");

    // The last administrator cannot go: the manager refuses, and its words are shown.
    await page.goto(`${instance.url}/accounts/ann`);
    await page.getByRole("button", { name: "Force password change" }).waitFor();
  },
);

onCockpit(
  "4.5: whoever may only look sees every action with the reason why not, and whoever may not look is told",
  async ({ instance, account, persona }) => {
    await account("eve", { permissions: ["manager:administration:accounts:view"] });
    await account("sam", { permissions: ["controller:runs:view"] });
    const page = await persona("eve", "/accounts/sam");
    const disable = page.getByRole("button", { name: "Disable", exact: true });
    await disable.waitFor();
    assert.equal(await disable.getAttribute("aria-disabled"), "true");
    const reason = page.locator(`[id="${await disable.getAttribute("aria-describedby")}"]`);
    assert.match((await reason.textContent()) ?? "", /manager:administration:accounts:manage/);
    await disable.click({ force: true });
    assert.equal(await page.getByRole("dialog").count(), 0);
    await page.getByRole("button", { name: "Why? Disable" }).click();
    await page.getByRole("dialog", { name: "Why" }).getByText("refused").first().waitFor();
    await page.getByRole("button", { name: "Close the explanation" }).click();

    await page.goto(`${instance.url}/access/roles/role-of-sam`);
    await page.getByRole("row", { name: /^runs, / }).waitFor();
    assert.equal(
      await page
        .getByRole("treegrid")
        .getByRole("button", { name: /^Grant / })
        .count(),
      0,
      "it can be read, not edited",
    );
    await page.getByRole("row", { name: /^runs, / }).focus();
    await page.keyboard.press("+");
    assert.equal(await page.getByRole("button", { name: "Undo" }).isDisabled(), true);
    await expectAccessible(page, "a role that can only be read");

    const sam = await persona("sam", "/accounts");
    await sam
      .getByRole("alert")
      .getByText(/Your roles do not show this|There is nothing here that you may see/)
      .waitFor();
  },
);
