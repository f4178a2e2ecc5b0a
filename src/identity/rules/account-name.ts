/**
 * Names of accounts, roles and groups: what they may hold and when two are the same. Names are shown to people who decide by them, so
 * nothing that looks like another name gets in. References never use names but ids (E5).
 */
import { problem } from "#kernel/problem.ts";
import { ok, refuse, type Result } from "#kernel/result.ts";
import { codePoints } from "#identity/rules/text-measure.ts";

export const longestName = 128;

export interface AccountName {
  /** NFC, as it is shown. */
  readonly name: string;
  /** The fold by which names are unique within a service. */
  readonly nameKey: string;
}

/**
 * The fold: NFKC, then lower, upper and lower case, then NFC. Upper case before the last step makes `straße` equal `strasse`, `ſ` equal `s` and the
 * dotless `ı` equal `i`, as Unicode's full case folding does; the capital `ẞ` gets there by its small letter alone. No language's own rules apply.
 */
export const accountNameKey = (text: string): string => text.normalize("NFKC").toLowerCase().toUpperCase().toLowerCase().normalize("NFC");

// A letter with its marks, or a digit, at both ends; `.`, `_`, `-`, `@` between. Marks stay on a letter, and not more than three.
const shape = /^(?:\p{L}\p{M}{0,3}|[0-9])(?:\p{L}\p{M}{0,3}|[0-9]|[._@-])*$/u;
const scripts = [
  ["Latin", /\p{Script=Latin}/u],
  ["Greek", /\p{Script=Greek}/u],
  ["Cyrillic", /\p{Script=Cyrillic}/u],
  ["Han", /\p{Script=Han}/u],
  ["Hiragana", /\p{Script=Hiragana}/u],
  ["Katakana", /\p{Script=Katakana}/u],
  ["Hangul", /\p{Script=Hangul}/u],
  ["Bopomofo", /\p{Script=Bopomofo}/u],
  ["Arabic", /\p{Script=Arabic}/u],
  ["Hebrew", /\p{Script=Hebrew}/u],
  ["Armenian", /\p{Script=Armenian}/u],
  ["Georgian", /\p{Script=Georgian}/u],
  ["Thai", /\p{Script=Thai}/u],
  ["Devanagari", /\p{Script=Devanagari}/u],
] as const;

/** Scripts that are written together (UTS 39, "highly restrictive"). Every other mixture is refused. */
const together: readonly (readonly string[])[] = [
  ["Latin", "Han", "Hiragana", "Katakana"],
  ["Latin", "Han", "Hangul"],
  ["Latin", "Han", "Bopomofo"],
];

/** Cyrillic and Greek letters that a reader takes for Latin ones, small and capital. A name of nothing but these is a disguise. */
const looksLatin = /^[аеһіјорсухѕѵԁԛԝАВЕІЈКМНОРСТУХЅԌԜαικνορυΑΒΕΖΗΙΚΜΝΟΡΤΥΧ0-9._@-]+$/u;

const scriptOf = (letter: string): string => scripts.find(([, pattern]) => pattern.test(letter))?.[0] ?? "other";

const scriptsAgree = (text: string): boolean => {
  const found = new Set<string>();
  for (const character of text)
    if (/\p{L}/u.test(character) && !/\p{Script=Common}|\p{Script=Inherited}/u.test(character)) found.add(scriptOf(character));
  return found.size <= 1 || together.some((set) => [...found].every((script) => set.includes(script)));
};

const readName = (what: string, text: string): Result<AccountName> => {
  // The name itself is not echoed where it may hold control characters.
  if (text === "") return refuse(problem("identity.invalid-name", `the ${what} is empty`));
  if (text.length > 4 * longestName || codePoints(text.normalize("NFC")) > longestName)
    return refuse(problem("identity.invalid-name", `the ${what} is longer than ${longestName} characters`));
  const name = text.normalize("NFC");
  if (!name.isWellFormed() || !shape.test(name) || name !== name.normalize("NFKC"))
    return refuse(problem("identity.invalid-name", `the ${what} holds a character that is not allowed, or starts with one of \`. _ - @\``));
  if (!scriptsAgree(name))
    return refuse(
      problem("identity.invalid-name", `the ${what} \`${name}\` mixes letters of several scripts`, {
        hint: "write it with letters of one script",
      }),
    );
  if (/[^\p{ASCII}]/u.test(name) && looksLatin.test(name))
    return refuse(
      problem("identity.invalid-name", `the ${what} \`${name}\` looks like a name in Latin letters but is not`, {
        hint: "write it with Latin letters",
      }),
    );
  return ok({ name, nameKey: accountNameKey(name) });
};

/** An account's name. `root` exists in services of kind `local` only (E8). */
export const readAccountName = (text: string, serviceKind: string): Result<AccountName> => {
  const read = readName("account name", text);
  if (read.ok && read.value.nameKey === "root" && serviceKind !== "local")
    return refuse(problem("identity.invalid-name", "`root` is the name of the local administrator only", { hint: "choose another name" }));
  return read;
};

/** A role's name: the same characters, so that it can stand in a file, a URL and a table. */
export const readRoleName = (text: string): Result<AccountName> => readName("role name", text);

/** A policy test's name: the same characters again. */
export const readTestName = (text: string): Result<AccountName> => readName("name of the policy test", text);

/** A group's name, as definitions and services give it: anything printable, because directories name groups as they like. */
export const readGroupName = (text: string): Result<string> => {
  const name = text.normalize("NFC");
  if (name === "" || name.trim() !== name || codePoints(name) > 256 || !name.isWellFormed() || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name))
    return refuse(
      problem("identity.invalid-name", "a group name is empty, longer than 256 characters, or holds control characters or outer spaces", {
        hint: "use printable characters",
      }),
    );
  return ok(name);
};
