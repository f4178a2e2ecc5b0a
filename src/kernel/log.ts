/**
 * The log as every room sees it, and the plain line writer of agent and launcher (the manager puts pino behind the same
 * interface, with the same redaction). What belongs here: one JSON line per event, secrets removed by the name of their key. What does not:
 * levels per module, files, rotation.
 */
import { ProblemError } from "#kernel/problem.ts";

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** A log that adds these fields to every line. */
  child(fields: object): Log;
}

export type LogLevel = "debug" | "info" | "warn" | "error";

const maxDepth = 6;
const maxEntries = 50;
const maxTextLength = 4096;
const maxLineLength = 32 * 1024;

// SECURITY: decided by the key's name, at any depth: `log.test.ts`. Names that end in `Id`, `At`, `Hash`, `Thumbprint` … name no secret.
const secretName =
  /pass(?:word|wd|phrase|code)|token|secret|authori[sz]ation|cookie|csrf|sealed|private|(?:signing|session|api)_?key$|key_?material|pem$|jws|jwt|otp$|bearer/i;
const harmlessName = /(?:Id|At|Ms|Hash|Digest|Thumbprint|Fingerprint|Count|Bytes|_id|_at|_ms|_hash|_digest)$/;

/** Whether a value under this key must not be written. */
export const namesSecret = (key: string): boolean => secretName.test(key) && !harmlessName.test(key);

const privateKeyText = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

const cut = (given: string): string => {
  if (privateKeyText.test(given)) return "[redacted]";
  const text = given.toWellFormed();
  return text.length > maxTextLength ? `${text.slice(0, maxTextLength).toWellFormed()}… (${text.length} characters)` : text;
};

const describeError = (error: Error, depth: number): object => ({
  name: error.name,
  message: cut(error.message),
  ...(error instanceof ProblemError
    ? { code: error.problem.code }
    : typeof (error as NodeJS.ErrnoException).code === "string"
      ? { code: (error as NodeJS.ErrnoException).code }
      : {}),
  ...(error.stack === undefined ? {} : { stack: cut(error.stack) }),
  ...(error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1) }),
});

/** A copy of the value that may be logged: secrets by name are `[redacted]`, depth, entries and texts are bounded. Never throws. */
export const redact = (value: unknown, depth = 0): unknown => {
  switch (typeof value) {
    case "string":
      return cut(value);
    case "bigint":
      return value.toString();
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "function":
    case "symbol":
      return `[${typeof value}]`;
    case "object":
      break;
    default:
      return value;
  }
  if (value === null) return null;
  if (depth >= maxDepth) return "[too deep]";
  try {
    if (value instanceof Error) return describeError(value, depth);
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
    // Bytes are key material or output more often than anything one wants to read.
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
    if (Array.isArray(value)) {
      const items = value.slice(0, maxEntries).map((item) => redact(item, depth + 1));
      return value.length > maxEntries ? [...items, `… ${value.length - maxEntries} more`] : items;
    }
    const entries = value instanceof Map ? [...value.entries()].map(([key, item]) => [String(key), item] as const) : Object.entries(value);
    const copy: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    for (const [key, item] of entries.slice(0, maxEntries))
      copy[key.toWellFormed()] = namesSecret(key) && item !== null && item !== undefined ? "[redacted]" : redact(item, depth + 1);
    if (entries.length > maxEntries) copy["…"] = `${entries.length - maxEntries} more`;
    return copy;
  } catch {
    return "[unreadable]";
  }
};

const levels: Readonly<Record<LogLevel, number>> = { debug: 10, info: 20, warn: 30, error: 40 };

/** Anything that takes text: `process.stderr`, a file stream. */
export interface LogSink {
  write(text: string): unknown;
}

/** A log of one JSON object per line. A sink that fails never reaches the caller. */
export const lineLog = (part: string, sink: LogSink, options: { level?: LogLevel; nowMs?: () => number } = {}): Log => {
  const least = levels[options.level ?? "info"];
  const nowMs = options.nowMs ?? Date.now;
  const make = (bound: object): Log => {
    const line = (level: LogLevel, fields: object, message: string): void => {
      if (levels[level] < least) return;
      try {
        const head = { at: new Date(nowMs()).toISOString(), level, part };
        const all = redact(fields instanceof Error ? { ...bound, error: fields } : { ...bound, ...fields }) as object;
        let text = JSON.stringify({ ...head, ...all, message: cut(message) });
        if (text.length > maxLineLength) text = JSON.stringify({ ...head, message: cut(message), shortened: true });
        sink.write(`${text}\n`);
      } catch {
        // A log that cannot be written must not end a run.
      }
    };
    return {
      debug: (fields, message) => line("debug", fields, message),
      info: (fields, message) => line("info", fields, message),
      warn: (fields, message) => line("warn", fields, message),
      error: (fields, message) => line("error", fields, message),
      child: (fields) => make({ ...bound, ...fields }),
    };
  };
  return make({});
};

/** A log that writes nothing: for clients that report through their answers alone, and tests. */
export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => silentLog };
