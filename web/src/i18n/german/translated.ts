/** A sentence of the engine in German, found by what is left of it without its values; null: the catalogue does not have it. */
import { formed, sentences } from "#web/i18n/german/sentences.ts";
import { fill, skeletonOf } from "#web/i18n/sentence.ts";

/** A command or an entry of a file is typed as it stands, in whatever language one reads. */
const isCommand = (text: string): boolean => /^(?:(?:behalf|usermod|chage|apt-get) [^`]*|\{.*\})$/.test(text);

const whole = (text: string): string | null => {
  if (text === "" || isCommand(text)) return text;
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

export const translated = (text: string): string | null => {
  const found = whole(text);
  if (found !== null) return found;
  for (const [joint, german] of joints)
    for (let at = text.indexOf(joint); at > 0; at = text.indexOf(joint, at + 1)) {
      // Within backticks it is no joint of ours.
      if (text.slice(0, at).split("`").length % 2 === 0) continue;
      const left = whole(text.slice(0, at));
      const right = left === null ? null : translated(text.slice(at + joint.length));
      if (left !== null && right !== null) return left + german + right;
    }
  return null;
};
