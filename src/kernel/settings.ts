/**
 * The one table of settings. It feeds reading (flag, then `BEHALF_*`, then file, then default), `--help`, the documentation and
 * `GET /api/v1/settings`. What belongs here: what a setting is called, means and allows. What does not: reading files, and what
 * nodes keep for themselves (policy, credentials). Pure: flags, environment and file content are arguments.
 */
import { parseDuration, renderDuration } from "#kernel/durations.ts";
import { problem, type Problem } from "#kernel/problem.ts";
import { ok, refuse, type Result } from "#kernel/result.ts";

/** `duration` is milliseconds once read. `list` is comma separated in the environment, repeated as a flag. `account` is the name of an OS account. */
export type SettingKind = "text" | "path" | "integer" | "duration" | "boolean" | "list" | "account" | "choice";

export interface Setting {
  readonly name: string;
  readonly kind: SettingKind;
  /** As it would be given; null: none. */
  readonly default: string | null;
  /** What stands behind the flag in `--help`. */
  readonly placeholder: string;
  readonly description: string;
  readonly choices?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  /** Never shown, never logged; not accepted as a flag, because others can read a process's arguments. */
  readonly secret?: true;
  /** Commands that take it. */
  readonly parts: readonly ("up" | "manager")[];
}

const both = ["up", "manager"] as const;
const define = <const S extends Setting>(setting: S): S => setting;

export const settingTable = [
  define({
    name: "data",
    kind: "path",
    default: "./.behalf",
    placeholder: "DIR",
    description: "folder for everything this instance keeps",
    parts: both,
  }),
  define({
    name: "host",
    kind: "text",
    default: "localhost",
    placeholder: "HOST",
    description: "address to listen on; anything but loopback needs TLS",
    parts: both,
  }),
  define({
    name: "port",
    kind: "integer",
    default: "4900",
    placeholder: "N",
    description: "port of the page and the API; 0 chooses a free one",
    min: 0,
    max: 65_535,
    parts: both,
  }),
  define({
    name: "allow-host",
    kind: "list",
    default: null,
    placeholder: "NAME",
    description: "a further name under which people reach this instance",
    parts: both,
  }),
  define({
    name: "agent-host",
    kind: "text",
    default: "127.0.0.1",
    placeholder: "HOST",
    description: "address of the listener that agents dial (mutual TLS)",
    parts: both,
  }),
  define({
    name: "agent-port",
    kind: "integer",
    default: "4901",
    placeholder: "N",
    description: "port of the listener that agents dial; 0 chooses a free one",
    min: 0,
    max: 65_535,
    parts: both,
  }),
  define({
    name: "database-url",
    kind: "text",
    default: null,
    placeholder: "URL",
    description: "`postgres://…`; without it the embedded database in the data folder",
    secret: true,
    parts: both,
  }),
  define({
    name: "realm",
    kind: "text",
    default: "local",
    placeholder: "NAME",
    description: "name of the realm, fixed at the first start",
    parts: both,
  }),
  define({
    name: "tls",
    kind: "choice",
    default: "auto",
    placeholder: "HOW",
    description: "`auto`: given files, else off on loopback; `internal`: certificate of the internal CA",
    choices: ["auto", "internal"],
    parts: both,
  }),
  define({
    name: "tls-cert",
    kind: "path",
    default: null,
    placeholder: "FILE",
    description: "PEM certificate chain for the page and the API",
    parts: both,
  }),
  define({
    name: "tls-key",
    kind: "path",
    default: null,
    placeholder: "FILE",
    description: "PEM private key of that certificate, mode 600",
    parts: both,
  }),
  define({
    name: "session-idle",
    kind: "duration",
    default: "15m",
    placeholder: "TIME",
    description: "a session without use ends after this time",
    min: 1000,
    parts: both,
  }),
  define({
    name: "session-life",
    kind: "duration",
    default: "12h",
    placeholder: "TIME",
    description: "a session ends after this time however much it is used",
    min: 1000,
    parts: both,
  }),
  define({
    name: "minimum-password-length",
    kind: "integer",
    default: "12",
    placeholder: "N",
    description: "shortest password that is accepted",
    min: 0,
    max: 256,
    parts: both,
  }),
  define({
    name: "keep-history",
    kind: "duration",
    default: "90d",
    placeholder: "TIME",
    description: "ended runs are removed from the history after this time",
    min: 60_000,
    parts: both,
  }),
  define({
    name: "keep-logs",
    kind: "duration",
    default: "30d",
    placeholder: "TIME",
    description: "output of ended runs is removed after this time",
    min: 60_000,
    parts: both,
  }),
  define({
    name: "keep-audit",
    kind: "duration",
    default: null,
    placeholder: "TIME",
    description: "audit records are removed after this time, up to a signed place that stays; without it they are kept forever",
    min: 86_400_000,
    parts: both,
  }),
  define({
    name: "max-in-flight",
    kind: "integer",
    default: "50",
    placeholder: "N",
    description: "runs that one node may have offered or running at a time; others wait",
    min: 1,
    max: 10_000,
    parts: both,
  }),
  define({
    name: "log-level",
    kind: "choice",
    default: "info",
    placeholder: "LEVEL",
    description: "what the parts write about themselves",
    choices: ["debug", "info", "warn", "error"],
    parts: both,
  }),
  define({
    name: "owner-uid",
    kind: "integer",
    default: null,
    placeholder: "N",
    description: "account that may use the local socket as administrator; the starter's",
    min: 0,
    max: 4_294_967_294,
    parts: ["manager"],
  }),
  define({
    name: "manager-account",
    kind: "account",
    default: null,
    placeholder: "NAME",
    description: "run the manager as this account (start as root)",
    parts: ["up"],
  }),
  define({
    name: "agent-account",
    kind: "account",
    default: null,
    placeholder: "NAME",
    description: "run the agent as this account (start as root)",
    parts: ["up"],
  }),
  define({
    name: "leave-running",
    kind: "boolean",
    default: "false",
    placeholder: "",
    description: "leave the launcher and its jobs when this command ends",
    parts: ["up"],
  }),
] as const;

type Entry = (typeof settingTable)[number];
type Value<E extends Setting> = E["kind"] extends "integer" | "duration"
  ? number
  : E["kind"] extends "boolean"
    ? boolean
    : E["kind"] extends "list"
      ? readonly string[]
      : string;
/** Read settings; null where neither given nor with a default (a list is then empty). */
export type Settings = {
  readonly [E in Entry as E["name"]]: E["kind"] extends "list" ? readonly string[] : E["default"] extends null ? Value<E> | null : Value<E>;
};

/** Where a value came from, for `doctor` and the settings page. */
export type SettingSource = "flag" | "environment" | "file" | "default";

export interface ReadSettings {
  readonly values: Settings;
  readonly sources: Readonly<Record<string, SettingSource>>;
}

/** `port` -> `--port`. */
export const settingFlag = (name: string): string => `--${name}`;
/** `port` -> `BEHALF_PORT`. */
export const settingVariable = (name: string): string => `BEHALF_${name.toUpperCase().replaceAll("-", "_")}`;

const wrong = (setting: Setting, source: SettingSource, why: string): Result<never> => {
  const where =
    source === "environment"
      ? settingVariable(setting.name)
      : source === "file"
        ? `${setting.name} in the settings file`
        : settingFlag(setting.name);
  return refuse(
    problem("manager.setting", `\`${where}\` ${why}`, {
      hint: `${setting.description}${setting.choices === undefined ? "" : ` (one of ${setting.choices.join(", ")})`}`,
    }),
  );
};

const digits = /^\d{1,10}$/;

const inRange = (setting: Setting, source: SettingSource, value: number, render: (limit: number) => string): Result<unknown> => {
  if (setting.min !== undefined && value < setting.min) return wrong(setting, source, `is below ${render(setting.min)}`);
  if (setting.max !== undefined && value > setting.max) return wrong(setting, source, `is above ${render(setting.max)}`);
  return ok(value);
};

const readText = (setting: Setting, source: SettingSource, text: string): Result<unknown> => {
  switch (setting.kind) {
    case "integer":
      return digits.test(text) ? inRange(setting, source, Number(text), String) : wrong(setting, source, "is not a whole number");
    case "duration": {
      const value = parseDuration(text);
      return value === null
        ? wrong(setting, source, "is not a duration such as `90s` or `12h`")
        : inRange(setting, source, value, renderDuration);
    }
    case "boolean":
      return text === "true" || text === "1"
        ? ok(true)
        : text === "false" || text === "0"
          ? ok(false)
          : wrong(setting, source, "is neither `true` nor `false`");
    case "choice":
      return setting.choices?.includes(text) === true ? ok(text) : wrong(setting, source, "is none of its choices");
    default:
      return text === "" || /[\p{Cc}]/u.test(text) ? wrong(setting, source, "is empty or has control characters") : ok(text);
  }
};

const readValue = (setting: Setting, source: SettingSource, given: unknown): Result<unknown> => {
  if (setting.kind === "list") {
    const items = Array.isArray(given) ? given.map(String) : String(given).split(",");
    return ok(items.map((item) => item.trim()).filter((item) => item !== ""));
  }
  if (typeof given !== "string" && typeof given !== "number" && typeof given !== "boolean")
    return wrong(setting, source, "is not a plain value");
  return readText(setting, source, String(given));
};

/** Reads every setting; all problems at once (`also`). Keys of `flags` and `file` are setting names; unknown ones in the file are a problem. */
export const readSettings = (from: {
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly file?: Readonly<Record<string, unknown>>;
}): Result<ReadSettings> => {
  const problems: Problem[] = [];
  const values: Record<string, unknown> = {};
  const sources: Record<string, SettingSource> = {};
  const known = new Set<string>(settingTable.map((setting) => setting.name));
  for (const name of Object.keys(from.file ?? {})) {
    if (!known.has(name)) problems.push(problem("manager.setting", `the settings file has no setting \`${name.slice(0, 60)}\``));
  }
  for (const setting of settingTable as readonly Setting[]) {
    const choices: readonly (readonly [SettingSource, unknown])[] = [
      ["flag", from.flags[setting.name]],
      ["environment", from.env[settingVariable(setting.name)]],
      ["file", from.file?.[setting.name]],
      ["default", setting.default],
    ];
    const [source, given] = choices.find(([, value]) => value !== undefined && value !== null && value !== "") ?? ["default", null];
    sources[setting.name] = source;
    if (given === null || given === undefined) {
      values[setting.name] = setting.kind === "list" ? [] : null;
      continue;
    }
    if (setting.secret === true && source === "flag" && /:[^/@]*@/.test(String(given))) {
      problems.push(
        problem(
          "manager.setting",
          `\`${settingFlag(setting.name)}\` holds a password, which other accounts could read in the process list`,
          { hint: `give it as ${settingVariable(setting.name)}` },
        ),
      );
      continue;
    }
    const read = readValue(setting, source, given);
    if (read.ok) values[setting.name] = read.value;
    else problems.push(read.problem);
  }
  const [first, ...others] = problems;
  if (first !== undefined) return refuse(others.length === 0 ? first : { ...first, also: others.slice(0, 20) });
  return ok({ values: values as unknown as Settings, sources });
};

/** The settings of one command, for `--help` and the documentation. */
export const settingsOf = (part: "up" | "manager"): readonly Setting[] =>
  (settingTable as readonly Setting[]).filter((setting) => setting.parts.includes(part));
