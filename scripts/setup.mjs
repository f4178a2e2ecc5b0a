/**
 * Set-up that `npm start` and `npm test` run first: installs the locked packages when they are missing or outdated, builds the cockpit when
 * something that goes into it has changed and, with `--test`, installs the Debian packages that the tests start as real servers and
 * browsers. Must run on Node 20 without any package.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { isInstalled } from "./installed.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const say = (text) => process.stderr.write(`behalf set-up: ${text}\n`);
const stop = (text, hint) => {
  process.stderr.write(`behalf set-up: ${text}\n  hint: ${hint}\n`);
  process.exit(1);
};

const installPackages = () => {
  if (isInstalled(root)) return;
  say("installing the locked npm packages (once)");
  // The npm that runs us, on the Node it runs on: the `node` on PATH may be the pinned one that `npm ci` is about to replace.
  const npm = process.env.npm_execpath;
  const command = npm === undefined ? "npm" : (process.env.npm_node_execpath ?? process.execPath);
  const before = npm === undefined ? [] : [npm];
  const words = [...before, "ci", "--include=dev", "--include=optional", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const install = (...more) => spawnSync(command, [...words, ...more], { cwd: root, stdio: ["ignore", 2, 2] }).status === 0;
  // From npm's cache first: each package is checked against the lockfile, and without a network asking for each takes minutes.
  if (install("--prefer-offline") || install()) return;
  stop("`npm ci` failed", "check the network and the free space of the disk, then run the same command again");
};

const filesBelow = (folder) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : entry.isFile() ? [path] : [];
  });

/** What the cockpit is made of: its own sources, the rooms whose rules it previews with, how it is built, and the locked packages. */
const cockpitInputs = () => {
  const rules = readdirSync(join(root, "src"))
    .map((room) => join(root, "src", room, "rules"))
    .filter((folder) => existsSync(folder));
  const sources = [join(root, "web", "src"), join(root, "src", "kernel"), join(root, "src", "access"), ...rules].flatMap(filesBelow);
  const single = ["web/index.html", "web/vite.config.ts", "scripts/build-cockpit.mjs", "package-lock.json", "package.json"].map((path) =>
    join(root, path),
  );
  return [...sources.filter((path) => !path.includes(".test.") && !path.endsWith("generated.ts")), ...single].sort();
};

const buildCockpit = () => {
  const hash = createHash("sha256");
  for (const path of cockpitInputs())
    hash
      .update(`${relative(root, path)}\0`)
      .update(readFileSync(path))
      .update("\0");
  const wanted = hash.digest("hex");
  const stamp = join(root, "web", "dist", ".behalf-build");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  say("building the cockpit (when it has changed)");
  // The bundler wants a newer Node than this script may be running on.
  const pinned = join(root, "node_modules", ".bin", "node");
  rmSync(stamp, { force: true });
  const done = spawnSync(existsSync(pinned) ? pinned : process.execPath, [join(root, "scripts", "build-cockpit.mjs")], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (done.status !== 0) stop("the cockpit could not be built", "see the message above; everything but the page at `/` works without it");
  writeFileSync(stamp, wanted);
};

/** Debian package -> a file that shows it is there. */
const testPackages = [
  ["postgresql", () => existsSync("/usr/lib/postgresql")],
  ["sudo", () => existsSync("/usr/bin/sudo")],
  ["iproute2", () => existsSync("/usr/sbin/ip") || existsSync("/sbin/ip")],
  ["passwd", () => existsSync("/usr/sbin/useradd")],
  ["zsh", () => existsSync("/usr/bin/zsh")],
  ["fish", () => existsSync("/usr/bin/fish")],
  ["chromium", () => ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].some((path) => existsSync(path))],
];

const installTestPackages = () => {
  const missing = testPackages.filter(([, present]) => !present()).map(([name]) => name);
  if (missing.length === 0) return;
  const names = missing.join(" ");
  if (process.env.BEHALF_TEST_INSTALL === "no")
    return say(`not installing ${names} (BEHALF_TEST_INSTALL=no): suites that need them are skipped by name`);
  if (!existsSync("/etc/debian_version") || process.getuid?.() !== 0)
    return say(`cannot install ${names} here (needs root on Debian): suites that need them are skipped by name`);
  say(`installing from Debian for the tests: ${names} (switch off with BEHALF_TEST_INSTALL=no)`);
  const options = { stdio: ["ignore", 2, 2], env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } };
  const lock = "DPkg::Lock::Timeout=600";
  const install = () => spawnSync("apt-get", ["-o", lock, "-y", "-qq", "--no-install-recommends", "install", ...missing], options);
  if (install().status === 0) return;
  spawnSync("apt-get", ["-o", lock, "-qq", "update"], options);
  if (install().status !== 0) say(`could not install ${names}: suites that need them are skipped by name`);
};

installPackages();
buildCockpit();
if (process.argv.includes("--test")) installTestPackages();
