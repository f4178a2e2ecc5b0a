/** Arguments of a submission against the parameters that the job declares. Values are text; they reach the job as environment. Pure. */
import { problem, type Problem } from "#kernel/problem.ts";
import { ok, refuse, type Result } from "#kernel/result.ts";
import type { Parameter } from "#jobs/rules/job.ts";
import { nearest } from "#jobs/rules/nearest.ts";

/** Longest value, characters: Linux takes no environment entry beyond 128 KiB, and a character is up to 3 bytes here. */
export const longestValue = 32 * 1024;
const longestTotal = 128 * 1024;

const integerPattern = /^[+-]?\d{1,19}$/;
const numberPattern = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?$/;
const booleans: Readonly<Record<string, string>> = { true: "true", false: "false" };

/** The one text of a value of the type, or why it is none. */
export const readValue = (type: Parameter["type"], text: string): { readonly value: string } | { readonly why: string } => {
  if (text.length > longestValue) return { why: `it is longer than ${longestValue} characters` };
  if (text.includes("\u0000")) return { why: "it has a NUL character" };
  if (!text.isWellFormed()) return { why: "it has half of a character" };
  switch (type) {
    case "string":
      return { value: text };
    case "integer": {
      if (!integerPattern.test(text)) return { why: "it is not an integer" };
      const value = BigInt(text.startsWith("+") ? text.slice(1) : text);
      return value >= -(2n ** 63n) && value < 2n ** 63n ? { value: value.toString() } : { why: "it does not fit 64 bits" };
    }
    case "number":
      return text.length <= 100 && numberPattern.test(text) && Number.isFinite(Number(text))
        ? { value: text }
        : { why: "it is not a number" };
    case "boolean": {
      const value = booleans[text.toLowerCase()];
      return value === undefined ? { why: "it is neither `true` nor `false`" } : { value };
    }
  }
};

/** Whether an allowed value is meant by the given one. Numbers are compared by value: `1.0` is `1`. */
const sameValue = (type: Parameter["type"], left: string, right: string): boolean =>
  left === right || (type === "number" && Number(left) === Number(right));

/** One value against its parameter. Messages name the parameter, never the value: it may be confidential. */
const checkOne = (parameter: Parameter, given: string): Result<string> => {
  const at = { path: `arguments.${parameter.name}` };
  const read = readValue(parameter.type, given);
  if ("why" in read) return refuse(problem("jobs.invalid-argument", `the argument \`${parameter.name}\` is refused: ${read.why}`, { at }));
  const { allowed } = parameter;
  if (allowed === null) return ok(read.value);
  const found = allowed.find((value) => sameValue(parameter.type, value, read.value));
  if (found !== undefined) return ok(found);
  const listed = allowed.slice(0, 10).map((value) => `\`${value.slice(0, 40)}\``);
  return refuse(
    problem("jobs.invalid-argument", `the argument \`${parameter.name}\` has a value that is not allowed`, {
      at,
      hint: `give one of ${listed.join(", ")}${allowed.length > 10 ? ", …" : ""}`,
    }),
  );
};

/** The final values by name, defaults filled in. A parameter without value and default is left out. */
export const resolveArguments = (
  parameters: readonly Parameter[],
  given: Readonly<Record<string, string>>,
): Result<Readonly<Record<string, string>>> => {
  const problems: Problem[] = [];
  const byName = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  for (const name of Object.keys(given)) {
    if (byName.has(name)) continue;
    const close = nearest(name, [...byName.keys()]);
    const shown = name.length > 60 || !/^[\x20-\x7e]*$/.test(name) ? "…" : name.replaceAll("`", "'");
    problems.push(
      problem("jobs.unknown-argument", `the job has no parameter \`${shown}\``, {
        at: { path: "arguments" },
        ...(close === null ? {} : { hint: `did you mean \`${close}\`?` }),
      }),
    );
    if (problems.length === 20) break;
  }
  const values: [string, string][] = [];
  let total = 0;
  for (const parameter of parameters) {
    const text = Object.hasOwn(given, parameter.name) ? given[parameter.name] : undefined;
    if (text === undefined) {
      if (parameter.default !== null) values.push([parameter.name, parameter.default]);
      else if (parameter.required)
        problems.push(
          problem("jobs.missing-argument", `the argument \`${parameter.name}\` is required`, {
            at: { path: `arguments.${parameter.name}` },
            hint: `give it with \`--arg ${parameter.name}=VALUE\``,
          }),
        );
      continue;
    }
    const checked = checkOne(parameter, text);
    if (!checked.ok) problems.push(checked.problem);
    else {
      values.push([parameter.name, checked.value]);
      total += checked.value.length;
    }
  }
  if (total > longestTotal)
    problems.push(
      problem("jobs.invalid-argument", `all arguments together are longer than ${longestTotal} characters`, { at: { path: "arguments" } }),
    );
  const [first, ...also] = problems;
  return first === undefined ? ok(Object.fromEntries(values)) : refuse(also.length === 0 ? first : { ...first, also: also.slice(0, 20) });
};
