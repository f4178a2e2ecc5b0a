/** From a document to a normalised `Job`, and back to YAML. Applying what `renderJobYaml` shows changes nothing. */
import { Document, visit } from "yaml";
import { parseDuration, renderDuration } from "#kernel/durations.ts";
import { problem, type Problem } from "#kernel/problem.ts";
import { ok, refuse, type Result } from "#kernel/result.ts";
import type { YamlDocument } from "#kernel/yaml-documents.ts";
import { readValue } from "#jobs/rules/arguments.ts";
import type { Job, Parameter } from "#jobs/rules/job.ts";
import { parseExitCodes, parseSize, renderExitCodes, renderSize, type ExitCodes } from "#jobs/rules/quantities.ts";
import { jobSchema, type JobInput } from "#jobs/schema.ts";
import { problemsOf, type Locate } from "#jobs/schema-problems.ts";

export const defaultGraceMs = 10_000;
export const defaultOutputBytes = 100 * 1024 ** 2;

/** Where an input came from, for line and column. */
export interface InputPlace {
  readonly document: number | null;
  readonly locate: Locate | null;
}

type ParameterInput = Extract<NonNullable<JobInput["parameters"]>, readonly unknown[]>[number];

const refuseAll = ([first, ...also]: readonly [Problem, ...Problem[]]): Result<never> =>
  refuse(also.length === 0 ? first : { ...first, also: also.slice(0, 20) });

class JobReader {
  readonly #place: InputPlace;
  readonly problems: Problem[] = [];

  constructor(place: InputPlace) {
    this.#place = place;
  }

  #at(path: readonly (string | number)[]): NonNullable<Problem["at"]> {
    const { document, locate } = this.#place;
    return { ...(document === null ? {} : { document }), ...(locate === null ? {} : locate(path)), path: path.join(".") };
  }

  as(input: JobInput["as"]): Job["as"] {
    if (input === undefined || input === "agent") return { kind: "agent" };
    if (typeof input === "object" && "credential" in input)
      return { kind: "credential", key: input.credential, loadProfile: input.loadProfile ?? false };
    this.problems.push(
      problem("general.not-supported", `\`as: ${input === "submitter" ? "submitter" : "{ group }"}\` is not supported yet`, {
        hint: "use `as: agent` or `as: { credential: KEY }`",
        at: this.#at(["as"]),
      }),
    );
    return { kind: "agent" };
  }

  parameters(input: JobInput["parameters"]): readonly Parameter[] {
    if (input === undefined) return [];
    const listed = Array.isArray(input);
    const entries: readonly (readonly [string | number, ParameterInput])[] = listed
      ? input.map((item, index) => [index, item] as const)
      : Object.entries(input).map(([name, item]) => [name, { name, ...item }] as const);
    const names = new Set<string>();
    return entries.map(([step, item]) => {
      const path = ["parameters", step];
      if (names.has(item.name))
        this.problems.push(problem("input.invalid-value", `the parameter \`${item.name}\` is declared twice`, { at: this.#at(path) }));
      names.add(item.name);
      return this.#parameter(item, path);
    });
  }

  #parameter(input: ParameterInput, path: readonly (string | number)[]): Parameter {
    const type = input.type ?? "string";
    const text = (value: string | number | boolean, field: string, index: readonly number[] = []): string => {
      const read = readValue(type, String(value));
      if ("value" in read) return read.value;
      this.problems.push(
        problem(
          "input.invalid-value",
          `the field \`${[...path, field, ...index].join(".")}\` does not fit the parameter's type: ${read.why}`,
          { at: this.#at([...path, field, ...index]) },
        ),
      );
      return "";
    };
    const allowed = input.allowed?.map((value, index) => text(value, "allowed", [index])) ?? null;
    const fallback = input.default === undefined ? null : text(input.default, "default");
    if (fallback !== null && allowed !== null && !allowed.includes(fallback))
      this.problems.push(
        problem("input.invalid-value", `the default of \`${input.name}\` is none of its allowed values`, {
          at: this.#at([...path, "default"]),
        }),
      );
    if (fallback !== null && input.required === true)
      this.problems.push(
        problem("input.invalid-value", `the parameter \`${input.name}\` is required and has a default`, {
          hint: "keep one of the two",
          at: this.#at([...path, "required"]),
        }),
      );
    if (allowed !== null && new Set(allowed).size < allowed.length)
      this.problems.push(
        problem("input.invalid-value", `the parameter \`${input.name}\` has an allowed value twice`, {
          at: this.#at([...path, "allowed"]),
        }),
      );
    return {
      name: input.name,
      type,
      description: input.description ?? null,
      required: input.required ?? false,
      default: fallback,
      allowed,
    };
  }

  on(input: JobInput["on"]): readonly string[] {
    const names = input === undefined ? [] : typeof input === "string" ? [input] : input;
    for (const [index, name] of names.entries())
      if (names.indexOf(name) < index)
        this.problems.push(problem("input.invalid-value", `the node \`${name}\` is given twice`, { at: this.#at(["on", index]) }));
    return names;
  }
}

const exitCodesOf = (input: JobInput["successExitCodes"]): ExitCodes => {
  if (input === undefined) return [[0, 0]];
  return parseExitCodes((Array.isArray(input) ? input : [input]).join(",")) ?? [[0, 0]];
};

/** Reads a value (of a YAML document or a JSON body) as a job. Every problem found is in the answer, at most 21. */
export const readJob = (value: unknown, place: InputPlace = { document: null, locate: null }): Result<Job> => {
  const parsed = jobSchema.safeParse(value);
  if (!parsed.success) {
    const [first, ...also] = problemsOf(parsed.error.issues, value, place.locate, place.document, Object.keys(jobSchema.shape));
    return refuseAll([first ?? problem("input.invalid-value", "the job is not valid"), ...also]);
  }
  const input = parsed.data;
  const reader = new JobReader(place);
  const job: Job = {
    path: input.path,
    title: input.title ?? null,
    requires: input.requires ?? "operator",
    program:
      "shell" in input.run
        ? { kind: "shell", text: input.run.shell }
        : { kind: "program", file: input.run.program, args: input.run.args ?? [] },
    as: reader.as(input.as),
    on: reader.on(input.on),
    parameters: reader.parameters(input.parameters),
    environment: Object.fromEntries(Object.entries(input.environment ?? {}).map(([name, item]) => [name, String(item)])),
    workingDirectory: input.workingDirectory ?? null,
    umask: input.umask === undefined ? null : input.umask.slice(-3),
    timeoutMs: input.timeout === undefined ? null : parseDuration(input.timeout),
    graceMs: input.grace === undefined ? defaultGraceMs : (parseDuration(input.grace) ?? defaultGraceMs),
    outputBytes: input.outputLimit === undefined ? defaultOutputBytes : (parseSize(input.outputLimit) ?? defaultOutputBytes),
    successExitCodes: exitCodesOf(input.successExitCodes),
    restartable: input.restartable ?? false,
  };
  const [first, ...also] = reader.problems;
  return first === undefined ? ok(job) : refuseAll([first, ...also]);
};

/** Reads one YAML document as a job. */
export const readJobDocument = (document: YamlDocument): Result<Job> =>
  readJob(document.value, { document: document.index, locate: (path) => document.locate(path) });

const renderParameter = ({ type, description, required, default: fallback, allowed }: Parameter): Record<string, unknown> => ({
  type,
  ...(description === null ? {} : { description }),
  ...(required ? { required } : {}),
  ...(fallback === null ? {} : { default: fallback }),
  ...(allowed === null ? {} : { allowed }),
});

/** The document that a job would be written as: what differs from the defaults, in the usual order. */
export const renderJobDocument = (job: Job): Record<string, unknown> => ({
  kind: "Job",
  path: job.path,
  ...(job.title === null ? {} : { title: job.title }),
  requires: job.requires,
  run:
    job.program.kind === "shell"
      ? { shell: job.program.text }
      : { program: job.program.file, ...(job.program.args.length === 0 ? {} : { args: job.program.args }) },
  as: job.as.kind === "agent" ? "agent" : { credential: job.as.key, ...(job.as.loadProfile ? { loadProfile: true } : {}) },
  ...(job.on.length === 0 ? {} : { on: job.on }),
  ...(job.parameters.length === 0
    ? {}
    : { parameters: job.parameters.map((parameter) => ({ name: parameter.name, ...renderParameter(parameter) })) }),
  ...(Object.keys(job.environment).length === 0 ? {} : { environment: job.environment }),
  ...(job.workingDirectory === null ? {} : { workingDirectory: job.workingDirectory }),
  ...(job.umask === null ? {} : { umask: job.umask }),
  ...(job.timeoutMs === null ? {} : { timeout: renderDuration(job.timeoutMs) }),
  ...(job.graceMs === defaultGraceMs ? {} : { grace: renderDuration(job.graceMs) }),
  ...(job.outputBytes === defaultOutputBytes ? {} : { outputLimit: renderSize(job.outputBytes) }),
  ...(renderExitCodes(job.successExitCodes) === "0" ? {} : { successExitCodes: renderExitCodes(job.successExitCodes) }),
  ...(job.restartable ? { restartable: true } : {}),
});

/** A block of lines keeps no white space before its first word, and none on lines that hold nothing else; a carriage return ends a line there. */
const isLostInBlock = (text: string): boolean => text.includes("\n") && (/^\s|\r/.test(text) || /\n[ \t]+(?:\n|$)/.test(text));

/** What `behalf get job -o yaml` shows. */
export const renderJobYaml = (job: Job): string => {
  const document = new Document(renderJobDocument(job), { version: "1.2", aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_key, node) => {
      if (typeof node.value === "string" && isLostInBlock(node.value)) node.type = "QUOTE_DOUBLE";
    },
  });
  return document.toString({ lineWidth: 0 });
};

/** The credential keys that a job names: whoever saves it needs the permission to use them on its folder (S6). */
export const keysOf = (job: Job): readonly string[] => (job.as.kind === "credential" ? [job.as.key] : []);
