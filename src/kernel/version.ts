/** The product's version, from its package. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { installationRoot } from "#kernel/installation.ts";

export const version: string = (JSON.parse(readFileSync(join(installationRoot, "package.json"), "utf8")) as { version: string }).version;
