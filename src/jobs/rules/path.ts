/**
 * Paths of jobs and folders: one spelling per thing, so that no two paths look alike and mean different jobs. Pure.
 * Not here: who may see a path (`#access`).
 */
import { problem } from "#kernel/problem.ts";
import { ok, refuse, type Result } from "#kernel/result.ts";

export const longestPath = 512;
export const longestSegment = 100;
const deepestPath = 32;

const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}]/u;
const otherSpace = /[^\S ]/u;
const forbidden = /[*?"<>|\\`$:;{}[\]#%&]/;
const letter = /\p{L}/u;

/** Scripts whose letters may stand in one segment: one of them alone, or those that one language writes together. */
const scripts: readonly RegExp[] = [
  /^\p{Script=Latin}$/u,
  /^\p{Script=Greek}$/u,
  /^\p{Script=Cyrillic}$/u,
  /^\p{Script=Armenian}$/u,
  /^\p{Script=Hebrew}$/u,
  /^\p{Script=Arabic}$/u,
  /^\p{Script=Devanagari}$/u,
  /^\p{Script=Thai}$/u,
  /^\p{Script=Georgian}$/u,
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]$/u,
  /^[\p{Script=Han}\p{Script=Hangul}]$/u,
];
const common = /^[\p{Script=Common}\p{Script=Inherited}]$/u;
/** Whole texts of Cyrillic or Greek letters that all look Latin: `раура` reads as a Latin word, though it mixes nothing. */
const looksLatin = /^[АВЕЅІЈКМНОРСТХУаеѕіјорсухԁһԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧονρ]+$/u;

/** Why a segment mixes look-alikes; null when it does not. */
const mixedScripts = (segment: string): string | null => {
  const letters = [...segment].filter((character) => letter.test(character) && !common.test(character));
  if (letters.length === 0) return null;
  if (!scripts.some((script) => letters.every((character) => script.test(character))))
    return "it mixes letters of several scripts in one segment";
  return looksLatin.test(letters.join("")) ? "its letters only look Latin" : null;
};

const segmentProblem = (segment: string): string | null => {
  if (segment === "") return "it has an empty segment";
  if (segment === "." || segment === "..") return "`.` and `..` are not segments";
  if (segment.length > longestSegment) return `a segment is longer than ${longestSegment} characters`;
  if (segment.trim() !== segment) return "a segment begins or ends with a space";
  if (forbidden.test(segment)) return "it has a character that shells and patterns give a meaning";
  if (segment.startsWith("-")) return "a segment begins with `-`, like an option";
  return mixedScripts(segment);
};

/** Why the text is no absolute path of segments; null when it is one. */
const pathProblem = (path: string): string | null => {
  if (path === "") return "it is empty";
  if (path.length > longestPath) return `it is longer than ${longestPath} characters`;
  if (!path.isWellFormed() || hidden.test(path) || otherSpace.test(path)) return "it has control or invisible characters";
  if (!path.startsWith("/")) return "it does not begin with `/`";
  if (path.normalize("NFC") !== path) return "it is not in Unicode's composed form (NFC)";
  if (path.normalize("NFKC") !== path) return "it has characters that only look like others";
  const segments = path.slice(1).split("/");
  if (segments.length > deepestPath) return `it is deeper than ${deepestPath} folders`;
  for (const segment of segments) {
    const found = segmentProblem(segment);
    if (found !== null) return found;
  }
  return null;
};

/** What may be shown of an invalid path: invisible characters would falsify the message. */
const shown = (path: string): string => {
  const cut = path.length > 80 ? `${path.slice(0, 80)}…` : path;
  return [...cut.toWellFormed()].map((character) => (hidden.test(character) ? "\uFFFD" : character === "`" ? "'" : character)).join("");
};

const invalid = (path: string, why: string): Result<never> =>
  refuse(problem("jobs.invalid-path", `\`${shown(path)}\` is not a path: ${why}`));

/** A job's path, exactly as it may be stored. Nothing is corrected: what is not in its one form is refused. */
export const readJobPath = (path: string): Result<string> => {
  const found = pathProblem(path);
  return found === null ? ok(path) : invalid(path, found);
};

/** A folder's path: `/` or like a job's. */
export const readFolderPath = (path: string): Result<string> => (path === "/" ? ok(path) : readJobPath(path));

/** The folder a job or folder stands in; `/` for what stands at the top. */
export const folderOf = (path: string): string => {
  const cut = path.lastIndexOf("/");
  return cut <= 0 ? "/" : path.slice(0, cut);
};
