/** Runs every test of the project with Node's own runner. Arguments are files or folders to run instead of all. */
import { globSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";

const root = dirname(import.meta.dirname);
process.chdir(root);

const given = process.argv.slice(2);
const patterns =
  given.length === 0
    ? ["src/**/*.test.ts", "web/src/**/*.test.ts", "test/**/*.test.ts"]
    : given.map((path) => (path.endsWith(".ts") ? path : `${path}/**/*.test.ts`));
const files = globSync(patterns);
if (files.length === 0) {
  process.stderr.write("no test file matches\n");
  process.exit(1);
}

/**
 * The long ones first, so that none is left alone at the end: tests of the whole system, then by size. Those with a browser, which keep a processor
 * busy, come one by one between the others, which mostly wait for processes and disks.
 */
const isWhole = (path) => path.startsWith(join("test", "e2e"));
const isSeen = (path) => path.startsWith(join("test", "e2e", "cockpit"));
const byLength = (a, b) => Number(isWhole(b)) - Number(isWhole(a)) || statSync(b).size - statSync(a).size || (a < b ? -1 : 1);
const seen = files.filter(isSeen).sort(byLength);
const unseen = files.filter((path) => !isSeen(path)).sort(byLength);
const every = Math.max(1, Math.floor(unseen.length / (seen.length + 1)));
const ordered = unseen.flatMap((path, index) => [...(index % every === 0 ? seen.splice(0, 1) : []), path]).concat(seen);

// Test files and the programs that they start are compiled once, not by each process again.
process.env.NODE_COMPILE_CACHE ??= join(root, ".cache", "tests");

// Three at once on two processors: half of the time a test waits.
const stopping = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(name, () => stopping.abort());
const tests = run({ files: ordered.map((path) => join(root, path)), concurrency: 3, timeout: 300_000, signal: stopping.signal });
tests.on("test:fail", ({ todo }) => {
  if (todo === undefined) process.exitCode = 1;
});
tests.compose(new spec()).pipe(process.stdout);
