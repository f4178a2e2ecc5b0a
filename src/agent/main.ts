/**
 * The agent's process: an unprivileged courier between its controller and its launcher. Either may be away, or come first; the agent waits for both and
 * says so. `--data DIR`, `--launcher-socket PATH`, `--log-level LEVEL`, `--await-join`.
 */
import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { isAbsolute } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Courier, type ControllerSide } from "#agent/courier.ts";
import { readAgentFiles, readControllerCredentials } from "#agent/agent-files.ts";
import { openAgentCertificate } from "#agent/certificate.ts";
import { keepControllerLink, type ControllerLink } from "#agent/controller-link.ts";
import { keepLauncherLink } from "#agent/launcher-link.ts";
import type { ToAgent } from "#link/messages.ts";
import { dataLayout, type DataLayout } from "#kernel/data-layout.ts";
import { fileProblemOf } from "#kernel/file-problem.ts";
import { lineLog, type LogLevel } from "#kernel/log.ts";
import { makePrivateFolder } from "#kernel/private-file.ts";
import { fail, ProblemError } from "#kernel/problem.ts";
import { version } from "#kernel/version.ts";

/** How long the first report waits for the launcher, so that it is usually whole. */
const waitForLauncherMs = 1500;
const lookAtCertificateEveryMs = 6 * 3_600_000;
const awaitJoinEveryMs = 5;
const levels: readonly string[] = ["debug", "info", "warn", "error"];

interface Arguments {
  readonly data: string;
  readonly launcherSocket: string | null;
  readonly level: LogLevel;
  readonly awaitsJoin: boolean;
}

const readArguments = (): Arguments => {
  const { values } = parseArgs({
    options: {
      data: { type: "string" },
      "launcher-socket": { type: "string" },
      "log-level": { type: "string" },
      "await-join": { type: "boolean" },
    },
  });
  const level = values["log-level"] ?? "info";
  if (values.data === undefined || !isAbsolute(values.data)) return fail("input.invalid-value", "`--data` must be an absolute path");
  if (!levels.includes(level)) return fail("input.invalid-value", `\`--log-level\` must be one of ${levels.join(", ")}`);
  return {
    data: values.data,
    launcherSocket: values["launcher-socket"] ?? null,
    level: level as LogLevel,
    awaitsJoin: values["await-join"] === true,
  };
};

/** Resolves when the join is complete: the certificate is its last file. Whoever started this process ends it if there will be none. */
const joined = async (layout: DataLayout["agent"]): Promise<void> => {
  while (!existsSync(layout.certificate)) await sleep(awaitJoinEveryMs);
};

const run = async (): Promise<void> => {
  const given = readArguments();
  const layout = dataLayout(given.data);
  const log = lineLog("agent", process.stderr, { level: given.level });
  makePrivateFolder(layout.agent.folder);
  if (given.awaitsJoin) await joined(layout.agent);
  const config = readAgentFiles(layout.agent);
  // What cannot be used is told at once, not at every dial.
  readControllerCredentials(layout.agent, config);
  const courier = new Courier({
    log,
    node: { ...config.node, keyThumbprint: "" },
    factsWithoutLauncher: {
      launcherAccount: "",
      agentAccount: userInfo().username,
      defaultJobAccount: null,
      switching: "setpriv",
      tree: "group",
      separation: "none",
      credentialKeys: [],
      journalId: "",
      version,
      platform: process.platform,
      warnings: [],
    },
  });

  const certificate = openAgentCertificate(layout.agent, config, log, Date.now);
  let controller: ControllerLink | null = null;
  let side: ControllerSide | null = null;
  let welcomed: ControllerSide | null = null;
  let ending = false;
  const fromController = (message: ToAgent): void => {
    if (message.type === "renewed") {
      if (certificate.take(message.certificate)) controller?.renew();
      return;
    }
    courier.fromController(message);
    if (message.type !== "welcome") return;
    welcomed = side;
    certificate.welcomed();
    renewWhenDue();
  };
  const dialController = (): void => {
    if (controller !== null || ending) return;
    controller = keepControllerLink(
      () => certificate.credentials(),
      {
        up: (made) => {
          side = made;
          courier.controllerUp(made);
        },
        message: fromController,
        down: () => {
          welcomed = null;
          courier.controllerDown();
        },
      },
      log.child({ link: "controller" }),
    );
  };
  const launcher = keepLauncherLink(
    given.launcherSocket ?? layout.launcher.socket,
    {
      up: (side, hello) => {
        courier.launcherUp(side, hello);
        dialController();
      },
      message: (message, payload) => courier.fromLauncher(message, payload),
      down: () => courier.launcherDown(),
      away: () => {},
    },
    log.child({ link: "launcher" }),
  );
  const patience = setTimeout(dialController, waitForLauncherMs);

  const renewWhenDue = (): void => {
    if (welcomed === null) return;
    try {
      const csr = certificate.request();
      if (csr !== null) welcomed.send({ type: "renew", csr });
    } catch (error) {
      log.error({ error }, "the agent's certificate cannot be renewed");
    }
  };
  const certificateTimer = setInterval(renewWhenDue, lookAtCertificateEveryMs);

  const end = async (): Promise<void> => {
    if (ending) return;
    ending = true;
    clearTimeout(patience);
    clearInterval(certificateTimer);
    controller?.close();
    launcher.close();
    log.info({}, "ended");
    process.exit(0);
  };
  process.on("SIGTERM", () => void end());
  process.on("SIGINT", () => void end());
  // A hang-up of a terminal is not for a courier.
  process.on("SIGHUP", () => {});
  log.info({ node: config.node.name, version, carried: courier.runCount }, "the agent has begun");
};

run().catch((error: unknown) => {
  const known = error instanceof ProblemError ? error.problem : fileProblemOf(error);
  const shown = known === null ? { error } : { code: known.code, hint: known.hint };
  lineLog("agent", process.stderr).error(shown, known?.message ?? "the agent cannot begin");
  process.exitCode = 1;
});
