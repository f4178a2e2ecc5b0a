/** The door of the cockpit: the wrong password and its delay, the forced first change, leaving, and coming back to where one was. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { goodPassword } from "#test/fixtures/manager.ts";
import { eventually } from "#test/fixtures/eventually.ts";
import { expectAccessible, signIn, startCockpit, whyNoBrowser } from "#test/fixtures/cockpit.ts";

test(
  "4.1: the first account signs in with its one-time password, must change it, and lands where he wanted to go",
  { timeout: 300_000 },
  async (t) => {
    const why = whyNoBrowser();
    if (why !== null) return t.skip(why);
    const { instance, visitor } = await startCockpit(t);
    const page = await visitor();
    await page.goto(`${instance.url}/nodes`);
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await expectAccessible(page, "the door");

    await signIn(page, "root", "not the password");
    await page.getByRole("alert").getByText("Unknown account or wrong password").waitFor();
    // W6: the delay after failures is told in seconds, and the button waits with it.
    const guess = { account: "root", password: "another guess", kind: "cli" };
    await eventually(
      "the manager delays the account",
      () =>
        instance.api
          .call("POST", "/api/v1/sessions", guess)
          .catch((error: unknown) => (error as { problem?: { code: string } }).problem?.code),
      (code) => code === "identity.delayed",
    );
    // The delay may be over by then: each failure more makes it twice as long.
    await eventually(
      "the page is told to wait",
      async () => {
        const answered = page.waitForResponse(
          (response) => response.url().endsWith("/api/v1/sessions") && response.request().method() === "POST",
        );
        await signIn(page, "root", "not the password either");
        return (await answered).status();
      },
      (status) => status === 429,
    );
    await page
      .getByRole("alert")
      .getByText(/Try again in \d+ seconds?/)
      .waitFor();
    await page.getByRole("button", { name: "Sign in", disabled: false }).waitFor();

    await signIn(page, "root", instance.firstAccount?.oneTimePassword ?? "");
    await page.getByRole("heading", { name: "Choose a new password" }).waitFor();
    await expectAccessible(page, "the forced change");
    await page.getByRole("textbox", { name: "New password", exact: true }).fill(goodPassword);
    await page.getByRole("textbox", { name: "New password again" }).fill("something else entirely");
    await page.getByRole("button", { name: "Set password" }).click();
    await page.getByRole("alert").getByText("The two new passwords differ").waitFor();
    await page.getByRole("textbox", { name: "New password again" }).fill(goodPassword);
    await page.getByRole("button", { name: "Set password" }).click();

    await page.getByRole("heading", { name: "Nodes" }).waitFor();
    await page.getByRole("row", { name: /local.*online/ }).waitFor();
    await expectAccessible(page, "nodes");
    assert.equal(new URL(page.url()).pathname, "/nodes");

    await page.reload();
    await page.getByRole("row", { name: /local/ }).waitFor();
    await page.getByRole("button", { name: "Account root" }).click();
    await page.getByRole("menuitem", { name: "Sign out", exact: true }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    assert.equal(await page.getByRole("row", { name: /local/ }).count(), 0, "what was loaded goes with the session");
  },
);

test("W3: a session that ends elsewhere ends here at once, and signing in leads back", { timeout: 300_000 }, async (t) => {
  const why = whyNoBrowser();
  if (why !== null) return t.skip(why);
  const { account, persona, instance } = await startCockpit(t);
  await account("ann", null, ["administrator"]);
  const page = await persona("ann", "/nodes?revoked=true");
  await page.getByRole("row", { name: /local/ }).waitFor();
  const second = await page.context().newPage();
  await second.goto(`${instance.url}/`);
  await second.getByRole("button", { name: "Account ann" }).click();
  await second.getByRole("menuitem", { name: "Sign out everywhere" }).click();
  await page.getByText("Your session has ended").waitFor();
  await signIn(page, "ann", goodPassword);
  await page.getByRole("row", { name: /local/ }).waitFor();
  assert.equal(new URL(page.url()).search, "?revoked=true", "the address is the state");
  await second.getByRole("button", { name: "Load anew" }).click();
  await second.getByRole("button", { name: "Account ann" }).waitFor();
});
