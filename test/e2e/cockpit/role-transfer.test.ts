/** Roles from elsewhere and to elsewhere, made, duplicated and deleted at the cockpit. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "#test/fixtures/eventually.ts";
import { expectAccessible, onCockpit, pasteOver } from "#test/fixtures/cockpit.ts";

onCockpit(
  "3.8: roles are imported after a dry run that says what is not carried over, and exported as a file",
  async ({ instance, persona }) => {
    const page = await persona("ann", "/access");
    await page.getByRole("row", { name: /api_user/ }).waitFor();
    await page.getByRole("button", { name: "Import …" }).click();
    await pasteOver(
      page,
      "What to import",
      "kind: Role\nname: closer\npermissions: [controller:runs]\nfolders: [/finance/*]\n---\nkind: Role\nname: wrong\npermissions: [controller:rnus]\n",
    );
    await page.getByRole("button", { name: "Dry run" }).click();
    await page
      .getByText(/did you mean .?controller:runs/)
      .first()
      .waitFor();
    assert.equal(await page.getByRole("button", { name: "Import", exact: true }).getAttribute("aria-disabled"), "true");
    await pasteOver(page, "What to import", "kind: Role\nname: closer\npermissions: [controller:runs]\nfolders: [/finance/*]\n");
    await page.getByRole("button", { name: "Dry run" }).click();
    await page.getByRole("list", { name: "What would be done" }).getByText("closer").waitFor();
    await expectAccessible(page, "import");
    const names = async (): Promise<string[]> =>
      (await instance.api.call<{ items: { name: string }[] }>("GET", "/api/v1/roles")).items.map(({ name }) => name);
    assert.ok(!(await names()).includes("closer"), "a dry run changes nothing");
    await page.getByRole("button", { name: "Import", exact: true }).click();
    await page.getByRole("dialog", { name: "Import all of it?" }).getByRole("button", { name: "Import" }).click();
    await page.getByText("The import is done").waitFor();
    assert.ok((await names()).includes("closer"));

    await page.getByRole("link", { name: "Roles", exact: true }).first().click();
    await page.getByRole("row", { name: /closer/ }).waitFor();
    await page.getByRole("button", { name: "Export …" }).click();
    const dialog = page.getByRole("dialog", { name: "Export roles" });
    await dialog.getByRole("textbox").waitFor();
    const arriving = page.waitForEvent("download");
    await dialog.getByRole("button", { name: "Save as a file" }).click();
    const file = await arriving;
    assert.equal(file.suggestedFilename(), "roles.yaml");
    assert.match(readFileSync(await file.path(), "utf8"), /name: closer\n/);
  },
);

onCockpit(
  "D70-D73: a role is made, duplicated, renamed and deleted; an empty one is not kept and that is said",
  async ({ instance, persona }) => {
    const page = await persona("ann", "/access");
    await page.getByRole("button", { name: "New role" }).click();
    await page.getByRole("heading", { name: "New role" }).waitFor();
    assert.equal(await page.getByRole("button", { name: "Save …" }).getAttribute("aria-disabled"), "true", "it has no name yet");
    await page.getByRole("textbox", { name: "Role", exact: true }).fill("closer");
    await page.keyboard.press("Enter");
    // Its name has arrived: what lies under the pointer moves no more.
    await page.getByRole("button", { name: "Save …", disabled: false }).waitFor();
    await page.getByRole("button", { name: "Save …" }).click();
    const review = page.getByRole("dialog", { name: "Save role closer" });
    await review.getByText(/role .?closer.? is not made: it has neither a permission nor a folder/).waitFor();
    await review.getByRole("button", { name: "Edit on" }).click();
    await page.getByRole("combobox", { name: "Add permission" }).fill("controller:runs:view");
    await page.getByRole("checkbox", { name: "Excluded" }).check();
    await page.getByRole("button", { name: "Add", exact: true }).first().click();
    await page.getByRole("list", { name: "Entries" }).getByText("controller:runs:view").waitFor();
    await page.getByText("Granting the first folder revokes all others", { exact: false }).waitFor();
    await page.getByRole("button", { name: "Save …" }).click();
    await review.getByRole("button", { name: "Save role" }).click();
    await page.getByRole("heading", { name: "Role closer" }).waitFor();

    await page.getByRole("button", { name: "Duplicate" }).click();
    await page.getByRole("textbox", { name: "Name of the copy" }).fill("closer-2");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Role closer-2" }).waitFor();
    await page.getByRole("textbox", { name: "Role", exact: true }).fill("opener");
    await page.keyboard.press("Enter");
    // Its name has arrived: what lies under the pointer moves no more.
    await page.getByRole("button", { name: "Save …", disabled: false }).waitFor();
    await page.getByRole("button", { name: "Save …" }).click();
    await page.getByRole("dialog", { name: "Save role opener" }).getByRole("button", { name: "Save role" }).click();
    await page.getByRole("heading", { name: "Role opener" }).waitFor();
    const roles = async (): Promise<Map<string, string>> =>
      new Map(
        (await instance.api.call<{ items: { name: string; yaml: string }[] }>("GET", "/api/v1/roles")).items.map((one) => [
          one.name,
          one.yaml,
        ]),
      );
    assert.match((await roles()).get("opener") ?? "", /- -controller:runs:view/);
    assert.ok((await roles()).has("closer"));

    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog", { name: "Delete role opener?" }).getByRole("button", { name: "Delete" }).click();
    await page.getByRole("heading", { name: "Access" }).waitFor();
    await page.getByRole("row", { name: /closer/ }).waitFor();
    assert.ok(!(await roles()).has("opener"));
  },
);

onCockpit(
  "3.8: files of other products are taken as they are: their format is known by their name, and what is not carried over is told",
  async ({ instance, persona }) => {
    const page = await persona("ann", "/access/import");
    const folder = join(import.meta.dirname, "..", "..", "fixtures", "imports");
    const take = async (file: string, format: string, names: string): Promise<void> => {
      const choosing = page.waitForEvent("filechooser");
      await page.getByRole("button", { name: "Read a file" }).click();
      // One of the roles has the name of one that is here from the start.
      const buffer = Buffer.from(readFileSync(join(folder, file), "utf8").replaceAll("business_user", "teller"));
      await (await choosing).setFiles({ name: file, mimeType: "text/plain", buffer });
      await eventually(
        `the format of ${file}`,
        () => page.getByRole("combobox", { name: "Format" }).first().inputValue(),
        (value) => value === format,
      );
      await page.getByRole("textbox", { name: "Names of controllers" }).fill(names);
      await page.getByRole("button", { name: "Dry run" }).click();
    };
    const done = page.getByRole("list", { name: "What would be done" });
    await take("js7-roles.json", "JS7 roles (JSON)", "Night_Controller=night");
    await done.getByText("close-books").waitFor();
    await page.getByRole("button", { name: "Import", exact: true }).click();
    await page.getByRole("dialog", { name: "Import all of it?" }).getByRole("button", { name: "Import" }).click();
    await page.getByText("The import is done").waitFor();
    const { items } = await instance.api.call<{ items: { name: string }[] }>("GET", "/api/v1/roles");
    assert.ok(items.some(({ name }) => name === "close-books"));

    // What is told of it holds none of its passwords.
    await take("shiro.ini", "shiro.ini", "");
    const report = page.getByRole("list", { name: "Not carried over as it stands" });
    await report.getByText("ldapRealm").first().waitFor();
    assert.doesNotMatch(await report.innerText(), /planted/);
    await expectAccessible(page, "import of a shiro.ini");
  },
);
