/** What every command gets: its output, and the manager or launcher it talks to, found as the design says. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { dataLayout, type DataLayout } from "#kernel/data-layout.ts";
import { fail } from "#kernel/problem.ts";
import { createApiClient, type ApiClient } from "#cli/api-client.ts";
import { createOutput, type Output } from "#cli/output.ts";
import { tokenFor } from "#cli/saved-logins.ts";

/** Options that every command takes. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly color?: boolean;
  readonly url?: string;
  readonly data?: string;
  readonly ca?: string;
}

export interface Context {
  readonly output: Output;
  readonly options: GlobalOptions;
  /** The manager: `--url`, else `BEHALF_URL`, else the local socket of the nearest data folder. */
  api(): ApiClient;
  /** The data folder: `--data`, else `BEHALF_DATA`, else the nearest `.behalf` upwards, else `./.behalf`. */
  layout(): DataLayout;
}

/** The nearest `.behalf` in this folder or above it; null when there is none. */
const nearestDataFolder = (from: string): string | null => {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, ".behalf");
    if (existsSync(candidate)) return candidate;
    if (folder === dirname(folder)) return null;
  }
};

export const dataFolderOf = (options: GlobalOptions): string =>
  resolve(options.data ?? process.env["BEHALF_DATA"] ?? nearestDataFolder(process.cwd()) ?? ".behalf");

const readAuthority = (path: string | undefined): string | null => {
  if (path === undefined) return null;
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    return fail("cli.unreadable-file", `the certificate file \`${path}\` cannot be read`, { cause: error });
  }
};

export const checkUrl = (text: string): string => {
  let url: URL;
  try {
    url = new URL(text);
  } catch (error) {
    return fail("cli.usage", `\`${text}\` is not a URL`, { hint: "give it as in `--url http://localhost:4900`", cause: error });
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") fail("cli.usage", `\`${text}\` is not an http or https URL`);
  if (url.username !== "" || url.password !== "")
    fail("cli.usage", "a URL must not carry a password", { hint: "sign in with `behalf login --url URL`" });
  return url.origin;
};

export const createContext = (options: GlobalOptions): Context => {
  const output = createOutput({ json: options.json === true, noColour: options.color === false });
  return {
    output,
    options,
    layout: () => dataLayout(dataFolderOf(options)),
    api: () => {
      const given = options.url ?? process.env["BEHALF_URL"];
      if (given === undefined || given === "")
        return createApiClient({ kind: "socket", path: dataLayout(dataFolderOf(options)).manager.socket });
      const url = checkUrl(given);
      return createApiClient({
        kind: "url",
        url,
        token: process.env["BEHALF_TOKEN"] ?? tokenFor(url),
        ca: readAuthority(options.ca ?? process.env["BEHALF_CA"]),
      });
    },
  };
};
