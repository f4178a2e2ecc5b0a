/**
 * The launcher's entry: the only privileged process. Node's flags (`launcherFlags`) come from whoever starts it.
 * The rest is loaded after the compile cache is on, which saves a quarter of a second and 13 MB.
 */
import { enableCompileCache, flushCompileCache } from "node:module";
import { fileProblemOf, fileReason } from "#kernel/file-problem.ts";
import { lineLog } from "#kernel/log.ts";
import { ProblemError } from "#kernel/problem.ts";

process.umask(0o077);
const log = lineLog("launcher", process.stderr);

const dieOf = (error: unknown): never => {
  const known = error instanceof ProblemError ? error.problem : fileProblemOf(error);
  const cause = error instanceof ProblemError && fileReason(error.cause) === null ? error.cause : undefined;
  if (known !== null) log.error({ code: known.code, hint: known.hint, ...(cause === undefined ? {} : { cause }) }, known.message);
  else log.error({ error }, "launcher failed");
  // Jobs live on in their own sessions; the next launcher adopts them.
  process.exit(1);
};
process.on("uncaughtException", dieOf);
process.on("unhandledRejection", dieOf);

// The supervisor names a cache in a private folder (S12); without one there is none, rather than one that others could write.
if (process.env["NODE_COMPILE_CACHE"] !== undefined) enableCompileCache();

try {
  const [{ readLauncherSettings }, { startLauncher }] = await Promise.all([
    import("#launcher/settings.ts"),
    import("#launcher/launcher.ts"),
  ]);
  const clock = {
    nowMs: () => Date.now(),
    // Of the host, not of the process: an adopted run's timeout goes on counting.
    monotonicMs: () => Number(process.hrtime.bigint() / 1000n) / 1000,
  };
  const launcher = await startLauncher(readLauncherSettings(process.argv.slice(2)), clock, log);
  flushCompileCache();
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    launcher.stop().then(() => process.exit(0), dieOf);
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  process.on("SIGHUP", () => {});
} catch (error) {
  dieOf(error);
}
