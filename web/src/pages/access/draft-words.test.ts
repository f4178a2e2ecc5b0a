import assert from "node:assert/strict";
import { test } from "node:test";
import { stepKeys } from "#access/role-draft.ts";
import { renderText, type Language, type Translate } from "#web/i18n/text.ts";
import { disputedWords, stepWords, valueWords } from "#web/pages/access/draft-words.ts";

const speak =
  (language: Language): Translate =>
  (text, ...[values]) =>
    renderText(language, text, values);
const [en, de] = [speak("en"), speak("de")];

test("4.6: every step of a draft and every disputed value is said in the reader's language", () => {
  for (const key of stepKeys)
    assert.notEqual(stepWords({ key, value: "7", scope: "default" }, en), stepWords({ key, value: "7", scope: "default" }, de), key);
  const deny = { key: "deny", value: "controller:runs", scope: "main" } as const;
  assert.equal(stepWords(deny, en), "deny `controller:runs` for controller `main`");
  assert.equal(stepWords(deny, de), "`controller:runs` verbieten für Controller `main`");
  assert.equal(disputedWords({ about: "folder", path: "/a", controller: "default" }, de), "Ordner `/a`");
  assert.equal(disputedWords({ about: "permission", permission: "manager", controller: "main" }, de), "`manager` für Controller `main`");
  assert.equal(valueWords({ is: "permission", granted: true, denied: true }, de), "erlaubt und verboten");
  assert.equal(valueWords({ is: "permission", granted: false, denied: false }, en), "not named");
  assert.equal(valueWords({ is: "folders", folders: [] }, de), "alle Ordner");
  assert.equal(valueWords({ is: "folders", folders: ["/a/*", "/b"] }, de), "`/a/*`, `/b`");
  assert.equal(valueWords({ is: "folder", reach: "below" }, de), "mit allem darunter");
});
