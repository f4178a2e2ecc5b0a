/** The role editor: with the keyboard alone, in step with its text, across a reload, and when two people edit at once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { expectAccessible, startCockpit, whyNoBrowser, type CockpitWorld } from "#test/fixtures/cockpit.ts";

interface Stored {
  readonly id: string;
  readonly revision: number;
  readonly yaml: string;
}

const roleIn = async ({ instance }: CockpitWorld, name: string): Promise<Stored> => await instance.api.call("GET", `/api/v1/roles/${name}`);

/** A role of these entries, and somebody who holds it. */
const makeClerk = (world: CockpitWorld): Promise<void> =>
  world.account("clerk", { permissions: ["controller:runs", "-controller:runs:cancel", "controller:jobs:view"], folders: ["/finance/*"] });

const rowOf = (page: Page, words: RegExp): ReturnType<Page["getByRole"]> => page.getByRole("row", { name: words });

const focusedName = (page: Page): Promise<unknown> => page.evaluate("document.activeElement.getAttribute('aria-label')");

test("D79-D84: a role is edited and saved with the keyboard alone, and what is done is said", { timeout: 300_000 }, async (t) => {
  const why = whyNoBrowser();
  if (why !== null) return t.skip(why);
  const world = await startCockpit(t);
  await makeClerk(world);
  await world.account("ann", null, ["administrator"]);
  const page = await world.persona("ann", "/access");
  await page.getByRole("row", { name: /role-of-clerk/ }).waitFor();
  await expectAccessible(page, "the roles");
  await page.getByRole("link", { name: "role-of-clerk" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Role role-of-clerk" }).waitFor();

  const tree = page.getByRole("treegrid", { name: "Permissions, All controllers" });
  await tree.waitFor();
  // D84: what the role names is in sight, the rest is folded.
  await rowOf(page, /^cancel, denied,/).waitFor();
  await rowOf(page, /^view, granted, inherited from controller:runs,/)
    .first()
    .waitFor();
  assert.equal(await rowOf(page, /^verify, /).count(), 0);
  await expectAccessible(page, "the editor");

  // What a reader is told of a row's place: level, position, how many there are, and whether it is open.
  const places = (words: RegExp): Promise<(string | null)[]> =>
    Promise.all(["level", "posinset", "setsize", "expanded"].map((name) => rowOf(page, words).first().getAttribute(`aria-${name}`)));
  assert.deepEqual(await places(/^manager, /), ["1", "1", "2", "true"]);
  assert.deepEqual(await places(/^controller, /), ["1", "2", "2", "true"]);
  assert.deepEqual(await places(/^cancel, denied,/), ["3", "4", "9", null]);
  // One place in the tab order; right goes into the row, left out of it again, then closes and opens it.
  await page.getByRole("button", { name: "Expand all" }).focus();
  await page.keyboard.press("Tab");
  assert.match(String(await focusedName(page)), /^manager, /);
  await page.keyboard.press("ArrowRight");
  assert.equal(await focusedName(page), "Grant manager");
  await page.keyboard.press("ArrowRight");
  assert.equal(await focusedName(page), "Deny manager");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  assert.match(String(await focusedName(page)), /^manager, /);
  await page.keyboard.press("ArrowLeft");
  assert.equal((await places(/^manager, /))[3], "false");
  assert.equal(await rowOf(page, /^administration, /).count(), 0);
  await page.keyboard.press("ArrowRight");
  await rowOf(page, /^administration, /).waitFor();
  await page.keyboard.press("c");
  assert.match(String(await focusedName(page)), /^c/, "a letter jumps");
  await page.keyboard.press("Home");
  assert.match(String(await focusedName(page)), /^manager, /);

  await rowOf(page, /^manager, /).focus();
  await page.keyboard.press("*");
  await rowOf(page, /^verify, not assigned,/).waitFor();
  for (let steps = 0; steps < 200 && !String(await focusedName(page)).startsWith("auditlog, "); steps += 1)
    await page.keyboard.press("ArrowDown");
  assert.match(String(await focusedName(page)), /^auditlog, not assigned/);
  await page.keyboard.press("+");
  await page.getByRole("status").getByText("manager:auditlog: granted").waitFor();
  await rowOf(page, /^verify, granted, inherited from manager:auditlog,/).waitFor();
  assert.match(String(await focusedName(page)), /^auditlog, granted, \(2 of 2\)/, "the focus stays, and the row says its state");
  await page.keyboard.press("-");
  await page.getByRole("status").getByText("manager:auditlog: denied").waitFor();
  await rowOf(page, /^verify, denied, inherited from manager:auditlog,/).waitFor();
  await page.keyboard.press("Control+z");
  await rowOf(page, /^verify, granted, inherited/).waitFor();
  await page.keyboard.press("Control+Shift+Z");
  await rowOf(page, /^verify, denied, inherited/).waitFor();
  await page.keyboard.press("Delete");
  await rowOf(page, /^verify, not assigned,/).waitFor();
  await page.keyboard.press(" ");
  await rowOf(page, /^auditlog, granted,/).waitFor();
  // A letter walks as in every tree: the grid keeps its own keys.
  await page.keyboard.press("ArrowUp");
  assert.doesNotMatch(String(await focusedName(page)), /^auditlog, /);

  await page.getByRole("button", { name: "Save …" }).focus();
  await page.keyboard.press("Enter");
  const review = page.getByRole("dialog", { name: "Save role role-of-clerk" });
  await review.getByText("The access of 1 account changes.").waitFor();
  await review.getByRole("group", { name: "Gains" }).getByText("manager:auditlog").first().waitFor();
  await expectAccessible(page, "the consequences");
  assert.ok(!(await roleIn(world, "role-of-clerk")).yaml.includes("auditlog"), "nothing is changed yet");
  const save = review.getByRole("button", { name: "Save role" });
  await save.focus();
  await page.keyboard.press("Enter");
  await page.getByText("Role role-of-clerk is saved").waitFor();
  const stored = await roleIn(world, "role-of-clerk");
  assert.deepEqual(
    [stored.revision, stored.yaml.match(/- .*/g)],
    [
      2,
      ["- manager:view", "- controller:runs", "- -controller:runs:cancel", "- controller:jobs:view", "- manager:auditlog", "- /finance/*"],
    ],
    "order is kept",
  );
});

test("D80-D82: tree, list and text are one draft; undo survives a reload and ends with leaving", { timeout: 300_000 }, async (t) => {
  const why = whyNoBrowser();
  if (why !== null) return t.skip(why);
  const world = await startCockpit(t);
  await makeClerk(world);
  await world.account("ann", null, ["administrator"]);
  const { id } = await roleIn(world, "role-of-clerk");
  const page = await world.persona("ann", `/access/roles/${id}`);
  await rowOf(page, /^cancel, denied,/).waitFor();
  // D80: the switch turns the entry and cannot edit what it names.
  const excluded = page.getByRole("switch", { name: "controller:runs:cancel excluded" });
  assert.equal(await excluded.isChecked(), true);
  await excluded.press("Space");
  await rowOf(page, /^cancel, granted,/).waitFor();
  assert.equal(await page.getByRole("list", { name: "Entries" }).getByRole("textbox").count(), 0);

  await page.getByRole("button", { name: "Text", exact: true }).click();
  const text = page.getByRole("textbox", { name: "The role as text" });
  await text.getByText("- controller:runs:cancel").waitFor();
  await text.getByText("- controller:runs:cancel").click();
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await page.keyboard.type("- controller:rnus");
  await page.getByText("Line 7 cannot be read; the tree stays as it was.").waitFor();
  await page
    .getByText(/there is no permission `?controller:rnus`?.*did you mean `?controller:runs/)
    .first()
    .waitFor();
  await page.keyboard.press("Home");
  await page.keyboard.press("Shift+End");
  await page.keyboard.type("- -controller:view");
  await page.getByText("Text and tree are in step.").waitFor({ state: "attached" });
  await page
    .getByRole("treegrid")
    .getByRole("row", { name: /^view, denied,/ })
    .waitFor();

  await page.reload();
  await page.getByText("These are your unsaved changes from before this page was loaded.").waitFor();
  await page
    .getByRole("treegrid")
    .getByRole("row", { name: /^view, denied,/ })
    .waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByRole("button", { name: "Undo" }).click();
  await rowOf(page, /^cancel, denied,/).waitFor();
  assert.equal(await page.getByRole("button", { name: "Undo" }).isDisabled(), true, "all is undone");
  await page.getByRole("button", { name: "Redo" }).click();
  await rowOf(page, /^cancel, granted,/).waitFor();

  await page.getByRole("link", { name: "Nodes" }).click();
  await page.getByRole("dialog", { name: "Leave without saving?" }).getByRole("button", { name: "Stay" }).click();
  await rowOf(page, /^cancel, granted,/).waitFor();
  await page.getByRole("link", { name: "Nodes" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Leave" }).click();
  await page.getByRole("heading", { name: "Nodes" }).waitFor();
  await page.goto(`${world.instance.url}/access/roles/${id}`);
  await rowOf(page, /^cancel, denied,/).waitFor();
  assert.equal(await page.getByRole("button", { name: "Redo" }).isDisabled(), true, "D82: saved states are dropped when it is left");
  assert.equal((await roleIn(world, "role-of-clerk")).revision, 1);
});

test("3.7: two people edit one role: what only one changed is taken, what both changed is chosen", { timeout: 300_000 }, async (t) => {
  const why = whyNoBrowser();
  if (why !== null) return t.skip(why);
  const world = await startCockpit(t);
  await makeClerk(world);
  await world.account("ann", null, ["administrator"]);
  const stored = await roleIn(world, "role-of-clerk");
  const page = await world.persona("ann", `/access/roles/${stored.id}`);
  await rowOf(page, /^cancel, denied,/)
    .getByRole("button", { name: "Grant controller:runs:cancel" })
    .click();
  await rowOf(page, /^cancel, granted,/).waitFor();
  await page.getByRole("combobox", { name: "Add folder" }).fill("/hr");
  await page.getByRole("button", { name: "Add" }).last().click();
  await page.getByRole("list", { name: "Folders" }).getByText("/hr/*").waitFor();

  const theirs = {
    kind: "Role",
    name: "role-of-clerk",
    permissions: ["manager:view", "controller:runs", "controller:jobs:view", "manager:nodes:view"],
    folders: ["/finance/*"],
  };
  await world.instance.api.call("PUT", `/api/v1/roles/${stored.id}`, { definition: theirs, confirm: true, revision: 1 });
  await page.getByRole("button", { name: "Save …" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Save role" }).click();

  await page.getByText("You began at revision 1; revision 2 is stored now.", { exact: false }).waitFor();
  await expectAccessible(page, "the conflict");
  const left = page.getByRole("button", { name: "1 choice left" });
  assert.equal(await left.isDisabled(), true);
  await page.getByRole("radio", { name: /Yours: granted/ }).check();
  await page.getByRole("button", { name: "Take in" }).click();
  await page.getByRole("button", { name: "Save …" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Save role" }).click();
  await page.getByText("Role role-of-clerk is saved").waitFor();
  const merged = await roleIn(world, "role-of-clerk");
  assert.equal(merged.revision, 3);
  for (const entry of ["controller:runs:cancel", "manager:nodes:view", "/hr/*", "/finance/*"])
    assert.ok(merged.yaml.includes(`- ${entry}\n`), entry);
});
