/** Bearer tokens of `behalf login`, by URL, in one private file of the user. */
import { homedir } from "node:os";
import { join } from "node:path";
import { makePrivateFolder, readPrivateFile, writePrivateFile } from "#kernel/private-file.ts";

const folder = (): string => join(process.env["XDG_CONFIG_HOME"] ?? join(homedir(), ".config"), "behalf");
const file = (): string => join(folder(), "logins.json");

const read = (): Record<string, string> => {
  const bytes = readPrivateFile(file());
  if (bytes === null) return Object.create(null) as Record<string, string>;
  try {
    return Object.assign(Object.create(null), JSON.parse(bytes.toString("utf8"))) as Record<string, string>;
  } catch {
    // A torn file only costs a new login.
    return Object.create(null) as Record<string, string>;
  }
};

export const tokenFor = (url: string): string | null => read()[url] ?? null;

/** Keeps a token for the URL, or forgets it (null). */
export const saveToken = (url: string, token: string | null): void => {
  makePrivateFolder(folder());
  const tokens = read();
  if (token === null) delete tokens[url];
  else tokens[url] = token;
  writePrivateFile(file(), `${JSON.stringify(tokens)}\n`);
};
