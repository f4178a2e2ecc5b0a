/** The manager's log: pino behind the common interface, with the common redaction (`kernel/log.ts`), JSON lines to one descriptor. */
import { pino, type Logger } from "pino";
import { redact, type Log, type LogLevel } from "#kernel/log.ts";

// The common copy has no prototype, which pino's own code expects.
const plain = (fields: object): object => ({ ...(redact(fields) as object) });

const wrap = (logger: Logger): Log => ({
  debug: (fields, message) => {
    if (logger.isLevelEnabled("debug")) logger.debug(plain(fields), message);
  },
  info: (fields, message) => logger.info(plain(fields), message),
  warn: (fields, message) => logger.warn(plain(fields), message),
  error: (fields, message) => logger.error(plain(fields), message),
  child: (fields) => wrap(logger.child(plain(fields))),
});

/** A full disk takes no lines, and must neither end the manager nor change an answer: what can still be kept in memory is written when there is room. */
const toDescriptor = (descriptor: number) =>
  pino.destination({ dest: descriptor, sync: true, maxLength: 1024 * 1024 }).on("error", () => {});

/** Where lines go; a file descriptor is written synchronously, so that the last line before a crash is there. */
export const managerLog = (level: LogLevel, destination: number | { write(text: string): void } = 2): Log =>
  wrap(
    pino(
      {
        level,
        base: { part: "manager" },
        messageKey: "message",
        serializers: { err: (error: unknown) => error },
        timestamp: () => `,"at":"${new Date().toISOString()}"`,
        formatters: { level: (label) => ({ level: label }) },
      },
      typeof destination === "number" ? toDescriptor(destination) : destination,
    ),
  );
