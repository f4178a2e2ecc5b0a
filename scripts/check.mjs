/** The quick look before a commit: types, pure types, lint, format, and the tests that need no server (rules, floors, goldens). */
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import { writeApiTypes } from "./api-types.mjs";

const root = dirname(import.meta.dirname);
const bin = (name) => `node_modules/.bin/${name}`;
const unit = globSync([
  "src/{kernel,proof,access,link}/**/*.test.ts",
  "src/*/rules/**/*.test.ts",
  "test/arch/**/*.test.ts",
  "web/src/**/*.test.ts",
]).toSorted();
/** What did not change is not checked again. */
const remembering = (name) => ["--incremental", "--tsBuildInfoFile", `${root}/.cache/${name}.tsbuildinfo`];
/** What a law tries is looked at once and dropped: it must not be looked through again and again. A third less of that, a tenth of the whole. */
const roomy = ["--max-semi-space-size=64", "--min-semi-space-size=32"];
const steps = [
  // One process for all: starting one for each file took longer than the tests. Laws are tried on fewer worlds than `npm test` tries them on.
  ["unit", process.execPath, [...roomy, "--test", "--test-isolation=none", "--test-reporter=dot", ...unit]],
  ["types", bin("tsc"), ["-p", "tsconfig.json", ...remembering("types")]],
  ["cockpit types", bin("tsc"), ["-p", "web/tsconfig.json", ...remembering("cockpit-types")]],
  ["pure types", bin("tsc"), ["-p", "tsconfig.pure.json"]],
  ["lint", bin("oxlint"), ["--type-aware", "--deny-warnings"]],
  ["format", bin("oxfmt"), ["--check", "."]],
];

// From the golden document, so that what the cockpit is typed by is what the API says.
writeApiTypes();

/** Laws on few worlds, and the code of the tests compiled once (`scripts/test.mjs`). */
const env = { BEHALF_WORLDS: "200", NODE_COMPILE_CACHE: `${root}/.cache/tests`, ...process.env };

const run = ([name, command, args]) =>
  new Promise((resolve) => {
    const begin = performance.now();
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env });
    let output = "";
    child.stdout.on("data", (data) => (output += data));
    child.stderr.on("data", (data) => (output += data));
    child.on("close", (code) => resolve({ name, passed: code === 0, output, seconds: (performance.now() - begin) / 1000 }));
  });

const begin = performance.now();
const queue = [...steps];
const results = [];
const worker = async () => {
  for (let step = queue.shift(); step !== undefined; step = queue.shift()) {
    const result = await run(step);
    results.push(result);
    process.stdout.write(`${result.passed ? "✔" : "✘"} ${result.name} (${result.seconds.toFixed(1)} s)\n`);
    if (!result.passed) process.stdout.write(`${result.output}\n`);
  }
};
await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, worker));
process.stdout.write(`${((performance.now() - begin) / 1000).toFixed(1)} s\n`);
process.exit(results.every((result) => result.passed) ? 0 : 1);
