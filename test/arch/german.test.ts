/** The engine's words in German, held against what the engine can say: its rules, its problem codes, its sentences. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { permissionNodes } from "#access/permissions.ts";
import { settingTable } from "#kernel/settings.ts";
import { problemCodes } from "#kernel/problem-codes.ts";
import { sourceFiles } from "#test/arch/imports.ts";
import { saidIn, unknownPart, type Said } from "#test/arch/said-sentences.ts";
import { elsewhere, problems } from "#web/i18n/german/problems.ts";
import { meanings } from "#web/i18n/german/permissions.ts";
import { reasons } from "#web/i18n/german/reasons.ts";
import { formed, sentences } from "#web/i18n/german/sentences.ts";
import { translated } from "#web/i18n/german/translated.ts";
import { skeletonOf } from "#web/i18n/sentence.ts";

const sources = new Map(sourceFiles().map((file) => [file, readFileSync(file, "utf8")]));

test("4.6: every rule by which the engine gives its reasons has German words, and no words stand for a rule that is not there", () => {
  const rules = new Set(
    [...sources]
      .flatMap(([file, source]) => (file.startsWith("src/cli/") ? [] : [...source.matchAll(/"((?:may|who|where|as-whom)\.[a-z-]+)"/g)]))
      .map(([, rule]) => rule ?? ""),
  );
  assert.ok(rules.size > 35, `only ${rules.size} rules found`);
  assert.deepEqual(Object.keys(reasons).toSorted(), [...rules].toSorted());
});

test("D79, 4.6: every branch and leaf of the permission tree is explained in German", () => {
  const all = permissionNodes.map(({ permission }) => permission);
  assert.ok(all.length > 90, `only ${all.length} permissions found`);
  assert.deepEqual(Object.keys(meanings).toSorted(), all.toSorted());
});

/** Rooms whose problems a page of the cockpit can show. */
const shown =
  /^src\/(?:access|identity|jobs|launch|proof)\/|^src\/audit\/(?:verify|expectations)|^src\/kernel\/(?:shape|yaml-documents)|^src\/manager\/(?:routes|web)\/|^src\/manager\/(?:apply-definitions|read-definitions|may-hints|what-if|import-text|log-file)|^src\/nodes\/(?:open-nodes|rules)|^src\/controller\/(?:offer-runs|run-log)|^src\/launcher\/|^src\/store\/(?:store-problem|group-commit)/;
const codeIn = /\b(?:problem|fail|deny)\(\s*"([a-z-]+\.[a-z-]+)"/g;

test("4.6: every problem that a page can show has its title and its hint in German, by the list of those that none can", () => {
  const reachable = new Set(
    [...sources].flatMap(([file, source]) => (shown.test(file) ? [...source.matchAll(codeIn)].map(([, code]) => code ?? "") : [])),
  );
  assert.ok(reachable.size > 80, `only ${reachable.size} codes found`);
  assert.deepEqual(
    Object.keys(problemCodes)
      .filter((code) => !Object.hasOwn(problems, code))
      .toSorted(),
    [...elsewhere].toSorted(),
  );
  for (const [code, { title, hint }] of Object.entries(problems)) assert.ok(title !== "" && hint !== "" && !title.endsWith("."), code);
  // What is said at the start of a part, on the command line, or between a node that joins and the manager.
  const said = elsewhere.filter((code) => reachable.has(code)).toSorted();
  assert.deepEqual(said, [
    "delegation.bad-key",
    "delegation.receipt-forged",
    "delegation.receipt-malformed",
    "delegation.rotation-refused",
    "files.unsafe",
    "launch.already-running",
    "launch.credential-not-found",
    "launch.unsafe-installation",
    "nodes.bad-token",
  ]);
});

/** Not read in a cockpit: what a part says as it starts, other products' files, the launcher's own door. */
const isUnread = ({ file, code, text }: Said): boolean =>
  Object.hasOwn(Object.fromEntries(elsewhere.map((one) => [one, true])), code) ||
  /import-(?:js7|shiro|text)|ini-lines|proof\/(?:keys|rotation|receipt|canonical-json)|launcher\/(?:admin-link|settings|open-host|take-rotation|launcher|folder-lock|doctor)\.|open-identity|role-draft-history|launch\/linux\/(?:host|sudo)|launch\/rules\/credentials/.test(
    file,
  ) ||
  // What cannot happen is told with its id alone.
  code === "general.internal" ||
  // Of the command line's own door.
  /socket|or run the command as/.test(text);

const escaped = (text: string): string => text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);

/** Whether a sentence whose parts are not all known may be this one. */
const matches = (pattern: string, key: string): boolean => new RegExp(`^${pattern.split(unknownPart).map(escaped).join(".+?")}$`).test(key);

const keys = Object.keys(sentences);
/** Whether a sentence, or each part of it, is in the catalogue. */
const isTranslated = (text: string): boolean => {
  const probe = text.replaceAll("``", "`x`");
  if (["`x`", "7"].some((value) => translated(probe.replaceAll(unknownPart, value)) !== null)) return true;
  if (keys.some((one) => matches(skeletonOf(probe).key, one)) || formed.some(([form]) => form.test(probe.replaceAll(unknownPart, "x"))))
    return true;
  return ["; ", ": ", ". ", ", and "].some((joint) => {
    const at = probe.indexOf(joint);
    return at > 0 && isTranslated(probe.slice(0, at)) && isTranslated(probe.slice(at + joint.length));
  });
};

test("4.6: what a page can be told in answer to an act is told in German", () => {
  const said = sourceFiles()
    .filter((file) => shown.test(file))
    .flatMap((file) => saidIn(file, file))
    .filter((one) => !isUnread(one));
  assert.ok(said.length > 200, `only ${said.length} sentences found`);
  const missing = said
    .filter(({ text }) => !isTranslated(text) && !isTranslated(`it ${text}`))
    .map(({ code, text }) => `${code}: ${text.replaceAll(unknownPart, "…")}`);
  assert.deepEqual([...new Set(missing)].toSorted(), [], "without German words in web/src/i18n/german/sentences.ts");
});

test("4.6: every setting of an instance is explained in German", () => {
  assert.ok(settingTable.length > 20);
  assert.deepEqual(
    settingTable.map(({ description }) => description).filter((description) => translated(description) === null),
    [],
  );
});

test("4.6: no German stands beside English that nothing says any more", () => {
  const all = [...sources.values(), readFileSync("web/src/api/api-problem.ts", "utf8")]
    .join("\n")
    .replaceAll("\\`", "`")
    .replaceAll(/\s+/g, " ");
  /** In how few runs of words the sources have it: a sentence is put together of a template and a word or two. */
  const runsOf = (part: string): number => {
    const words = part.split(" ");
    let runs = 0;
    for (let from = 0; from < words.length; runs += 1) {
      let to = words.length;
      while (to > from && !all.includes(words.slice(from, to).join(" "))) to -= 1;
      if (to === from) return Number.POSITIVE_INFINITY;
      from = to;
    }
    return runs;
  };
  const isSaid = (key: string): boolean => key.split(/\{\}|[()]/).every((part) => runsOf(part.trim()) <= 3);
  assert.deepEqual(
    keys.filter((key) => !isSaid(key)),
    [],
  );
});

test("4.6: every German sentence names the values of its English one", () => {
  for (const [key, german] of Object.entries(sentences)) {
    const count = key.split("{}").length - 1;
    const named = new Set([...german.matchAll(/\{(\d)\}/g)].map(([, number]) => Number(number)));
    assert.ok(
      [...named].every((number) => number >= 1 && number <= count),
      `${key}: ${german}`,
    );
    assert.ok(
      ["`x`", "7"].some((value) => skeletonOf(key.replaceAll("{}", value)).key === key),
      `no sentence of the engine becomes ${key}`,
    );
  }
});
