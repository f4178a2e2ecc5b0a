/**
 * Folder paths: how they are written (E9), whether a folder entry holds a path, and which entry of many decides. What does not
 * belong here: whose entries they are (`compile.ts`).
 *
 * A question's path names an object (`/finance/close-books`) or, with a slash at its end, a folder (`/finance/`). An entry
 * holds its own path, the objects directly in it and, when recursive, everything below it (D91, D98).
 */
import { problem } from "#kernel/problem.ts";
import { ok, refuse, type Result } from "#kernel/result.ts";

const longestPath = 1024;
const slash = 47;

const malformed = (text: string, why: string): Result<never> =>
  refuse(
    problem("access.malformed-folder", `\`${text.slice(0, 100)}\` is not a folder: ${why}`, {
      hint: "write a folder as `/finance` or `/finance/eu`, with everything below it as `/finance/*`",
    }),
  );

const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/**
 * E9: `/demo/*`, `demo/` and `/demo` with `recursive` are the same entry. `/` alone is the root without what is below it unless
 * `recursive` says so; `/*` is everything.
 */
export const normaliseFolder = (text: string, recursive = false): Result<{ readonly path: string; readonly recursive: boolean }> => {
  if (text === "") return malformed(text, "it is empty");
  if (text.length > longestPath) return malformed(text, `it is longer than ${longestPath} characters`);
  if (invisible.test(text)) return malformed(text, "it has control or invisible characters");
  if (text.includes("//")) return malformed(text, "it has an empty segment");
  let rest = text.normalize("NFC");
  let below = recursive;
  if (rest.endsWith("/*") || rest === "*") {
    rest = rest.slice(0, -1);
    below = true;
  } else if (rest.endsWith("/") && rest !== "/") below = true;
  if (rest.startsWith("/")) rest = rest.slice(1);
  if (rest.endsWith("/")) rest = rest.slice(0, -1);
  if (rest === "") return ok({ path: "/", recursive: below });
  for (const segment of rest.split("/")) {
    if (segment === "." || segment === "..") return malformed(text, "`.` and `..` are not segments");
    if (segment.trim() !== segment) return malformed(text, "a segment begins or ends with a space");
    if (segment.includes("*")) return malformed(text, "`*` stands only at the end, as `/*`");
    if (segment.includes("\\")) return malformed(text, "segments are separated by `/`");
  }
  return ok({ path: `/${rest}`, recursive: below });
};

/** How definitions and explanations show an entry. */
export const renderFolder = (path: string, recursive: boolean): string => (!recursive ? path : path === "/" ? "/*" : `${path}/*`);

/** A path that was read once: its text in the form that entries are compared in, and where its segments end. */
export interface ReadPath {
  /** Empty: nothing was read. */
  text: string;
  /** Whether it ends with the slash that marks a folder. */
  isFolder: boolean;
  segments: number;
  /** Where each segment ends; for the last one, without the slash behind it. */
  readonly ends: Int32Array;
  /** A running hash of everything before each end. */
  readonly hashes: Int32Array;
}

const hashSeed = 0x811c9dc5 | 0;
const hashPrime = 0x01000193;
const hashOfRoot = Math.imul(hashSeed ^ slash, hashPrime);
const dot = 46;
const mostSegments = longestPath / 2;

/** The last path that was read; `readPath` reads another one only where it has to. */
const lastRead: ReadPath = {
  text: "",
  isFolder: false,
  segments: 0,
  ends: new Int32Array(mostSegments),
  hashes: new Int32Array(mostSegments),
};

const isDots = (path: string, from: number, to: number): boolean =>
  to === from || (to - from <= 2 && path.charCodeAt(from) === dot && path.charCodeAt(to - 1) === dot);

/** Reads into `lastRead`, or says that the path cannot be compared. */
const readInto = (path: string, text: string): boolean => {
  const { ends, hashes } = lastRead;
  lastRead.text = "";
  const { length } = text;
  if (length === 0 || text.charCodeAt(0) !== slash) return false;
  let hash = hashOfRoot;
  let start = 1;
  let segments = 0;
  let isWide = false;
  for (let at = 1; at < length; at += 1) {
    const code = text.charCodeAt(at);
    // Most characters are letters and digits: one look, and into the hash.
    if (code <= slash || code >= 127) {
      if (code === slash) {
        if (isDots(text, start, at) || segments === mostSegments) return false;
        ends[segments] = at;
        hashes[segments] = hash;
        segments += 1;
        start = at + 1;
      } else if (code < 32 || code === 127) return false;
      else if (code > 127) isWide = true;
    }
    hash = Math.imul(hash ^ code, hashPrime);
  }
  if (start < length) {
    if (isDots(text, start, length) || segments === mostSegments) return false;
    ends[segments] = length;
    hashes[segments] = hash;
    segments += 1;
  }
  if (isWide && path === text) {
    const composed = text.normalize("NFC");
    if (composed !== text) return readInto(path, composed);
  }
  lastRead.text = text;
  lastRead.isFolder = start === length && length > 1;
  lastRead.segments = segments;
  return true;
};

/**
 * A question's path in the form that entries are compared in, or null where it cannot be compared: it does not begin with `/`, has
 * an empty, `.` or `..` segment or a control character. Runs on every check: one look at each character (that is most of what a
 * check costs), nothing allocated for plain ASCII.
 */
export const comparablePath = (path: string): string | null => (path.length <= longestPath && readInto(path, path) ? lastRead.text : null);

/**
 * Segments and hashes of a path in comparable form; null where it is not. What it returns is overwritten by the next path that is
 * read, so use it at once.
 */
export const readPath = (comparable: string): ReadPath | null =>
  lastRead.text === comparable || (readInto(comparable, comparable) && lastRead.text === comparable) ? lastRead : null;

/** The path without the slash that marks a folder. */
export const withoutFolderMark = (path: string): string =>
  path.length > 1 && path.charCodeAt(path.length - 1) === slash ? path.slice(0, -1) : path;

/** The folder above a normalised path; `/` is its own. */
export const folderAbove = (path: string): string => {
  const at = path.lastIndexOf("/");
  return at <= 0 ? "/" : path.slice(0, at);
};

/** The folder that an object or folder path lies in or is: `/finance/close-books` -> `/finance`, `/finance/` -> `/finance`. */
export const folderOf = (path: string): string => (path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : folderAbove(path));

/** E9: whether `folder` is an ancestor of `path` by whole segments. An empty text is nobody's. */
export const isBelow = (path: string, folder: string): boolean =>
  folder === "/"
    ? path !== "/"
    : folder !== "" && path.length > folder.length && path.charCodeAt(folder.length) === slash && path.startsWith(folder);

/** Whether an entry holds a question's path. */
export const holds = (entry: { readonly path: string; readonly recursive: boolean }, asked: string): boolean => {
  const path = withoutFolderMark(asked);
  if (path === entry.path) return true;
  if (!isBelow(path, entry.path)) return false;
  return entry.recursive || (path === asked && folderAbove(path) === entry.path);
};
