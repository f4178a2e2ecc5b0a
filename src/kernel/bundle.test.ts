import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { bundleFolder, bundleOf, entryOf } from "#kernel/bundle.ts";
import { makeBundles } from "../../scripts/bundle.ts";

const asRoot = process.getuid?.() === 0;
const made = { agent: { agent: "src/agent/main.ts" } };

/** An installation with one part of two files; its path has a space. */
const installation = async (
  t: TestContext,
): Promise<{ root: string; write: (path: string, text: string) => void; make: () => Promise<void> }> => {
  const root = join(mkdtempSync(join(tmpdir(), "bhf-bundle-")), "a folder");
  t.after(() => rmSync(dirname(root), { recursive: true, force: true }));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  write("package.json", '{ "type": "module" }');
  write("src/agent/said.ts", `export const said: string = "one …";`);
  write("src/agent/main.ts", `import { said } from "./said.ts"; process.stdout.write(said);`);
  const make = async (): Promise<void> => {
    // A file that was just written leaves no bundle.
    await sleep(100);
    await makeBundles(root, made);
  };
  await make();
  return { root, write, make };
};

/** What the part says, from whatever it is started from now. */
const told = (root: string): string =>
  spawnSync(process.execPath, ["--disable-warning=ExperimentalWarning", entryOf("agent", root)], { encoding: "utf8" }).stdout;

test("2.1: a part is started from its bundle; a changed source acts at once, and is bundled at the next set-up", async (t) => {
  const { root, write, make } = await installation(t);
  const first = bundleOf("agent", root);
  assert.ok(first !== null);
  assert.equal(entryOf("agent", root), first);
  assert.equal(told(root), "one …");
  assert.doesNotMatch(readFileSync(first, "utf8"), /[^\0-\xff]/, "one byte for each character");

  write("src/agent/said.ts", `export const said: string = "two …";`);
  assert.equal(bundleOf("agent", root), null);
  assert.equal(entryOf("agent", root), join(root, "src", "agent", "main.ts"));
  assert.equal(told(root), "two …");

  await make();
  assert.notEqual(bundleOf("agent", root), null);
  assert.notEqual(bundleOf("agent", root), first);
  assert.equal(told(root), "two …");
});

test("2.1: the content decides: also of a file whose size and time were kept, of one that was only touched, and of one that is gone", async (t) => {
  const { root, write, make } = await installation(t);
  const at = new Date(Date.now() - 60_000);
  utimesSync(join(root, "src/agent/said.ts"), at, at);
  assert.notEqual(bundleOf("agent", root), null, "touched");
  await make();
  write("src/agent/said.ts", `export const said: string = "two …";`);
  utimesSync(join(root, "src/agent/said.ts"), at, at);
  assert.equal(bundleOf("agent", root), null, "same size, same time");
  await make();
  renameSync(join(root, "src/agent/said.ts"), join(root, "src/agent/gone.ts"));
  assert.equal(bundleOf("agent", root), null, "gone");
  renameSync(join(root, "src/agent/gone.ts"), join(root, "src/agent/said.ts"));
  assert.notEqual(bundleOf("agent", root), null, "back");
  write("package.json", '{ "type": "module", "imports": {} }');
  assert.equal(bundleOf("agent", root), null, "what a name leads to may have changed");
});

test("2.1: an installation that was moved keeps its bundles; a file that is written meanwhile leaves none", async (t) => {
  const { root, write } = await installation(t);
  renameSync(root, `${root} b`);
  assert.equal(bundleOf("agent", `${root} b`)?.startsWith(`${root} b`), true);
  renameSync(`${root} b`, root);
  write("src/agent/said.ts", `export const said: string = "two …";`);
  await makeBundles(root, made);
  assert.equal(bundleOf("agent", root), null);
});

test("S12: a bundle that others could have written is not run", async (t) => {
  const { root, make } = await installation(t);
  const bundle = bundleOf("agent", root) ?? "";
  const record = join(bundleFolder(root), "agent.json");
  for (const path of [join(root, ".cache"), bundleFolder(root), dirname(bundle), bundle, record]) {
    for (const more of [0o002, 0o020]) {
      const mode = path === bundle || path === record ? 0o644 : 0o755;
      chmodSync(path, mode | more);
      assert.equal(bundleOf("agent", root), null, `${path} ${more.toString(8)}`);
      chmodSync(path, mode);
    }
    assert.notEqual(bundleOf("agent", root), null);
    renameSync(path, `${path}.away`);
    symlinkSync(`${path}.away`, path);
    assert.equal(bundleOf("agent", root), null, `${path} is a link`);
    rmSync(path);
    renameSync(`${path}.away`, path);
  }
  chmodSync(bundle, 0o666);
  await make();
  assert.notEqual(bundleOf("agent", root), null, "set-up makes it anew");
});

test("S12: a bundle of another account is neither run nor made", { skip: asRoot ? false : "needs root" }, async (t) => {
  const { root, make } = await installation(t);
  const bundle = bundleOf("agent", root) ?? "";
  const record = join(bundleFolder(root), "agent.json");
  for (const path of [join(root, ".cache"), bundleFolder(root), dirname(bundle), bundle, record]) {
    chownSync(path, 65_534, 65_534);
    assert.equal(bundleOf("agent", root), null, path);
    chownSync(path, 0, 0);
    assert.notEqual(bundleOf("agent", root), null);
  }
  for (const path of [root, join(root, ".cache"), bundleFolder(root), dirname(bundle), bundle, record]) chownSync(path, 65_534, 65_534);
  assert.equal(bundleOf("agent", root), null, "also where all the code is that account's");
  rmSync(join(root, ".cache"), { recursive: true });
  await make();
  assert.equal(existsSync(join(root, ".cache")), false);
});
