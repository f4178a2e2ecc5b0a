/** Turns what Zod found into problems with line and column. Messages name fields, never values (W7). */
import type { z } from "zod";
import { problem, type Problem } from "#kernel/problem.ts";
import type { ProblemCode } from "#kernel/problem-codes.ts";
import { nearest } from "#jobs/rules/nearest.ts";

export type Locate = (path: readonly (string | number)[]) => { readonly line: number; readonly column: number };

type Issue = z.core.$ZodIssue;
type Path = readonly (string | number)[];

const nameOf = (path: Path): string =>
  path.reduce<string>((text, step) => (typeof step === "number" ? `${text}[${step}]` : text === "" ? step : `${text}.${step}`), "");

/** Only names that can be shown as they are. */
const shown = (name: string): string =>
  (name.length > 60 ? `${name.slice(0, 60)}…` : name).replaceAll("`", "'").replace(/[\p{Cc}\p{Cf}]/gu, "\uFFFD");

const typeNames: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "an integer",
  boolean: "`true` or `false`",
  array: "a list",
  object: "a mapping",
  record: "a mapping",
  null: "nothing",
};
const typeOf = (value: unknown): string => (value === null ? "null" : Array.isArray(value) ? "array" : typeof value);

const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (found, step) => (typeof found === "object" && found !== null ? (found as Record<string | number, unknown>)[step] : undefined),
    value,
  );

/** Of the branches of a union, the one the author most likely meant: the first that agrees with the kind of value that was given. */
const meantBranch = (errors: readonly (readonly Issue[])[], given: unknown): readonly Issue[] | null => {
  const ofKind = errors.filter(
    (issues) => !issues.some((issue) => issue.path.length === 0 && (issue.code === "invalid_type" || issue.code === "invalid_value")),
  );
  if (ofKind.length <= 1) return ofKind[0] ?? null;
  if (typeof given !== "object" || given === null) return ofKind[0] ?? null;
  // Several mappings: the one that knows most of the fields given.
  const unknown = (issues: readonly Issue[]): number =>
    issues.reduce((count, issue) => count + (issue.code === "unrecognized_keys" && issue.path.length === 0 ? issue.keys.length : 0), 0);
  return ofKind.toSorted((left, right) => unknown(left) - unknown(right))[0] ?? null;
};

/** What may stand where nothing of the union fits. */
const expectedOf = (errors: readonly (readonly Issue[])[]): string => {
  const names = new Set<string>();
  for (const issues of errors)
    for (const issue of issues) {
      if (issue.path.length > 0) continue;
      if (issue.code === "invalid_type") names.add(typeNames[issue.expected] ?? issue.expected);
      if (issue.code === "invalid_value") names.add(issue.values.map((value) => `\`${String(value)}\``).join(", "));
    }
  return [...names].join(" or ");
};

/** The problems of a value that a schema refused. `root` is the value, `fields` the names that may stand at the top. */
export const problemsOf = (
  issues: readonly Issue[],
  root: unknown,
  locate: Locate | null,
  document: number | null,
  fields: readonly string[],
): readonly Problem[] => {
  const found: Problem[] = [];
  const add = (code: ProblemCode, path: Path, message: string, hint?: string): void => {
    found.push(
      problem(code, message, {
        ...(hint === undefined ? {} : { hint }),
        at: {
          ...(document === null ? {} : { document }),
          ...(locate === null ? {} : locate(path)),
          ...(path.length === 0 ? {} : { path: shown(nameOf(path)) }),
        },
      }),
    );
  };
  const visit = (issue: Issue, base: Path): void => {
    const path = [...base, ...(issue.path as (string | number)[])];
    const name = shown(nameOf(path));
    const given = valueAt(root, path);
    switch (issue.code) {
      case "unrecognized_keys": {
        for (const key of issue.keys) {
          const close = nearest(
            key,
            path.length === 0
              ? fields
              : [
                  "shell",
                  "program",
                  "args",
                  "credential",
                  "loadProfile",
                  "group",
                  "name",
                  "type",
                  "description",
                  "required",
                  "default",
                  "allowed",
                ],
          );
          add(
            "input.unknown-field",
            [...path, key],
            `the field \`${shown(nameOf([...path, key]))}\` is unknown`,
            close === null ? undefined : close === key ? "it cannot stand beside the other fields here" : `did you mean \`${close}\`?`,
          );
        }
        return;
      }
      case "invalid_union": {
        const meant = meantBranch(issue.errors, given);
        if (meant !== null && meant.length > 0) for (const inner of meant) visit(inner, path);
        else if (given === undefined) add("input.missing-field", path, `the field \`${name}\` is missing`);
        else add("input.wrong-type", path, `the field \`${name}\` must be ${expectedOf(issue.errors) || "of another kind"}`);
        return;
      }
      case "invalid_type":
        if (given === undefined) add("input.missing-field", path, `the field \`${name}\` is missing`);
        else {
          const quote = issue.expected === "string" && typeof given !== "object" ? "put the value in quotes" : undefined;
          add(
            "input.wrong-type",
            path,
            `${name === "" ? "the document" : `the field \`${name}\``} must be ${typeNames[issue.expected] ?? issue.expected}, not ${typeNames[typeOf(given)] ?? "this"}`,
            quote,
          );
        }
        return;
      case "invalid_value":
        if (given === undefined) add("input.missing-field", path, `the field \`${name}\` is missing`);
        else {
          const allowed = issue.values.map(String);
          const close = typeof given === "string" ? nearest(given, allowed) : null;
          add(
            "input.invalid-value",
            path,
            `the field \`${name}\` must be one of ${allowed.map((value) => `\`${value}\``).join(", ")}`,
            close === null ? undefined : `did you mean \`${close}\`?`,
          );
        }
        return;
      case "invalid_key": {
        const why = issue.issues[0]?.message ?? "the name is not allowed";
        add(why.includes("reserved") ? "input.forbidden-name" : "input.invalid-value", path, `the name \`${name}\` is refused: ${why}`);
        return;
      }
      case "custom": {
        const code = (issue.params as { problem?: ProblemCode } | undefined)?.problem;
        if (code !== undefined) add(code, path, issue.message);
        else
          add(
            issue.message.includes("reserved") ? "input.forbidden-name" : "input.invalid-value",
            path,
            `the field \`${name}\` is refused: ${issue.message}`,
          );
        return;
      }
      case "too_big":
      case "too_small":
      case "invalid_format":
        add(
          "input.invalid-value",
          path,
          `the field \`${name}\` is refused: ${/^(?:it|a) /.test(issue.message) ? issue.message : "it is out of range"}`,
        );
        return;
      default:
        add("input.invalid-value", path, `the field \`${name}\` has a value that is not allowed`);
    }
  };
  for (const issue of issues) visit(issue, []);
  return found;
};
