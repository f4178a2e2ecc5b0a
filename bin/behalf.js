#!/usr/bin/env node
// The command. Plain JavaScript for any Node >= 20: finds a Node that can run the product (the pinned one if this is older) and enters the CLI.
import { spawn } from "node:child_process";
import { existsSync, lstatSync } from "node:fs";
import * as module from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [major, minor] = process.versions.node.split(".").map(Number);

/**
 * Types are taken out of a source file by a module of 15 MB, unless the result lies in the cache: so that is on before the first file with types.
 * SECURITY: only a folder that nobody else can write (S12); making it is left to `src/kernel/compile-cache.ts`.
 */
const useCompiled = () => {
  const isOurs = (path, mask) => {
    try {
      const found = lstatSync(path);
      return found.isDirectory() && found.uid === process.getuid?.() && (found.mode & mask) === 0;
    } catch {
      // Not there, or not to be looked at: `sudo -u` may leave another account's HOME.
      return false;
    }
  };
  const around = join(root, ".cache");
  const cache =
    isOurs(root, 0) && isOurs(around, 0o022)
      ? join(around, "compile")
      : join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "behalf");
  if (isOurs(cache, 0o077)) module.enableCompileCache(cache);
};

if (major > 24 || (major === 24 && minor >= 7)) {
  useCompiled();
  await import("../src/cli/main.ts");
} else {
  const pinned = join(root, "node_modules", ".bin", "node");
  if (!existsSync(pinned)) {
    process.stderr.write(
      `cli.node-too-old: behalf needs Node 24.7 or newer, this is ${process.versions.node}\n  hint: run \`npm ci\` in ${root} to install the pinned Node\n`,
    );
    process.exit(1);
  }
  const child = spawn(pinned, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
