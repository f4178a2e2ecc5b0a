/**
 * Compiles what `behalf up` loads into the installation's own cache (`src/kernel/compile-cache.ts`), so that a first start compiles nothing. Run by
 * `npm ci` and before `npm start`; does nothing while code and Node are the same. Must run on Node 20; a failure only costs time.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const node = join(root, "node_modules", ".bin", "node");
const source = join(root, "src");

// The flags are part of what V8 accepts: as in `src/supervise/part-plans.ts` and the start script of package.json.
const small = ["--max-semi-space-size=1", "--optimize-for-size"];
const parts = [
  {
    flags: ["--max-semi-space-size=4"],
    files: ["manager/open-manager.ts", "manager/manager-log.ts", "nodes/internal-ca.ts"],
  },
  {
    flags: small,
    files: [
      "launcher/launcher.ts",
      "launcher/settings.ts",
      "launch/linux/starter-thread.ts",
      "agent/courier.ts",
      "agent/agent-files.ts",
      "agent/controller-link.ts",
      "agent/launcher-link.ts",
      "agent/offer-journal.ts",
    ],
  },
  // `npm start`, and `behalf up` without flags.
  { flags: small, files: ["cli/program.ts", "supervise/up.ts", "nodes/join.ts"] },
  { flags: [], files: ["cli/program.ts", "supervise/up.ts", "nodes/join.ts"] },
];

const stateOf = () => {
  const hash = createHash("sha256").update(readFileSync(join(root, "package-lock.json")));
  for (const name of readdirSync(source, { recursive: true, encoding: "utf8" }).toSorted()) {
    if (!name.endsWith(".ts") || name.endsWith(".test.ts")) continue;
    const { size, mtimeMs } = statSync(join(source, name));
    hash.update(`${name} ${size} ${mtimeMs}\n`);
  }
  return hash.digest("hex");
};

const load = (files) =>
  `${files.map((name) => `await import(${JSON.stringify(new URL(`../src/${name}`, import.meta.url).href)});`).join("")}process.exit(0);`;

const warm = () => {
  if (!existsSync(node)) return;
  const quiet = ["--disable-warning=ExperimentalWarning", "--input-type=module", "--eval"];
  const asked = spawnSync(
    node,
    [
      ...quiet,
      `const { installationCache } = await import(${JSON.stringify(new URL("../src/kernel/compile-cache.ts", import.meta.url).href)}); process.stdout.write(installationCache() ?? "");`,
    ],
    { cwd: root, encoding: "utf8" },
  );
  if (asked.status !== 0 || asked.stdout === "") return;
  const stamp = join(asked.stdout, "warm");
  const state = stateOf();
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === state) return;
  const env = { ...process.env, NODE_COMPILE_CACHE: asked.stdout };
  for (const { flags, files } of parts) spawnSync(node, [...flags, ...quiet, load(files)], { cwd: root, stdio: "ignore", env });
  writeFileSync(stamp, state);
};

try {
  warm();
} catch {
  // The first start compiles for itself then.
}
