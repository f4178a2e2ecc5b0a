/**
 * The definition of a job as text and as fields of a form, in sync: the text is the truth, a field is read from it and written into it, and
 * comments, order and whatever the form does not show stay as they are. Pure.
 */
import { isMap, isScalar, LineCounter, parseDocument, Scalar, type Document } from "yaml";

export interface TextProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export type FieldPath = readonly (string | number)[];

export interface ParameterFields {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly default: string;
  /** Separated by commas. */
  readonly allowed: string;
  readonly description: string;
}

/** What the form shows; texts are empty where the definition says nothing. */
export interface JobFields {
  readonly path: string;
  readonly title: string;
  readonly requires: string;
  readonly kind: "shell" | "program";
  readonly shell: string;
  readonly program: string;
  /** One argument per line. */
  readonly args: string;
  readonly as: "agent" | "credential" | "other";
  readonly credential: string;
  readonly loadProfile: boolean;
  readonly on: readonly string[];
  /** Null: written in a way that the form does not change. */
  readonly parameters: readonly ParameterFields[] | null;
  /** `NAME=value`, one per line. */
  readonly environment: string;
  readonly workingDirectory: string;
  readonly umask: string;
  readonly timeout: string;
  readonly grace: string;
  readonly outputLimit: string;
  readonly successExitCodes: string;
  readonly restartable: boolean;
}

export type ReadText =
  | { readonly ok: true; readonly fields: JobFields }
  | { readonly ok: false; readonly problems: readonly TextProblem[] };

const parse = (text: string, lines?: LineCounter): Document =>
  parseDocument(text, { version: "1.2", keepSourceTokens: false, ...(lines === undefined ? {} : { lineCounter: lines }) });

const textOf = (value: unknown): string =>
  typeof value === "string" ? value : typeof value === "number" || typeof value === "boolean" ? String(value) : "";
const listOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? (value as unknown[]) : value === undefined || value === null ? [] : [value];
const recordOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

const parameterOf = (value: unknown): ParameterFields => {
  const one = recordOf(value);
  return {
    name: textOf(one["name"]),
    type: textOf(one["type"]) || "string",
    required: one["required"] === true,
    default: textOf(one["default"]),
    allowed: listOf(one["allowed"]).map(textOf).join(", "),
    description: textOf(one["description"]),
  };
};

const fieldsOf = (value: unknown): JobFields => {
  const job = recordOf(value);
  const run = recordOf(job["run"]);
  const as = job["as"];
  const credential = recordOf(as)["credential"];
  const { parameters } = job;
  return {
    path: textOf(job["path"]),
    title: textOf(job["title"]),
    requires: textOf(job["requires"]),
    kind: "program" in run ? "program" : "shell",
    shell: textOf(run["shell"]),
    program: textOf(run["program"]),
    args: listOf(run["args"]).map(textOf).join("\n"),
    as: as === undefined || as === "agent" ? "agent" : credential === undefined ? "other" : "credential",
    credential: textOf(credential),
    loadProfile: recordOf(as)["loadProfile"] === true,
    on: listOf(job["on"]).map(textOf),
    parameters: parameters === undefined || parameters === null ? [] : Array.isArray(parameters) ? parameters.map(parameterOf) : null,
    environment: Object.entries(recordOf(job["environment"]))
      .map(([name, one]) => `${name}=${textOf(one)}`)
      .join("\n"),
    workingDirectory: textOf(job["workingDirectory"]),
    umask: textOf(job["umask"]),
    timeout: textOf(job["timeout"]),
    grace: textOf(job["grace"]),
    outputLimit: textOf(job["outputLimit"]),
    successExitCodes: listOf(job["successExitCodes"]).map(textOf).join(","),
    restartable: job["restartable"] === true,
  };
};

/** The fields, or where the text is no YAML of one map. */
export const readFields = (text: string): ReadText => {
  const lines = new LineCounter();
  const document = parse(text, lines);
  const problems = document.errors.map((error) => {
    const at = lines.linePos(error.pos[0]);
    return { line: at.line, column: at.col, message: error.message.split("\n")[0]?.replace(/ at line \d+.*$/, "") ?? error.code };
  });
  if (problems.length > 0) return { ok: false, problems };
  if (!isMap(document.contents))
    return { ok: false, problems: [{ line: 1, column: 1, message: "a job is a map of fields, beginning with `kind: Job`" }] };
  return { ok: true, fields: fieldsOf(document.toJS({ maxAliasCount: 50 })) };
};

/** What is written for a value; undefined: the field goes. */
export type FieldValue =
  | string
  | number
  | boolean
  | undefined
  | readonly string[]
  | Readonly<Record<string, unknown>>
  | readonly Readonly<Record<string, unknown>>[];

/** The text with one field changed. Text that is no YAML stays as it is. */
export const writeField = (text: string, path: FieldPath, value: FieldValue): string => {
  const document = parse(text);
  if (document.errors.length > 0 || !isMap(document.contents)) return text;
  if (value === undefined) document.deleteIn(path);
  else {
    const before = document.getIn(path, true);
    // A scalar is changed in place, so that its comment stays.
    if (isScalar(before) && (typeof value === "string" || typeof value === "number" || typeof value === "boolean")) {
      before.value = value;
      before.type = undefined as never;
      if (typeof value === "string" && value.includes("\n")) before.type = Scalar.BLOCK_LITERAL;
    } else document.setIn(path, document.createNode(value));
  }
  return document.toString({ lineWidth: 0 });
};

const trimmed = (value: string): string | undefined => (value.trim() === "" ? undefined : value.trim());
const words = (value: string): readonly string[] =>
  value
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");

const parameterValue = (one: ParameterFields): Readonly<Record<string, unknown>> => ({
  name: one.name,
  ...(one.type === "string" ? {} : { type: one.type }),
  ...(one.description.trim() === "" ? {} : { description: one.description }),
  ...(one.required ? { required: true } : {}),
  ...(one.default === "" ? {} : { default: one.default }),
  ...(words(one.allowed).length === 0 ? {} : { allowed: words(one.allowed) }),
});

/** The text with one field of the form changed. */
export const writeForm = <K extends keyof JobFields>(text: string, fields: JobFields, name: K, value: JobFields[K]): string => {
  const next = { ...fields, [name]: value };
  switch (name) {
    case "kind":
      return writeField(text, ["run"], next.kind === "shell" ? { shell: next.shell } : { program: next.program });
    case "shell":
      return writeField(text, ["run", "shell"], next.shell);
    case "program":
      return writeField(text, ["run", "program"], next.program);
    case "args": {
      const args = next.args === "" ? [] : next.args.split("\n");
      return writeField(text, ["run", "args"], args.length === 0 ? undefined : args);
    }
    case "as":
    case "credential":
    case "loadProfile":
      return writeField(
        text,
        ["as"],
        next.as === "credential" ? { credential: next.credential, ...(next.loadProfile ? { loadProfile: true } : {}) } : "agent",
      );
    case "on":
      return writeField(text, ["on"], next.on.length === 0 ? undefined : next.on);
    case "parameters":
      return writeField(
        text,
        ["parameters"],
        next.parameters === null || next.parameters.length === 0 ? undefined : next.parameters.map(parameterValue),
      );
    case "environment": {
      const pairs = next.environment.split("\n").filter((line) => line.trim() !== "");
      const named = pairs.map((line): [string, string] => {
        const at = line.indexOf("=");
        return at === -1 ? [line.trim(), ""] : [line.slice(0, at).trim(), line.slice(at + 1)];
      });
      return writeField(text, ["environment"], named.length === 0 ? undefined : Object.fromEntries(named));
    }
    case "restartable":
      return writeField(text, ["restartable"], next.restartable ? true : undefined);
    default:
      return writeField(text, [name], trimmed(String(next[name])));
  }
};

/** As whom a job asks to run, as one comparable text: `agent`, or the credential's key. */
export const identityOf = (fields: Pick<JobFields, "as" | "credential" | "loadProfile">): string =>
  fields.as === "credential" ? `credential ${fields.credential}${fields.loadProfile ? " +profile" : ""}` : fields.as;

export const newJobText = (path: string): string => `kind: Job\npath: ${path}\nrequires: operator\nrun:\n  shell: |\n    id\nas: agent\n`;
