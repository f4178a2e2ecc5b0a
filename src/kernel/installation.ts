/** Where the product lies: the folder with package.json, `src` and `node_modules`. Found from a source file and from a bundle (`bundle.ts`) alike. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

const above = (folder: string): string =>
  existsSync(join(folder, "package.json")) || dirname(folder) === folder ? folder : above(dirname(folder));

export const installationRoot = above(import.meta.dirname);
