/** How the cockpit is built: hashed files, no inline code, a place for the nonce of each answer (W5). */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

/** The manager puts each answer's own nonce in its place (`src/manager/cockpit/`). */
export const noncePlaceholder = "__BEHALF_NONCE__";

const root = dirname(fileURLToPath(import.meta.url));

/** What must run before the first paint is no module: those wait for the whole document. */
const firstPaint: Plugin = {
  name: "first-paint",
  buildStart() {
    this.emitFile({ type: "asset", name: "first-paint.js", source: readFileSync(join(root, "src", "app", "first-paint.js"), "utf8") });
  },
  transformIndexHtml: {
    order: "post",
    handler: (_, { bundle = {} }) => {
      const name = Object.keys(bundle).find((file) => /first-paint-[^/]+\.js$/.test(file));
      if (name === undefined) throw new Error("first-paint.js is not in the bundle");
      return [{ tag: "script", attrs: { src: `/${name}`, nonce: noncePlaceholder }, injectTo: "head-prepend" }];
    },
  },
};

export default defineConfig({
  root,
  plugins: [firstPaint],
  base: "/",
  publicDir: false,
  logLevel: "warn",
  html: { cspNonce: noncePlaceholder },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: ["chrome125", "firefox126", "safari17.5"],
    manifest: "manifest.json",
    // A file of its own for everything: a `data:` address would need its own hole in the policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 900,
    rolldownOptions: {
      // One file for all addresses: what each of them would load is named there, mostly the same names.
      output: { codeSplitting: { groups: [{ name: "addresses", test: /web\/src\/pages\/[\w-]+\/route\.ts$/ }] } },
      checks: { pluginTimings: false },
      // Thousands of `"use client"` lines of libraries mean nothing here.
      onLog: (level, log, report) => {
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") report(level, log);
      },
    },
  },
});
