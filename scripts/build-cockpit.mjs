/**
 * Builds the cockpit into `web/dist`: the types of the API, the bundle, and a brotli and a gzip copy of each file, made once here
 * instead of at each answer. `scripts/setup.mjs` runs it when something that goes in has changed.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "vite";
import { writeApiTypes } from "./api-types.mjs";

const web = join(dirname(dirname(fileURLToPath(import.meta.url))), "web");
writeApiTypes();
await build({ configFile: join(web, "vite.config.ts") });
const assets = join(web, "dist", "assets");
for (const name of readdirSync(assets)) {
  const content = readFileSync(join(assets, name));
  writeFileSync(join(assets, `${name}.gz`), gzipSync(content, { level: 9 }));
  writeFileSync(
    join(assets, `${name}.br`),
    brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 10, [constants.BROTLI_PARAM_SIZE_HINT]: content.length } }),
  );
}
