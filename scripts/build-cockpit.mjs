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
const chunks = JSON.parse(readFileSync(join(web, "dist", "manifest.json"), "utf8"));
/** What a first page has to wait for: compiled function by function, as it needs them. */
const firstLoad = new Set();
const load = (key) => {
  if (firstLoad.has(chunks[key].file)) return;
  firstLoad.add(chunks[key].file);
  for (const next of chunks[key].imports ?? []) load(next);
};
for (const [key, { isEntry }] of Object.entries(chunks)) if (isEntry || key.endsWith("/overview-page.tsx")) load(key);
/** Of the editor's code a page needs a small part. */
const isEditor = /^code-/;
for (const name of readdirSync(assets)) {
  let content = readFileSync(join(assets, name));
  if (name.endsWith(".js") && !firstLoad.has(`assets/${name}`) && !isEditor.test(name)) {
    // What is loaded ahead is compiled as a whole then, beside the page, instead of function by function while it is drawn: 10 ms less of a first visit.
    // Chromium reads the comment, at the very beginning of a file only; to others it is one.
    content = Buffer.concat([Buffer.from("//# allFunctionsCalledOnLoad\n"), content]);
    writeFileSync(join(assets, name), content);
  }
  writeFileSync(join(assets, `${name}.gz`), gzipSync(content, { level: 9 }));
  writeFileSync(
    join(assets, `${name}.br`),
    brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 10, [constants.BROTLI_PARAM_SIZE_HINT]: content.length } }),
  );
}
