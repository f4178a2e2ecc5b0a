/**
 * What a process is started from: the bundle that set-up made of a part's sources and packages (one file instead of a thousand: half of the time and a third of
 * the memory of a start), or the sources themselves. What does not belong here: making it (`scripts/bundle.ts`, ADR 12).
 */
import { lstatSync, readFileSync, statSync } from "node:fs";
import { hash } from "node:crypto";
import { join } from "node:path";
import { installationRoot } from "#kernel/installation.ts";

export type BundledPart = "cli" | "manager" | "agent" | "launcher";

/** Path from the installation's root, size, modification and change (ms), SHA-256 of the content. */
export type BundleInput = readonly [path: string, size: number, modifiedMs: number, changedMs: number, sha256: string];

/** `PART.json` beside the builds. */
export interface BundleRecord {
  /** Path from the folder of the record. */
  readonly file: string;
  /** Every file that went in, and those that decided which. */
  readonly inputs: readonly BundleInput[];
}

export const bundleFolder = (root = installationRoot): string => join(root, ".cache", "bundle");

/** As git's index does it: a file whose times and size are as recorded was not written since; of any other the content decides. */
const isAsBundled = (root: string, [path, size, modifiedMs, changedMs, sha256]: BundleInput): boolean => {
  const found = statSync(join(root, path), { throwIfNoEntry: false });
  if (found === undefined || found.size !== size) return false;
  if (found.mtimeMs === modifiedMs && found.ctimeMs === changedMs) return true;
  return hash("sha256", readFileSync(join(root, path))) === sha256;
};

/**
 * The bundle of a part; null when there is none that is made of exactly what lies there now, or when others could have written it.
 * SECURITY: it is executed, by root too: it and its folders belong to the account that the code belongs to, which is this one or root, and nobody else
 * can write there (S12): `bundle.test.ts`.
 */
export const bundleOf = (part: BundledPart, root = installationRoot): string | null => {
  try {
    const owner = lstatSync(root).uid;
    if (owner !== 0 && owner !== process.getuid?.()) return null;
    const isOwners = (path: string): boolean => {
      const found = lstatSync(path);
      return (found.isDirectory() || found.isFile()) && found.uid === owner && (found.mode & 0o022) === 0;
    };
    const folder = bundleFolder(root);
    const recordFile = join(folder, `${part}.json`);
    if (![join(root, ".cache"), folder, recordFile].every(isOwners)) return null;
    const { file, inputs } = JSON.parse(readFileSync(recordFile, "utf8")) as BundleRecord;
    const path = join(folder, file);
    if (![join(path, ".."), path].every(isOwners) || !inputs.every((input) => isAsBundled(root, input))) return null;
    return path;
  } catch {
    // None was made, or not whole.
    return null;
  }
};

/** The file that a part's process is started with. */
export const entryOf = (part: Exclude<BundledPart, "cli">, root = installationRoot): string =>
  bundleOf(part, root) ?? join(root, "src", part, "main.ts");
