/** A sentence of the engine in German, found by what is left of it without its values; null: the catalogue does not have it. */
import { problemCodes, type ProblemCode } from "#kernel/problem-codes.ts";
import { problems } from "#web/i18n/german/problems.ts";
import { formed, sentences } from "#web/i18n/german/sentences.ts";
import { fill, skeletonOf } from "#web/i18n/sentence.ts";

/** What is always advised for a code, by the words of the registry. */
const advice: ReadonlyMap<string, string> = new Map(
  Object.entries(problems).flatMap(([code, { hint }]) =>
    Object.hasOwn(problemCodes, code) ? [[problemCodes[code as ProblemCode].hint, hint] as const] : [],
  ),
);

/** A command or an entry of a file is typed as it stands, in whatever language one reads. */
const isCommand = (text: string): boolean => /^(?:(?:behalf|usermod|chage|apt-get) [^`]*|\{.*\})$/.test(text);

const whole = (text: string): string | null => {
  if (text === "" || isCommand(text)) return text;
  const advised = advice.get(text);
  if (advised !== undefined) return advised;
  const { key, values } = skeletonOf(text);
  const words = Object.hasOwn(sentences, key) ? sentences[key] : undefined;
  if (words !== undefined) return fill(words, values.map(inGerman));
  for (const [form, german] of formed) {
    const found = form.exec(text);
    if (found !== null) return german(found.slice(1), translated);
  }
  return null;
};

/** The words within a list of values. */
const inGerman = (value: string): string => value.replaceAll("` and `", "` und `").replaceAll("` or `", "` oder `");

/** How sentences are put together: each part is one of its own. */
const joints: readonly (readonly [string, string])[] = [
  ["; ", "; "],
  [": ", ": "],
  [". ", ". "],
  [", and ", " und "],
];

/** The sentence goes on. */
const goingOn = (german: string, right: string): string => (german === " und " ? right.charAt(0).toLowerCase() + right.slice(1) : right);

/** Longer texts are no sentences of the engine, and are not looked through. */
const mostCharacters = 2000;

export const translated = (text: string): string | null => {
  if (text.length > mostCharacters) return null;
  const found = whole(text);
  if (found !== null) return found;
  for (const [joint, german] of joints)
    for (let at = text.indexOf(joint); at > 0; at = text.indexOf(joint, at + 1)) {
      // Within backticks it is no joint of ours.
      if (text.slice(0, at).split("`").length % 2 === 0) continue;
      const left = whole(text.slice(0, at));
      const right = left === null ? null : translated(text.slice(at + joint.length));
      if (left !== null && right !== null) return left + german + goingOn(german, right);
    }
  return null;
};
