import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { accountNameKey, readAccountName, readGroupName, readRoleName } from "#identity/rules/account-name.ts";

const isAllowed = (text: string, kind = "local"): boolean => readAccountName(text, kind).ok;

test("names of letters, digits and `. _ - @` are allowed, in every script", () => {
  for (const name of [
    "root",
    "api_user",
    "alice.liddell",
    "a@example.org",
    "svc-1",
    "100234",
    "müller",
    "Ólafur",
    "Иванов",
    "Ελένη",
    "田中太郎",
    "山田はなこ",
    "김철수",
    "שרה",
    "محمد",
    "प्रिया",
  ])
    assert.ok(isAllowed(name), name);
});

test("spaces, control characters, separators and leading punctuation are refused", () => {
  for (const name of [
    "",
    " ",
    "a b",
    "a\tb",
    "a\0b",
    "a\nb",
    "a/b",
    "a\\b",
    "a:b",
    "*none",
    "-rf",
    ".hidden",
    "@all",
    "a\u200bb",
    "a\u202eb",
    "a\ufeff",
    "x".repeat(129),
    "e\u0301\u0301\u0301\u0301\u0301",
    "\ud800",
    "a\u00a0b",
    "a`b",
  ])
    assert.ok(!isAllowed(name), JSON.stringify(name));
});

test("compatibility forms that look like plain letters are refused", () => {
  for (const name of ["ａｄｍｉｎ", "ﬁn", "ro𝗈t", "x²", "Ⅷ", "①", "٣"]) assert.ok(!isAllowed(name), name);
});

test("look-alikes: letters of several scripts in one name are refused", () => {
  for (const name of ["аdmin", "rооt", "αdmin", "pаypal", "Ivan.Иванов", "аβγ"]) assert.ok(!isAllowed(name), name);
});

test("look-alikes: a name of nothing but letters that look Latin is refused, a plain name in that script is not", () => {
  assert.ok(!isAllowed("сосо"));
  assert.ok(!isAllowed("АВС"));
  assert.ok(!isAllowed("асе.12"));
  assert.ok(!isAllowed("οικο"));
  assert.ok(isAllowed("Антон"));
  assert.ok(isAllowed("Жанна"));
});

test("the name is kept in NFC, and is unique without regard to case and composition", () => {
  const read = readAccountName("Mu\u0308ller", "local");
  assert.ok(read.ok);
  assert.deepEqual(read.value, { name: "Müller", nameKey: "müller" });
  for (const [one, other] of [
    ["Root", "ROOT"],
    ["straße", "STRASSE"],
    ["STRAẞE", "strasse"],
    ["Müller", "mu\u0308ller"],
    ["İlker", "i̇lker"],
    ["ırmak", "IRMAK"],
    ["ΟΔΟΣ", "οδος"],
  ] as const)
    assert.equal(accountNameKey(one), accountNameKey(other), one);
  assert.notEqual(accountNameKey("alice"), accountNameKey("alicia"));
});

test("folding twice changes nothing", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 20 }), (text) => {
      const read = readAccountName(text, "local");
      if (read.ok) assert.equal(accountNameKey(read.value.nameKey), read.value.nameKey);
    }),
    { numRuns: 2000 },
  );
});

test("E8: `root` exists in services of kind local only, however it is written", () => {
  assert.ok(isAllowed("root"));
  assert.ok(!isAllowed("root", "ldap"));
  assert.ok(!isAllowed("ROOT", "ldap"));
  assert.ok(isAllowed("rooter", "ldap"));
});

test("W7: a refused name with control characters is not repeated in the message", () => {
  const read = readAccountName("secret\u001b[31mname", "local");
  assert.ok(!read.ok);
  assert.ok(!read.problem.message.includes("secret"));
});

test("role names follow the same rules, group names are anything printable", () => {
  assert.ok(readRoleName("finance-operator").ok);
  assert.ok(!readRoleName("finance operator").ok);
  assert.ok(readGroupName("CN=Finance (EU), OU=Groups").ok);
  for (const group of ["", " x", "a\nb", "a\u202eb", "x".repeat(257)]) assert.ok(!readGroupName(group).ok, JSON.stringify(group));
});
