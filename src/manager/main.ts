/**
 * The manager's process: `node src/manager/main.ts --data DIR …`. Reads the settings, opens the manager, tells the supervisor what it
 * must know once, and ends cleanly on SIGTERM. What is opened, and in which order: `open-manager.ts`.
 */
import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs, type ParseArgsConfig } from "node:util";
import { systemClock } from "#kernel/clock.ts";
import { fileProblemOf } from "#kernel/file-problem.ts";
import { dataLayout, type DataLayout } from "#kernel/data-layout.ts";
import { isKept } from "#kernel/kept-output.ts";
import type { Log, LogLevel } from "#kernel/log.ts";
import { writePrivateFile } from "#kernel/private-file.ts";
import { fail, problem, ProblemError, type Problem } from "#kernel/problem.ts";
import { readSettings, settingFlag, settingsOf, type ReadSettings } from "#kernel/settings.ts";
import { version } from "#kernel/version.ts";
import { readYamlDocuments } from "#kernel/yaml-documents.ts";
import { managerLog } from "#manager/manager-log.ts";
import { openManager, type Manager } from "#manager/open-manager.ts";

const readFlags = (args: readonly string[]): Record<string, unknown> => {
  const options: NonNullable<ParseArgsConfig["options"]> = {};
  for (const setting of settingsOf("manager"))
    options[setting.name] = setting.kind === "boolean" ? { type: "boolean" } : { type: "string", multiple: setting.kind === "list" };
  try {
    return parseArgs({ args: [...args], options, allowPositionals: false }).values;
  } catch (error) {
    // Only the flag's name is repeated: its value may be a secret given in the wrong place.
    const flag = /'(--[\w-]+)/.exec(error instanceof Error ? error.message : "")?.[1] ?? "an argument";
    return fail("manager.setting", `\`${flag}\` is not a flag of the manager, or lacks its value`, {
      hint: `the flags are ${settingsOf("manager")
        .map((setting) => settingFlag(setting.name))
        .join(" ")}`,
    });
  }
};

/** Settings may stand in `settings.yaml` of the data folder. */
const readSettingsFile = (path: string): Record<string, unknown> => {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    return fail("manager.setting", `the settings file \`${path}\` cannot be read`, { cause: error });
  }
  const read = readYamlDocuments(text);
  if (!read.ok) throw new ProblemError(read.problem);
  const value = read.value[0]?.value ?? {};
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : fail("manager.setting", `the settings file \`${path}\` is not a map of settings`);
};

const load = (): { settings: ReadSettings; layout: DataLayout } => {
  const flags = readFlags(process.argv.slice(2));
  const given = flags["data"] ?? process.env["BEHALF_DATA"];
  const root = resolve(typeof given === "string" && given !== "" ? given : ".behalf");
  const read = readSettings({ flags, env: process.env, file: readSettingsFile(join(root, "settings.yaml")) });
  if (!read.ok) throw new ProblemError(read.problem);
  return { settings: read.value, layout: dataLayout(root) };
};

const tellSupervisor = (message: object): Promise<void> =>
  new Promise((done) => {
    if (process.send === undefined) done();
    else process.send(message, undefined, undefined, () => done());
  });

/** S13: the one-time password goes to the supervisor or to a person's terminal, once, and never where it is kept. */
const tellFirstPassword = async (manager: Manager, log: Log): Promise<void> => {
  const first = manager.firstPassword;
  if (first === null) return;
  if (process.send !== undefined) {
    await tellSupervisor({ type: "first-start", account: first.account, oneTimePassword: first.password });
    return;
  }
  const text = `account            ${first.account}\none-time password  ${first.password}   within an hour; you choose your own at the first sign-in\n`;
  if (!isKept(1)) {
    writeSync(1, text);
    return;
  }
  try {
    const terminal = openSync("/dev/tty", "w");
    writeSync(terminal, text);
    closeSync(terminal);
  } catch {
    log.warn({ hint: `behalf account reset-password ${first.account}` }, "nobody could be shown the first password");
  }
};

const report = async (refused: Problem): Promise<void> => {
  if (process.send !== undefined) await tellSupervisor({ type: "problem", problem: refused });
  else process.stderr.write(`${refused.code}: ${refused.message}\n  hint: ${refused.hint}\n`);
};

const serve = async (manager: Manager, layout: DataLayout, log: Log): Promise<void> => {
  await tellFirstPassword(manager, log);
  const { realm } = manager.services;
  const instance = {
    url: manager.url,
    agentListener: manager.agentListener,
    caFingerprint: manager.caFingerprint,
    pid: process.pid,
    version,
    realm,
  };
  let stopping = false;
  const stop = async (signal: string): Promise<void> => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, "manager stops");
    rmSync(layout.manager.instanceFile, { force: true });
    await manager.close();
    log.info({}, "manager has stopped");
    process.exit(0);
  };
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => void stop(signal));
  process.on("message", (message: { type?: string } | null) => {
    if (message?.type !== "drain") return;
    void manager.services.controller.drain(0).then(() => tellSupervisor({ type: "drained" }));
  });
  // INVARIANT: the last thing. Whoever finds this file may stop the manager at once, and that must be a clean end.
  writePrivateFile(layout.manager.instanceFile, `${JSON.stringify(instance, null, 2)}\n`);
  log.info({ url: manager.url, agentListener: manager.agentListener, version, realm: realm.name, pid: process.pid }, "manager is ready");
};

const main = async (): Promise<void> => {
  process.umask(0o077);
  let log: Log | null = null;
  try {
    const { settings, layout } = load();
    const ownLog = managerLog(settings.values["log-level"] as LogLevel);
    log = ownLog;
    process.on("uncaughtException", (error) => {
      ownLog.error({ err: error }, "the manager fails");
      process.exit(1);
    });
    await serve(await openManager({ layout, settings, clock: systemClock, log }), layout, log);
  } catch (error) {
    const known = error instanceof ProblemError ? error.problem : fileProblemOf(error);
    const refused = known ?? problem("general.internal", "the manager could not start");
    if (known === null) log?.error({ err: error }, "the manager could not start");
    else log?.error({ code: known.code, hint: known.hint }, `the manager could not start: ${known.message}`);
    if (log === null && known === null)
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    await report(refused);
    process.exit(1);
  }
};

await main();
