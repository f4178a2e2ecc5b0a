/** What a node may be called, and which labels the manager may set (S8). Pure. */
import { problem } from "#kernel/problem.ts";
import { record, readShape, text } from "#kernel/shape.ts";
import { ok, refuse, type Result } from "#kernel/result.ts";

// ASCII and lower case only: no two names look alike.
const namePattern = /^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/;

/** The name, or why it is none. */
export const readNodeName = (name: unknown): Result<string> =>
  typeof name === "string" && namePattern.test(name)
    ? ok(name)
    : refuse(
        problem(
          "nodes.bad-name",
          "the node's name is not 1 to 63 lower-case letters, digits, `.`, `_` or `-`, beginning and ending with a letter or digit",
        ),
      );

const labels = record(
  /^[a-z0-9](?:[a-z0-9._/-]{0,61}[a-z0-9])?$/,
  "a label's name (lower-case letters, digits, `.`, `_`, `-`, `/`)",
  text({ max: 255 }),
  64,
);

export const readLabels = (value: unknown): Result<Readonly<Record<string, string>>> => readShape(labels, value, "the labels");
