#!/usr/bin/env node
// The command. Plain JavaScript for any Node >= 20: finds a Node that can run the product (the pinned one if this is older) and enters the CLI.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const entry = join(root, "src", "cli", "main.ts");
const [major, minor] = process.versions.node.split(".").map(Number);

if (major > 24 || (major === 24 && minor >= 7)) {
  await import(entry);
} else {
  const pinned = join(root, "node_modules", ".bin", "node");
  if (!existsSync(pinned)) {
    process.stderr.write(
      `cli.node-too-old: behalf needs Node 24.7 or newer, this is ${process.versions.node}\n  hint: run \`npm ci\` in ${root} to install the pinned Node\n`,
    );
    process.exit(1);
  }
  const child = spawn(pinned, [entry, ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
