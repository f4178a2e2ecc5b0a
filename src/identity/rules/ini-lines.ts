/**
 * INI text as Apache Shiro reads it: sections, comments, lines that go on after a backslash, keys that end at the first `=`, `:` or white space.
 * Keeps every entry's line. What does not belong here: what the sections mean.
 */
import { problem, type Problem } from "#kernel/problem.ts";
import { ok, refuse, type Result } from "#kernel/result.ts";

export interface IniEntry {
  /** Null: before any section. */
  readonly section: string | null;
  readonly key: string;
  readonly value: string;
  /** Of its first line, from 1. */
  readonly line: number;
}

export const iniLimits = { characters: 1024 * 1024, lines: 50_000 } as const;

const isSeparator = (character: string): boolean => character === "=" || character === ":" || /\s/.test(character);

/** The key up to the first separator that has no backslash before it, and the value after all separators. */
const splitEntry = (text: string): { readonly key: string; readonly value: string } => {
  let end = 0;
  while (end < text.length && !(isSeparator(text.charAt(end)) && text.charAt(end - 1) !== "\\")) end += 1;
  let begin = end;
  while (begin < text.length && isSeparator(text.charAt(begin))) begin += 1;
  return { key: text.slice(0, end).replaceAll(/\\([=:\s])/g, "$1"), value: text.slice(begin).trim() };
};

/** Whether the line goes on: an odd number of backslashes at its end. */
const goesOn = (line: string): boolean => (/\\*$/.exec(line)?.[0].length ?? 0) % 2 === 1;

const at = (line: number): { readonly at: NonNullable<Problem["at"]> } => ({ at: { line, column: 1 } });

/** Reads the entries in their order; refuses what cannot be INI text, with its line. */
export const readIni = (source: string): Result<readonly IniEntry[]> => {
  if (source.length > iniLimits.characters) return refuse(problem("input.too-large", "the file is larger than 1 MiB"));
  const lines = source.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
  if (lines.length > iniLimits.lines) return refuse(problem("input.too-large", `the file has more than ${iniLimits.lines} lines`));
  const entries: IniEntry[] = [];
  let section: string | null = null;
  for (let index = 0; index < lines.length; index += 1) {
    const line = index + 1;
    let text = (lines[index] ?? "").trim();
    if (/[\u0000-\u0008\u000B-\u001F\u007F]/.test(text) || !text.isWellFormed())
      return refuse(problem("input.invalid-value", "the line holds control characters or half of a character", at(line)));
    if (text === "" || text.startsWith("#") || text.startsWith(";")) continue;
    const header = /^\[([^[\]]*)\]$/.exec(text);
    if (header !== null) {
      section = (header[1] ?? "").trim();
      continue;
    }
    if (text.startsWith("["))
      return refuse(problem("input.invalid-value", "a section's name must stand alone in its line, in brackets", at(line)));
    const pieces: string[] = [];
    while (goesOn(text)) {
      pieces.push(text.slice(0, -1));
      index += 1;
      if (index >= lines.length)
        return refuse(problem("input.invalid-value", "the last line goes on after a backslash, and nothing follows", at(line)));
      text = (lines[index] ?? "").trim();
    }
    const { key, value } = splitEntry([...pieces, text].join(""));
    if (key === "") return refuse(problem("input.invalid-value", "the line has no name before `=`", at(line)));
    entries.push({ section, key, value, line });
  }
  return ok(entries);
};

/** The parts of a list, `a, "b,c", d`: commas within double quotes do not divide. Null: a quote is not closed. */
export const splitList = (text: string, options: { readonly keepEmpty?: boolean } = {}): readonly string[] | null => {
  const parts: string[] = [];
  let part = "";
  let isQuoted = false;
  for (const character of text) {
    if (character === '"') isQuoted = !isQuoted;
    else if (character === "," && !isQuoted) {
      parts.push(part.trim());
      part = "";
    } else part += character;
  }
  if (isQuoted) return null;
  parts.push(part.trim());
  return options.keepEmpty === true ? parts : parts.filter((one) => one !== "");
};
