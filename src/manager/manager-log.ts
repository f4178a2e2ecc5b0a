/** The manager's log: pino behind the common interface, with the common redaction (`kernel/log.ts`), JSON lines to one descriptor. */
import { pino, type Logger } from "pino";
import { redact, type Log, type LogLevel } from "#kernel/log.ts";

const wrap = (logger: Logger): Log => ({
  debug: (fields, message) => {
    if (logger.isLevelEnabled("debug")) logger.debug(redact(fields), message);
  },
  info: (fields, message) => logger.info(redact(fields), message),
  warn: (fields, message) => logger.warn(redact(fields), message),
  error: (fields, message) => logger.error(redact(fields), message),
  child: (fields) => wrap(logger.child(redact(fields) as object)),
});

/** Where lines go; a file descriptor is written synchronously, so that the last line before a crash is there. */
export const managerLog = (level: LogLevel, destination: number | { write(text: string): void } = 2): Log =>
  wrap(
    pino(
      {
        level,
        base: { part: "manager" },
        messageKey: "message",
        timestamp: () => `,"at":"${new Date().toISOString()}"`,
        formatters: { level: (label) => ({ level: label }) },
      },
      typeof destination === "number" ? pino.destination({ dest: destination, sync: true }) : destination,
    ),
  );
