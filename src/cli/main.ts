/** The entry of the command line: parses, runs one command, and turns whatever went wrong into code, message, hint and exit code. */
import { enableCompileCache, getCompileCacheDir } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type * as Program from "#cli/program.ts";
import { bundleOf } from "#kernel/bundle.ts";

try {
  // Where it is on, `bin/behalf.js` has found a folder to trust; each file less here is a millisecond less for every command.
  if (getCompileCacheDir() === undefined) {
    const [{ installationCache }, { makePrivateFolder }] = await Promise.all([
      import("#kernel/compile-cache.ts"),
      import("#kernel/private-file.ts"),
    ]);
    // SECURITY: never the default folder below /tmp: whoever makes that one first chooses what later starts execute (S12).
    let cache = installationCache();
    if (cache === null) {
      cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "behalf");
      makePrivateFolder(cache);
    }
    enableCompileCache(cache);
  }
} catch {
  // A home that cannot be written only costs time.
}
// A reader that closed the pipe early (`behalf runs list | head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

const bundle = bundleOf("cli");
const { runProgram } = bundle === null ? await import("#cli/program.ts") : ((await import(pathToFileURL(bundle).href)) as typeof Program);
process.exitCode = await runProgram(process.argv.slice(2));
