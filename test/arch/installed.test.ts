/** When `npm start` and `npm test` install, and when they do without npm and the network. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";

const root = join(import.meta.dirname, "..", "..");
// Plain JavaScript without types: it runs before anything is installed.
const { isInstalled } = (await import(join(root, "scripts", "installed.mjs"))) as { isInstalled: (root: string) => boolean };
type Packages = Record<string, Record<string, unknown>>;

test("2.1: what npm itself has installed is not installed again; what is missing, old, unfinished or without its Node is", (t) => {
  assert.equal(isInstalled(root), true, "this checkout, by whatever command it was installed");
  const folder = mkdtempSync(join(tmpdir(), "behalf-"));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "node_modules"));
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as { packages: Packages };
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify({ packages }));
  const isEnough = (change: (present: Packages) => void): boolean => {
    const { packages: present } = JSON.parse(readFileSync(join(root, "node_modules", ".package-lock.json"), "utf8")) as {
      packages: Packages;
    };
    change(present);
    writeFileSync(join(folder, "node_modules", ".package-lock.json"), JSON.stringify({ packages: present }));
    return isInstalled(folder);
  };
  assert.equal(isInstalled(folder), false, "npm has no record: it broke off");
  assert.ok(isEnough(() => {}));
  assert.ok(!isEnough((present) => delete present["node_modules/fastify"]));
  assert.ok(!isEnough((present) => delete present["node_modules/typescript"]), "what only the cockpit and the tests need");
  assert.ok(!isEnough((present) => (present["node_modules/fastify"] = { integrity: "sha512-of-another-version" })));
  const nodes = Object.keys(packages).filter((path) => /node_modules\/node-(?:bin-)?(?:linux|darwin)-/.test(path));
  const [ours] = nodes.filter((path) => path.includes(process.platform) && path.includes(process.arch));
  assert.ok(nodes.length > 1 && ours !== undefined);
  assert.ok(!isEnough((present) => delete present[ours]));
});
