/**
 * What makes a first start as quick as any: bundles of the parts (`scripts/bundle.ts`), and what `behalf up` loads compiled into the installation's own
 * cache (`src/kernel/compile-cache.ts`). Run by `npm ci` and before `npm start` and `npm test`; does nothing while code and Node are the same. Must run
 * on Node 20; a failure only costs time.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const node = join(root, "node_modules", ".bin", "node");
const source = join(root, "src");
const quiet = ["--disable-warning=ExperimentalWarning"];

// The flags are part of what V8 accepts: those of each part as it is started, and those of the start script of package.json.
const startFlags = ["--max-semi-space-size=1", "--optimize-for-size"];
/** Each loads everything before it refuses what it is asked. */
const refused = (entries, flags) => {
  const up = [join(root, "bin", "behalf.js"), "up", "--data", "/dev/null/behalf"];
  return [
    { flags: flags.manager, words: [entries.manager, "--no-such-flag"] },
    { flags: flags.agent, words: [entries.agent] },
    { flags: flags.launcher, words: [entries.launcher] },
    // `npm start`, and `behalf up` without flags.
    { flags: startFlags, words: up },
    { flags: [], words: up },
  ];
};

const stateOf = (entries) => {
  const hash = createHash("sha256")
    .update(JSON.stringify(entries))
    .update(readFileSync(join(root, "package-lock.json")));
  for (const name of readdirSync(source, { recursive: true, encoding: "utf8" }).toSorted()) {
    if (!name.endsWith(".ts") || name.endsWith(".test.ts")) continue;
    const { size, mtimeMs } = statSync(join(source, name));
    hash.update(`${name} ${size} ${mtimeMs}\n`);
  }
  return hash.digest("hex");
};

/** Where the parts' bundles lie and the cache is, as the product itself answers it; null where there is no cache of this account's own. */
const ask = () => {
  const question = `
    const { installationCache } = await import(${JSON.stringify(new URL("../src/kernel/compile-cache.ts", import.meta.url).href)});
    const { entryOf } = await import(${JSON.stringify(new URL("../src/kernel/bundle.ts", import.meta.url).href)});
    const { managerFlags, agentFlags, launcherFlags } = await import(${JSON.stringify(new URL("../src/supervise/part-plans.ts", import.meta.url).href)});
    const entries = Object.fromEntries(["manager", "agent", "launcher"].map((part) => [part, entryOf(part)]));
    const partFlags = { manager: managerFlags, agent: agentFlags, launcher: launcherFlags };
    process.stdout.write(JSON.stringify({ cache: installationCache(), entries, partFlags }));`;
  const asked = spawnSync(node, [...quiet, "--input-type=module", "--eval", question], { cwd: root, encoding: "utf8" });
  return asked.status === 0 ? JSON.parse(asked.stdout) : null;
};

const warm = () => {
  if (!existsSync(node)) return;
  if (existsSync(join(root, "node_modules", "rolldown")))
    spawnSync(node, [...quiet, join(root, "scripts", "bundle.ts")], { cwd: root, stdio: "ignore" });
  const { cache, entries, partFlags } = ask() ?? { cache: null };
  if (cache === null) return;
  const stamp = join(cache, "warm");
  const state = stateOf(entries);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === state) return;
  // Of code that is no more.
  for (const name of readdirSync(cache)) rmSync(join(cache, name), { recursive: true, force: true });
  const env = { ...process.env, NODE_COMPILE_CACHE: cache };
  for (const { flags, words } of refused(entries, partFlags))
    spawnSync(node, [...flags, ...quiet, ...words], { cwd: root, stdio: "ignore", env });
  writeFileSync(stamp, state);
};

try {
  warm();
} catch {
  // The first start compiles for itself then.
}
