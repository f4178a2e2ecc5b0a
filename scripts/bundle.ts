/**
 * Makes of each part's sources and packages one file below `.cache/bundle`, and a record of what went in, by which `src/kernel/bundle.ts` tells whether it
 * is still made of what lies there. Names are kept and nothing is shortened, so that a stack trace can be read. Needs the development packages;
 * without them the parts run from their sources (ADR 12).
 */
import { hash } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { rolldown, type Plugin } from "rolldown";
import { bundleFolder, bundleOf, type BundledPart, type BundleInput, type BundleRecord } from "#kernel/bundle.ts";
import { makePrivateFolder, writePrivateFile } from "#kernel/private-file.ts";

/** Files of a bundle without their ending, and the source that each begins with. */
export type Entries = Readonly<Record<string, string>>;

/** Each file is whole by itself: a part never meets another build's pieces, and the launcher nothing of the manager. */
export const bundledParts: Readonly<Record<BundledPart, Entries>> = {
  cli: { cli: "src/cli/program.ts" },
  manager: { manager: "src/manager/main.ts" },
  agent: { agent: "src/agent/main.ts" },
  launcher: { launcher: "src/launcher/main.ts", "starter-thread": "src/launch/linux/starter-thread.ts" },
};

/** Native code stays where it is installed. */
const external = [/^koffi$/, /^pg-native$/];
/** A thread's file lies beside the file that starts it. */
const threadFile = /(new URL\("\.\/[\w-]+)\.ts(", import\.meta\.url\))/g;
/**
 * Importing these by name evaluates each getter that they have: of `http` Node's WebSocket client (0.8 MB of code, 5 MB of memory), of `util` thirty modules that
 * nothing here uses. Asked for as a whole they do not.
 */
const askedWhole = /^(?:node:)?(http|util)$/;
const wholeModule = /^\0whole:(\w+)\.cjs$/;
/** Builds that a process of an earlier start may still take its thread's file from. */
const keptBuilds = 3;
/** A file that was written later than so long before the bundling began may have been read half-way. */
const settledMs = 50;

/** The package.json of a package's file, which says what of it is meant. */
const packageFile = (path: string): string => {
  for (let folder = dirname(path); folder.includes(`${sep}node_modules${sep}`); folder = dirname(folder))
    if (existsSync(join(folder, "package.json"))) return join(folder, "package.json");
  return path;
};

/** V8 keeps a text with one character beyond Latin-1 in two bytes each. */
const inOneByte = (code: string): string => {
  if (/String\.raw`[^`]*[^\0-\xff]/.test(code)) throw new Error("a raw text holds a character that cannot be escaped");
  return code.replaceAll(/[^\0-\xff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
};

const pluginFor = (paths: Set<string>): Plugin => ({
  name: "behalf",
  resolveId: { filter: { id: askedWhole }, handler: (id) => id.replace(askedWhole, "\0whole:$1.cjs") },
  load: {
    filter: { id: wholeModule },
    handler: (id) => id.replace(wholeModule, `module.exports = process.getBuiltinModule("node:$1");`),
  },
  transform: { filter: { code: threadFile }, handler: (code) => code.replaceAll(threadFile, "$1.js$2") },
  buildEnd() {
    for (const id of this.getModuleIds()) if (existsSync(id)) paths.add(id).add(packageFile(id));
  },
});

export interface BundleCode {
  /** By file name. */
  readonly files: Readonly<Record<string, string>>;
  /** Everything that went in or was looked at, from the root. */
  readonly paths: readonly string[];
}

export const bundleCode = async (root: string, entries: Entries): Promise<BundleCode> => {
  const files: Record<string, string> = {};
  const paths = new Set<string>();
  for (const [name, entry] of Object.entries(entries)) {
    const build = await rolldown({
      cwd: root,
      input: { [name]: join(root, entry) },
      platform: "node",
      tsconfig: false,
      external,
      plugins: [pluginFor(paths)],
      logLevel: "silent",
    });
    const { output } = await build.generate({
      format: "esm",
      codeSplitting: false,
      comments: { legal: false, annotation: false, jsdoc: false },
    });
    await build.close();
    files[`${name}.js`] = inOneByte(output[0].code);
  }
  return { files, paths: [...paths].map((path) => relative(root, path)).toSorted() };
};

const inputOf = (root: string, path: string): BundleInput => {
  const { size, mtimeMs, ctimeMs } = statSync(join(root, path));
  return [path, size, mtimeMs, ctimeMs, hash("sha256", readFileSync(join(root, path)))];
};

/** Named by its content: what was compiled of it stays good. */
const writeBuild = (folder: string, part: string, files: BundleCode["files"]): string => {
  const build = `${part}-${hash("sha256", JSON.stringify(files)).slice(0, 16)}`;
  const place = join(folder, build);
  const made = `${place}.${process.pid}`;
  makePrivateFolder(made, 0o755);
  for (const [name, code] of Object.entries(files)) writePrivateFile(join(made, name), code, { mode: 0o644 });
  rmSync(place, { recursive: true, force: true });
  renameSync(made, place);
  return build;
};

const removeOldBuilds = (folder: string, part: string): void => {
  const builds = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name.startsWith(`${part}-`))
    .map(({ name }) => ({ path: join(folder, name), madeMs: statSync(join(folder, name)).mtimeMs }))
    .toSorted((a, b) => b.madeMs - a.madeMs);
  for (const { path } of builds.slice(keptBuilds)) rmSync(path, { recursive: true, force: true });
};

const makeBundle = async (root: string, part: BundledPart, entries: Entries): Promise<void> => {
  const folder = bundleFolder(root);
  const recordFile = join(folder, `${part}.json`);
  const write = (record: BundleRecord): void => writePrivateFile(recordFile, JSON.stringify(record), { mode: 0o644 });
  if (bundleOf(part, root) !== null) {
    // What was only copied or touched need not be read again at every start.
    const record = JSON.parse(readFileSync(recordFile, "utf8")) as BundleRecord;
    const inputs = record.inputs.map(([path]) => inputOf(root, path));
    if (JSON.stringify(inputs) !== JSON.stringify(record.inputs)) write({ ...record, inputs });
    return;
  }
  const begunMs = Date.now();
  const { files, paths } = await bundleCode(root, entries);
  const decisive = ["package.json", "package-lock.json", "scripts/bundle.ts"].filter((path) => existsSync(join(root, path)));
  const inputs = [...decisive, ...paths].map((path) => inputOf(root, path));
  // INVARIANT: what is recorded is what was read (`bundle.test.ts`). A file that is written while the bundle is made leaves none.
  if (inputs.some(([, , , changedMs]) => changedMs > begunMs - settledMs)) return;
  write({ file: `${writeBuild(folder, part, files)}/${part}.js`, inputs });
  removeOldBuilds(folder, part);
};

/** Makes those bundles that are missing or made of something else. Nothing in another account's installation. */
export const makeBundles = async (root: string, wanted: Readonly<Partial<Record<BundledPart, Entries>>> = bundledParts): Promise<void> => {
  if (lstatSync(root).uid !== process.getuid?.()) return;
  makePrivateFolder(join(root, ".cache"), 0o755);
  makePrivateFolder(bundleFolder(root), 0o755);
  for (const [part, entries] of Object.entries(wanted)) await makeBundle(root, part as BundledPart, entries);
};

if (process.argv[1] === import.meta.filename) await makeBundles(dirname(import.meta.dirname));
