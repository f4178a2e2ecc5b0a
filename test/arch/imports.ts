/** Reads the imports of the project's own files (and the files of threads that they start) as text, for the tests that keep the floors and the launcher's closure. */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const root = join(import.meta.dirname, "..", "..");
const pattern =
  /^\s*(?:import|export)\s+(type\s)?[^;"']*?from\s+"([^"]+)"|^\s*import\s+"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)|\bnew URL\("(\.[^"]+\.ts)", import\.meta\.url\)/gm;

export interface Import {
  /** File of the project that a specifier leads to, or the package's (or `node:` module's) name. */
  readonly target: string;
  readonly typeOnly: boolean;
  readonly own: boolean;
}

const filesOf = (pattern: string): string[] =>
  globSync(pattern, { cwd: root })
    .filter((file) => !/\.(?:test|test-support|contract)\.ts$/.test(file))
    .toSorted();

/** The product's source files, from the project's root, without tests. */
export const sourceFiles = (): string[] => filesOf("src/**/*.ts");

/** The cockpit's. */
export const cockpitFiles = (): string[] => filesOf("web/src/**/*.{ts,tsx}");

const packageName = (specifier: string): string =>
  specifier.startsWith("@") ? specifier.split("/").slice(0, 2).join("/") : (specifier.split("/")[0] ?? specifier);

const known = new Map<string, Import[]>();

/** What one file imports. */
export const importsOf = (file: string): Import[] => {
  const before = known.get(file);
  if (before !== undefined) return before;
  const found = readImports(file);
  known.set(file, found);
  return found;
};

const readImports = (file: string): Import[] => {
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(pattern)].map(([, type, from, bare, dynamic, thread]) => {
    const specifier = from ?? bare ?? dynamic ?? thread ?? "";
    const typeOnly = type !== undefined;
    if (specifier.startsWith("#web/")) return { target: `web/src/${specifier.slice(5)}`, typeOnly, own: true };
    if (specifier.startsWith("#")) return { target: `src/${specifier.slice(1)}`, typeOnly, own: true };
    if (specifier.startsWith(".")) return { target: relative(root, join(root, dirname(file), specifier)), typeOnly, own: true };
    return { target: specifier.startsWith("node:") ? specifier : packageName(specifier), typeOnly, own: false };
  });
};

/** Everything a file loads when it runs: own files and packages, transitively, type-only imports left out. */
export const closureOf = (entry: string): { readonly files: string[]; readonly packages: string[] } => {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string): void => {
    if (files.has(file)) return;
    files.add(file);
    for (const found of importsOf(file)) {
      if (found.typeOnly) continue;
      if (found.own) visit(found.target);
      else packages.add(found.target);
    }
  };
  visit(entry);
  return { files: [...files].toSorted(), packages: [...packages].toSorted() };
};
