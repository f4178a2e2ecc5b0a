/** Runs every test of the project with Node's own runner. Arguments are files or folders to run instead of all. */
import { spawn } from "node:child_process";
import { globSync } from "node:fs";

const given = process.argv.slice(2);
const patterns =
  given.length === 0
    ? ["src/**/*.test.ts", "web/src/**/*.test.ts", "test/**/*.test.ts"]
    : given.map((path) => (path.endsWith(".ts") ? path : `${path}/**/*.test.ts`));
const files = globSync(patterns).toSorted();
if (files.length === 0) {
  process.stderr.write("no test file matches\n");
  process.exit(1);
}
const child = spawn(process.execPath, ["--test", "--test-concurrency=2", "--test-timeout=180000", "--test-reporter=spec", ...files], {
  stdio: "inherit",
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
