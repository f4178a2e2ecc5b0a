/** The cockpit in German: what is refused, and why, is told in the reader's language, wherever it was decided. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Locator, Page } from "playwright-core";
import { axeFindings, startCockpit, signIn, whyNoBrowser } from "#test/fixtures/cockpit.ts";
import { operator, startJobs } from "#test/fixtures/cockpit-jobs.ts";

const german = { language: "de" } as const;

/** What is marked as English, and so would be read out with English sounds. */
const englishIn = (place: Page | Locator): Promise<string[]> => place.locator('[lang="en"]').allTextContents();

test("4.6: in German a refused act, its proof and what would change it are told in German", { timeout: 300_000 }, async (t) => {
  const why = whyNoBrowser();
  if (why !== null) return t.skip(why);
  const { account, persona, visitor, instance } = await startCockpit(t);
  await account("viewer", { permissions: ["manager:nodes:view", "manager:explain:others"] });
  const page = await persona("viewer", "/nodes", german);

  await t.test("4.5: the reason of a greyed action, without a mouse, and its explanation", async () => {
    const invite = page.getByRole("button", { name: "Knoten einladen", exact: true });
    await invite.focus();
    await page
      .getByRole("tooltip")
      .filter({ hasText: "manager:nodes:manage ist abgelehnt: Keine Rolle erlaubt hier manager:nodes:manage" })
      .waitFor();
    await page.getByRole("button", { name: "Warum? Knoten einladen" }).click();
    const panel = page.getByRole("dialog", { name: "Warum" });
    await panel.getByText("Keine Rolle erlaubt hier manager:nodes:manage").first().waitFor();
    await panel.getByText("manager:nodes:manage in die Rolle role-of-viewer für alle Controller aufgenommen würde").first().waitFor();
    await panel.getByText("Wie entschieden wurde").click();
    await panel.getByText("Nichts erlaubt manager:nodes:manage für alle Controller").waitFor();
    await panel
      .getByText("Keine Rolle beschränkt die Ordner; jeder Ordner ist erreichbar")
      .or(panel.getByText("auf Ordner kommt es nicht an"))
      .waitFor();
    assert.deepEqual(await englishIn(panel), []);
    assert.deepEqual(await axeFindings(page), []);
    await page.keyboard.press("Escape");
    await panel.waitFor({ state: "detached" });
  });

  await t.test("4.6: a page that is refused, one that is not there, and what one may, in German", async () => {
    await page.goto(`${instance.url}/audit`);
    const refused = page.getByRole("alert");
    await refused.getByText("Ihre Rollen zeigen das nicht").waitFor();
    await refused.getByText(/ist abgelehnt: Keine Rolle erlaubt hier/).waitFor();
    await refused.getByText(/aufnehmen; das kann ein Konto mit/).waitFor();
    assert.deepEqual(await englishIn(refused), []);
    await page.goto(`${instance.url}/nodes/no-such-node`);
    const missing = page.getByRole("alert");
    await missing.getByText("Es gibt keinen Knoten no-such-node").waitFor();
    assert.deepEqual(await englishIn(missing), []);
    await page.goto(`${instance.url}/profile`);
    await page
      .getByRole("row", { name: /manager:nodes:view/ })
      .getByText("Rolle role-of-viewer erlaubt manager:nodes:view")
      .waitFor();
  });

  await t.test("4.6: a password that is wrong, too short or already used, in German", async () => {
    const change = page.getByRole("region", { name: "Kennwort" });
    const give = async (current: string, next: string): Promise<void> => {
      await change.getByRole("textbox", { name: "Bisheriges Kennwort" }).fill(current);
      await change.getByRole("textbox", { name: "Neues Kennwort", exact: true }).fill(next);
      await change.getByRole("textbox", { name: "Neues Kennwort wiederholen" }).fill(next);
      await change.getByRole("button", { name: "Kennwort ändern" }).click();
    };
    await give("not the password", "short");
    await change.getByText(/Das Kennwort hat weniger als \d+ Zeichen/).waitFor();
    await give("not the password", "a phrase of many words that nobody guesses");
    await change.getByText("Das bisherige Kennwort ist falsch").waitFor();
    await change.getByText("Geben Sie das Kennwort an, mit dem Sie sich angemeldet haben.").waitFor();
    assert.deepEqual(await englishIn(change), []);
  });

  await t.test("4.6: at the door an empty field and a wrong password are told in German", async () => {
    const door = await visitor(german);
    const name = door.getByRole("textbox", { name: "Konto" });
    await door.getByRole("button", { name: "Anmelden" }).click();
    assert.equal(
      await name.evaluate((field) => (field as unknown as { validationMessage: string }).validationMessage),
      "Füllen Sie dieses Feld aus.",
    );
    await signIn(door, "viewer", "not the password");
    await door.getByText("Unbekanntes Konto oder falsches Kennwort.").waitFor();
    assert.deepEqual(await englishIn(door), []);
    await door.context().close();
  });
});

test("4.6: in German a name that is taken and a change that must be confirmed are told in German", { timeout: 300_000 }, async (t) => {
  const why = whyNoBrowser();
  if (why !== null) return t.skip(why);
  const { account, persona } = await startCockpit(t);
  await account("keeper", { permissions: ["manager:administration:accounts", "manager:administration:accounts:view"] });
  await account("clerk", { permissions: ["controller:runs:view"] });
  const page = await persona("keeper", "/accounts", german);
  await page.getByRole("button", { name: "Neues Konto" }).click();
  const dialog = page.getByRole("dialog", { name: "Neues Konto" });
  await dialog.getByRole("textbox", { name: "Kontoname" }).fill("Clerk");
  await dialog.getByRole("button", { name: "Konto anlegen" }).click();
  await dialog
    .getByText("Es gibt schon ein Konto clerk; Namen, die sich nur in Groß- und Kleinschreibung unterscheiden, sind dieselben")
    .waitFor();
  await dialog.getByText("Wählen Sie einen anderen Namen.").waitFor();
  assert.deepEqual(await englishIn(dialog), []);
  await dialog.getByRole("button", { name: "Abbrechen" }).click();

  await page.getByRole("link", { name: "keeper", exact: true }).click();
  await page.getByRole("button", { name: "Sperren", exact: true }).click();
  const asked = page.getByRole("dialog", { name: "Konto keeper sperren?" });
  await asked.getByRole("button", { name: "Sperren", exact: true }).click();
  await asked.getByRole("alert").getByText("Das sperrt Ihr eigenes Konto und meldet Sie ab").waitFor();
  assert.deepEqual(await englishIn(asked), []);
});

test(
  "A46, 4.3: in German a run that its node refuses says in German who, may, where, as whom, and what helps",
  { timeout: 300_000 },
  async (t) => {
    const why = whyNoBrowser();
    if (why !== null) return t.skip(why);
    const { account, persona, instance } = await startJobs(t);
    await account("ann", operator);
    const documents = `kind: Job
path: /examples/keyless
run: { shell: "true" }
as: { credential: nobody-knows }
on: [local]
---
kind: Job
path: /examples/nowhere
run: { program: /no/such/program }
as: { credential: example }
on: [local]
---
kind: Job
path: /examples/administered
run: { shell: "true" }
as: { credential: example }
requires: administrator
on: [local]
`;
    await instance.api.call("POST", "/api/v1/definitions", { documents });
    const page = await persona("ann", "/", german);
    /** Runs it as ann does, and looks at what became of it. */
    const open = async (job: string): Promise<{ readonly chain: Locator; readonly outcome: Locator }> => {
      await page.goto(`${instance.url}/jobs${job}?run=true`);
      const dialog = page.getByRole("dialog", { name: new RegExp(job) });
      await dialog.getByText("ann des Dienstes LOCAL-INITIAL, ausgewiesen mit Kennwort").waitFor();
      await dialog
        .getByText("Rolle role-of-ann erlaubt controller:runs für alle Controller; Ordner /examples/* der Rolle role-of-ann")
        .waitFor();
      assert.deepEqual(await englishIn(dialog), []);
      await dialog.getByRole("button", { name: "Ausführen", exact: true }).click();
      const outcome = page.getByRole("region", { name: "Ergebnis" });
      await outcome
        .getByText(/Er wurde nicht gestartet|abgelehnt|fehlgeschlagen/)
        .first()
        .waitFor();
      return { chain: page.getByRole("region", { name: "In wessen Auftrag" }), outcome };
    };

    const keyless = await open("/examples/keyless");
    await keyless.chain.getByRole("list").first().getByText("Der Knoten hat keine Zugangsdaten namens nobody-knows").waitFor();
    await keyless.outcome.getByText("Der Knoten hat keine Zugangsdaten namens nobody-knows").waitFor();
    await keyless.outcome
      .getByText("Prüfen Sie die Schreibweise im Feld as des Jobs; auf dem Knoten: behalf credential set nobody-knows")
      .waitFor();
    await page.getByText(/^\/examples\/keyless wurde auf local im Auftrag von .* abgelehnt: Der Knoten hat keine Zugangsdaten/).waitFor();
    await keyless.chain.getByText("Wie entschieden wurde").click();
    await keyless.chain.getByText("Ist dem Delegationstoken zu glauben").waitFor();
    assert.deepEqual(await englishIn(keyless.chain), []);
    assert.deepEqual(await englishIn(keyless.outcome), []);

    const administered = await open("/examples/administered");
    await administered.chain
      .getByText(/Der Job braucht die Rolle administrator auf Knoten local, dessen Berechtigungstabelle .* nur operator gibt/)
      .first()
      .waitFor();
    await administered.outcome.getByText(/auf dem Knoten: behalf node table grant \S+ administrator/).waitFor();
    assert.deepEqual(await englishIn(administered.outcome), []);

    const nowhere = await open("/examples/nowhere");
    await nowhere.outcome.getByText(/Konto \S+ hat das Programm \/no\/such\/program nicht gefunden/).waitFor();
    await nowhere.outcome.getByText("auch der Interpreter eines Skripts zählt").waitFor();
    assert.deepEqual(await englishIn(nowhere.outcome), []);
    assert.deepEqual(await axeFindings(page), []);

    await page.goto(`${instance.url}/runs`);
    await page.getByRole("link", { name: "/examples/nowhere" }).first().waitFor();
  },
);
