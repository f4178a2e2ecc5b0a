/** Assignments, who can, what if and policy tests at the cockpit: a change is seen before it lands, and what guards it is heard. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { expectAccessible, pasteOver, startCockpit, whyNoBrowser, type CockpitWorld } from "#test/fixtures/cockpit.ts";

const start = async (t: Parameters<typeof startCockpit>[0]): Promise<CockpitWorld> => {
  const world = await startCockpit(t);
  await world.account("ann", null, ["administrator"]);
  await world.account("clerk", { permissions: ["controller:runs", "controller:jobs:view"], folders: ["/finance/*"] });
  return world;
};

test("D68: a role is given and taken at its crossing, and what would lock everybody out is refused", { timeout: 300_000 }, async (t) => {
  const why = whyNoBrowser();
  if (why !== null) return t.skip(why);
  const world = await start(t);
  const page = await world.persona("ann", "/access/assignments");
  const crossing = page.getByRole("checkbox", { name: "clerk holds it_operator" });
  await crossing.waitFor();
  await expectAccessible(page, "the assignments");
  await crossing.press("Space");
  await page.getByText("clerk now holds it_operator").waitFor();
  const rolesOf = async (): Promise<string[]> =>
    (await world.instance.api.call<{ roles: string[] }>("GET", "/api/v1/accounts/clerk")).roles.toSorted();
  assert.deepEqual(await rolesOf(), ["it_operator", "role-of-clerk"]);
  await page.getByRole("checkbox", { name: "clerk holds it_operator", checked: true }).waitFor();
  await crossing.press("Space");
  await page.getByText("clerk no longer holds it_operator").waitFor();
  assert.deepEqual(await rolesOf(), ["role-of-clerk"]);

  // Oneself: to be confirmed, and nothing happens until it is.
  await page.getByRole("checkbox", { name: "ann holds administrator" }).press("Space");
  const asked = page.getByRole("dialog", { name: "Take administrator from ann?" });
  await asked.getByRole("button", { name: "Take role" }).click();
  await asked.getByRole("alert").waitFor();
  await asked.getByRole("button", { name: "Cancel" }).click();
  assert.equal(await page.getByRole("checkbox", { name: "ann holds administrator" }).isChecked(), true);

  // A holder without an account: `os:<uid>`.
  await page.getByRole("button", { name: "Add account of the operating system" }).click();
  await page.getByRole("textbox", { name: "User ID (a number)" }).fill("4711");
  await page.getByRole("button", { name: "Choose roles" }).click();
  const dialog = page.getByRole("dialog", { name: "Roles of os:4711" });
  await dialog
    .getByRole("combobox", { name: "Roles" })
    .or(dialog.getByRole("textbox", { name: "Roles" }))
    .first()
    .click();
  await page.getByRole("option", { name: "business_user" }).click();
  await page.keyboard.press("Tab");
  await dialog.getByRole("button", { name: "Set roles" }).click();
  await page.getByRole("checkbox", { name: "os:4711 holds business_user", checked: true }).waitFor();
});

test("3.4: who can is asked and answered, and each answer has its reason", { timeout: 300_000 }, async (t) => {
  const why = whyNoBrowser();
  if (why !== null) return t.skip(why);
  const world = await start(t);
  const page = await world.persona("ann", "/access/who-can");
  await page
    .getByRole("combobox", { name: "Permission" })
    .or(page.getByRole("textbox", { name: "Permission" }))
    .first()
    .fill("controller:runs:create");
  await page.getByText("needed: object, or folder with / at its end").waitFor();
  await page.getByRole("textbox", { name: "On", exact: true }).fill("/finance/close-books");
  await page.keyboard.press("Enter");
  await page.getByRole("row", { name: /clerk/ }).waitFor();
  const counted = page.getByText(/\d accounts may\./);
  await counted.waitFor();
  assert.equal(await page.evaluate("document.activeElement?.value"), "/finance/close-books", "the focus stays where one asked");
  await expectAccessible(page, "who can");
  await page.reload();
  await page.getByRole("row", { name: /clerk/ }).waitFor();
  await page.getByRole("textbox", { name: "On", exact: true }).fill("/hr/payroll");
  await page.getByRole("button", { name: "Ask" }).click();
  await page.getByRole("row", { name: /clerk/ }).waitFor({ state: "detached" });
  await page.goBack();
  await counted.waitFor();
  assert.equal(await page.getByRole("textbox", { name: "On", exact: true }).inputValue(), "/finance/close-books");
  await page.getByRole("row", { name: /clerk/ }).getByRole("button", { name: "Why? clerk" }).click();
  await page.getByRole("dialog", { name: "Why" }).getByText("permitted").first().waitFor();
});

test("3.5: a draft shows who loses before it is applied; a failing policy test keeps it from landing", { timeout: 300_000 }, async (t) => {
  const why = whyNoBrowser();
  if (why !== null) return t.skip(why);
  const world = await start(t);
  const page = await world.persona("ann", "/access/new-test");
  await pasteOver(
    page,
    "The test as text",
    "kind: PolicyTest\nname: closing\ndescription: Who closes the books\ncases:\n  - clerk may controller:runs:create on /finance/close-books\n  - clerk may controller:runs:create on /hr/payroll\n",
  );
  await page.getByRole("button", { name: "Run as written" }).click();
  const failing = page.getByRole("region", { name: "closing" });
  await failing.getByText("clerk may controller:runs:create on /hr/payroll").waitFor();
  await page.getByText("1 case fails", { exact: false }).first().waitFor();
  await expectAccessible(page, "a failing policy test");
  await pasteOver(
    page,
    "The test as text",
    "kind: PolicyTest\nname: closing\ndescription: Who closes the books\ncases:\n  - clerk may controller:runs:create on /finance/close-books\n",
  );
  await page.getByRole("button", { name: "Save test" }).click();
  await page.getByRole("heading", { name: "Policy test closing" }).waitFor();
  await page.getByRole("link", { name: "Policy tests" }).click();
  await page.getByRole("button", { name: "Run all" }).click();
  await page.getByRole("row", { name: /closing.*passed/ }).waitFor();
  await expectAccessible(page, "policy tests");

  await page.getByRole("link", { name: "What if" }).click();
  const draft = (folder: string): string =>
    `kind: Role\nname: role-of-clerk\npermissions:\n  - manager:view\n  - controller:runs\n  - controller:jobs:view\nfolders:\n  - ${folder}\n`;
  await pasteOver(page, "Draft", draft("/other/*"));
  await page.getByRole("button", { name: "Compare" }).click();
  await page.getByRole("group", { name: "Loses" }).getByText("clerk").waitFor();
  await page.getByText("1 of 1 policy tests fails and keeps it from landing:").waitFor();
  assert.equal(await page.getByRole("button", { name: "Apply draft", exact: true }).getAttribute("aria-disabled"), "true");
  await expectAccessible(page, "what if");
  await page.reload();
  await page.getByRole("textbox", { name: "Draft" }).getByText("/other/*").waitFor();

  await pasteOver(page, "Draft", draft("/finance/close-books"));
  await page.getByRole("button", { name: "Compare" }).click();
  await page.getByText("1 policy test passes.").waitFor();
  await page.getByRole("button", { name: "Apply draft", exact: true }).click();
  const sure = page.getByRole("dialog", { name: "Apply this draft?" });
  await sure.getByRole("button", { name: "Apply draft" }).click();
  await page.getByText("The draft is applied").waitFor();
  const { yaml } = await world.instance.api.call<{ yaml: string }>("GET", "/api/v1/roles/role-of-clerk");
  assert.match(yaml, /- \/finance\/close-books\n/);
});
