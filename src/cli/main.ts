/** The entry of the command line: parses, runs one command, and turns whatever went wrong into code, message, hint and exit code. */
import { enableCompileCache } from "node:module";

enableCompileCache();
// A reader that closed the pipe early (`behalf runs list | head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

const { runProgram } = await import("#cli/program.ts");
process.exitCode = await runProgram(process.argv.slice(2));
