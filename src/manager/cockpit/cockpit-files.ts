/**
 * The built cockpit as the manager serves it: the document and its hashed files with their compressed copies. What belongs here:
 * finding them and choosing a copy. What does not: building (`scripts/build-cockpit.mjs`), what the document says (`render.ts`).
 */
import { readdirSync, readFileSync, statSync, type ReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { extname, join } from "node:path";
import { installationRoot } from "#kernel/installation.ts";

export type Coding = "br" | "gzip";

/** One hashed file. */
export interface CockpitFile {
  readonly type: string;
  /** Bytes of the file as it is and of each copy. */
  readonly sizes: Readonly<Partial<Record<Coding | "identity", number>>>;
  /** Null: another build has taken its place since this manager began. */
  open(coding: Coding | "identity"): Promise<ReadStream | null>;
}

export interface CockpitFiles {
  /** The document with places for the nonce and the start data. */
  readonly index: string;
  /** By name, without folders. SECURITY: only a name of this map is ever opened; no path of a request reaches the file system. */
  readonly assets: ReadonlyMap<string, CockpitFile>;
}

const types: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
};
const endings: Readonly<Record<Coding, string>> = { br: ".br", gzip: ".gz" };

/** Where the build lies beside the sources. */
export const cockpitFolder = join(installationRoot, "web", "dist");

const sizeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.size;

const fileAt = (path: string, type: string): CockpitFile => {
  const sizes: Partial<Record<Coding | "identity", number>> = { identity: sizeOf(path) ?? 0 };
  for (const coding of ["br", "gzip"] as const) {
    const size = sizeOf(path + endings[coding]);
    if (size !== undefined) sizes[coding] = size;
  }
  return {
    type,
    sizes,
    open: async (coding) => {
      try {
        return (await open(coding === "identity" ? path : path + endings[coding])).createReadStream();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
        throw error;
      }
    },
  };
};

/** Null: the cockpit has not been built. */
export const loadCockpitFiles = (folder: string = cockpitFolder): CockpitFiles | null => {
  let index: string;
  let names: string[];
  try {
    index = readFileSync(join(folder, "index.html"), "utf8");
    names = readdirSync(join(folder, "assets"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  const assets = new Map<string, CockpitFile>();
  for (const name of names) {
    const type = types[extname(name)];
    if (type !== undefined) assets.set(name, fileAt(join(folder, "assets", name), type));
  }
  return { index, assets };
};

/** The best copy that the reader accepts; `q=0` refuses one. */
export const chooseCoding = (file: CockpitFile, accepted: string | undefined): Coding | "identity" => {
  const offers = new Map(
    (accepted ?? "").split(",").map((part): [string, number] => {
      const [name = "", ...parameters] = part.split(";").map((one) => one.trim().toLowerCase());
      const weight = parameters.find((one) => one.startsWith("q="));
      return [name, weight === undefined ? 1 : Number(weight.slice(2)) || 0];
    }),
  );
  for (const coding of ["br", "gzip"] as const)
    if (file.sizes[coding] !== undefined && (offers.get(coding) ?? offers.get("*") ?? 0) > 0) return coding;
  return "identity";
};
