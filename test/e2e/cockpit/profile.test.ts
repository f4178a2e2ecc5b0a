/** Oneself: sessions that one ends, sign-ins that one checks, a new password without losing one's place, permissions with their why. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "#test/fixtures/eventually.ts";
import { goodPassword } from "#test/fixtures/manager.ts";
import { signIn, startCockpit, whyNoBrowser } from "#test/fixtures/cockpit.ts";

test("4.1: a person looks after his own sessions, password and permissions", { timeout: 300_000 }, async (t) => {
  const why = whyNoBrowser();
  if (why !== null) return t.skip(why);
  const { account, persona, visitor, instance } = await startCockpit(t);
  await account("ann", { permissions: ["controller:runs", "-controller:runs:cancel"], folders: ["/finance/*"] });
  const door = await visitor();
  await signIn(door, "ann", "a wrong guess");
  await door.getByRole("alert").waitFor();
  const other = await persona("ann");
  const page = await persona("ann", "/profile");

  const sessions = page.getByRole("region", { name: "Sessions" });
  await sessions.getByText("this one").waitFor();
  assert.equal(await sessions.getByRole("listitem").count(), 2);
  // A dialog is made when it is opened; from its first opening on, it gives the focus back.
  const endAll = sessions.getByRole("button", { name: "Sign out everywhere" });
  for (const round of ["first", "second"]) {
    await endAll.focus();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Cancel" }).waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await eventually(
      `the focus is back after the ${round} time`,
      () => endAll.evaluate((element) => element === element.ownerDocument.activeElement),
      (isBack) => isBack,
    );
  }
  await sessions.getByRole("button", { name: /^End the session from/ }).click();
  await other.getByText("Your session has ended").waitFor();
  await sessions.getByRole("button", { name: /^End the session from/ }).waitFor({ state: "detached" });

  // The sign-in before this one stands with the account, where somebody else's would be noticed.
  await page.getByRole("region", { name: "Who you are" }).getByText("Last sign-in before").waitFor();
  const logins = page.getByRole("region", { name: "Sign-ins" });
  await logins.getByText("failed").waitFor();
  assert.equal(await logins.getByText("signed in").count(), 2);

  const permissions = page.getByRole("region", { name: "What you may do" });
  await permissions.getByRole("row", { name: /controller:runs:create/ }).waitFor();
  assert.equal(await permissions.getByRole("row", { name: /controller:runs:cancel/ }).count(), 0);
  await permissions.getByRole("checkbox", { name: "Also what you may not" }).check();
  const cancel = permissions.getByRole("row", { name: /controller:runs:cancel/ });
  await cancel.getByText(/denies .?controller:runs:cancel/).waitFor();
  await cancel.getByRole("button", { name: /^Why\?/ }).click();
  const panel = page.getByRole("dialog", { name: "Why" });
  await panel.getByText("refused", { exact: true }).waitFor();
  await panel
    .getByText(/-controller:runs:cancel/)
    .first()
    .waitFor();
  await page.keyboard.press("Escape");

  // W3: the session gets a new id with the new password; the page and its streams go on.
  const password = page.getByRole("region", { name: "Password" });
  await password.getByRole("textbox", { name: "Current password" }).fill("not this one at all");
  await password.getByRole("textbox", { name: "New password", exact: true }).fill(`${goodPassword} too`);
  await password.getByRole("textbox", { name: "New password again" }).fill(`${goodPassword} too`);
  await password.getByRole("button", { name: "Change password" }).click();
  await password.getByRole("alert").waitFor();
  await password.getByRole("textbox", { name: "Current password" }).fill(goodPassword);
  await password.getByRole("button", { name: "Change password" }).click();
  await page.getByText("The password is changed").waitFor();
  assert.equal(new URL(page.url()).pathname, "/profile");
  await page.getByRole("status").getByText("Live").waitFor();
  await page.reload();
  await sessions.getByText("this one").waitFor();
  assert.equal(await sessions.getByRole("listitem").count(), 1);
  assert.ok(!(await page.content()).includes(goodPassword));

  await page.getByRole("button", { name: "Sign out everywhere" }).click();
  await page.getByRole("dialog", { name: "Sign out everywhere?" }).getByRole("button", { name: "Sign out everywhere" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await page.goto(`${instance.url}/profile`);
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
});
