/** Rewrites the golden files by running the tests that compare them; review the difference before you commit it. */
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";

const files = globSync(["src/**/*.test.ts", "test/**/*.test.ts"]).filter(
  (file) => readFileSync(file, "utf8").includes("BEHALF_GOLDEN") || readFileSync(file, "utf8").includes("compareGolden"),
);
const done = spawnSync(process.execPath, ["--test", "--test-reporter=dot", ...files], {
  stdio: "inherit",
  env: { ...process.env, BEHALF_GOLDEN: "write" },
});
spawnSync("git", ["--no-pager", "diff", "--stat", "--", "test/golden", "docs"], { stdio: "inherit" });
process.exit(done.status ?? 1);
