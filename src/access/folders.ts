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

/**
 * A question's path in the form that entries are compared in, or null where it cannot be compared: it does not begin with `/`, has
 * an empty, `.` or `..` segment or a control character. Runs on every check: one look at each character, nothing allocated
 * for plain ASCII.
 */
export const comparablePath = (path: string): string | null => {
  const length = path.length;
  if (length === 0 || length > longestPath || path.charCodeAt(0) !== slash) return null;
  let segmentLength = 0;
  let dots = 0;
  let wide = false;
  for (let index = 1; index < length; index += 1) {
    const code = path.charCodeAt(index);
    if (code === slash) {
      if (dots === segmentLength && dots <= 2) return null;
      segmentLength = 0;
      dots = 0;
    } else {
      if (code < 32 || code === 127) return null;
      if (code > 127) wide = true;
      segmentLength += 1;
      if (code === 46) dots += 1;
    }
  }
  if (segmentLength > 0 && dots === segmentLength && dots <= 2) return null;
  return wide ? path.normalize("NFC") : path;
};

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

/** E9: whether `folder` is an ancestor of `path` by whole segments. */
export const isBelow = (path: string, folder: string): boolean =>
  folder === "/" ? path !== "/" : path.length > folder.length && path.charCodeAt(folder.length) === slash && path.startsWith(folder);

/** Whether an entry holds a question's path. */
export const holds = (entry: { readonly path: string; readonly recursive: boolean }, asked: string): boolean => {
  const path = withoutFolderMark(asked);
  if (path === entry.path) return true;
  if (!isBelow(path, entry.path)) return false;
  return entry.recursive || (path === asked && folderAbove(path) === entry.path);
};
