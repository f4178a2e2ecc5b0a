/**
 * Where compiled code is kept between starts. A first start on an empty data folder compiles nothing when the installation's own cache is
 * warm (`npm start` and `npm ci` fill it): that is more than half of its time. What does not belong here: filling it (`scripts/warm-cache.mjs`).
 */
import { lstatSync } from "node:fs";
import { join } from "node:path";
import { installationRoot } from "#kernel/installation.ts";
import { makePrivateFolder } from "#kernel/private-file.ts";

const isOurs = (path: string): boolean => {
  const found = lstatSync(path);
  return found.isDirectory() && found.uid === process.getuid?.();
};

/**
 * The cache beside the code, for processes of this very account; null where the code is another account's.
 * SECURITY: whoever writes there chooses what later starts execute (S12): `compile-cache.test.ts`.
 */
export const installationCache = (root = installationRoot): string | null => {
  const around = join(root, ".cache");
  const folder = join(around, "compile");
  try {
    if (!isOurs(root)) return null;
    makePrivateFolder(around, 0o755);
    if (!isOurs(around)) return null;
    makePrivateFolder(folder);
    return isOurs(folder) ? folder : null;
  } catch {
    // A disk that cannot be written, or something else of that name.
    return null;
  }
};
