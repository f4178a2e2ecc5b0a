/** A problem of text that somebody wrote, as marks at its lines. */
import type { ApiProblem } from "#web/api/api-problem.ts";
import type { CodeProblem } from "#web/components/code-editor.tsx";

export const problemMarks = (problem: ApiProblem): readonly CodeProblem[] =>
  [{ message: problem.message, line: problem.body?.at?.line ?? null }, ...problem.further].flatMap(({ message, line }): CodeProblem[] =>
    line === null ? [] : [{ line, message, severity: "error" }],
  );
