/** What a draft of the policy would change, for people: who gains and loses what, which submissions, what stands in its way. */
import type { Because } from "#kernel/problem.ts";
import { plainText, renderTable, renderTime, type Output } from "#cli/output.ts";

export interface TestAnswer {
  readonly name: string;
  readonly passed: boolean;
  readonly cases: readonly {
    readonly case: string;
    readonly source: string | null;
    readonly passed: boolean;
    readonly message: string;
    readonly because: Because | null;
    readonly change: string | null;
  }[];
}

interface LineAnswer {
  readonly accessId: string;
  readonly name: string;
  readonly permission: string;
  readonly controller: string | null;
  readonly exceptControllers: readonly string[];
  readonly folders: readonly string[] | null;
  readonly exceptFolders: readonly string[];
}

export interface WhatIfAnswer {
  readonly changes: readonly {
    readonly kind: string;
    readonly name: string;
    readonly action: "create" | "edit" | "delete" | "none";
    readonly revision: number | null;
    readonly notices: readonly string[];
  }[];
  readonly gains: readonly LineAnswer[];
  readonly losses: readonly LineAnswer[];
  readonly totals: { readonly accounts: number; readonly gains: number; readonly losses: number };
  readonly submissions: {
    readonly days: number;
    readonly compared: number;
    readonly otherwiseTotal: number;
    readonly otherwise: readonly {
      readonly id: string | null;
      readonly job: string;
      readonly submitter: { readonly name: string };
      readonly at: string;
      readonly before: string;
      readonly after: string;
      readonly because: Because;
    }[];
  };
  readonly guards: readonly { readonly code: string; readonly message: string; readonly confirm: boolean }[];
  readonly tests: readonly TestAnswer[];
  readonly notices: readonly { readonly text: string }[];
}

/** People read the first of them; `--json` has what the API gives. */
const mostShown = 50;

const more = (output: Output, all: number): void => {
  if (all > mostShown) output.print(output.paint("dim", `… and ${all - mostShown} more: --json shows them`));
};

const placeOf = ({ folders, exceptFolders }: LineAnswer): string =>
  folders === null
    ? "everywhere"
    : [folders.join(" "), ...(exceptFolders.length === 0 ? [] : [`but ${exceptFolders.join(" ")}`])].join(" ");

const controllerOf = ({ controller, exceptControllers }: LineAnswer): string =>
  controller ?? (exceptControllers.length === 0 ? "all" : `all but ${exceptControllers.join(" ")}`);

const printLines = (output: Output, sign: string, lines: readonly LineAnswer[], total: number): void => {
  if (lines.length === 0) return;
  output.print(
    renderTable(
      output,
      [sign, "permission", "folders", "controllers"],
      lines.slice(0, mostShown).map((line) => [line.name, line.permission, placeOf(line), controllerOf(line)]),
      "",
    ),
  );
  more(output, total);
};

const printBecause = (output: Output, because: Because, depth: number): void => {
  output.print(`${"  ".repeat(depth)}${plainText(because.text)} ${output.paint("dim", because.rule)}`);
  for (const child of because.children ?? []) if (child.rule !== "may.smallest-change") printBecause(output, child, depth + 1);
};

/** Each failing case with its reasons and what would mend it; of the others how many there are. */
export const printTests = (output: Output, tests: readonly TestAnswer[]): void => {
  for (const test of tests) {
    const failed = test.cases.filter((one) => !one.passed);
    const mark = test.passed ? output.paint("green", "✔") : output.paint("red", "✘");
    const count = failed.length === 0 ? `${test.cases.length}` : `${failed.length} of ${test.cases.length} fail`;
    output.print(`${mark} ${plainText(test.name)} (${count})`);
    for (const one of failed) {
      const source = one.source === null ? "" : ` ${output.paint("dim", plainText(one.source))}`;
      output.print(`    ${output.paint("red", plainText(one.case))}${source}`);
      if (one.because === null || one.because.text !== one.message) output.print(`      ${plainText(one.message)}`);
      if (one.because !== null) printBecause(output, one.because, 3);
      if (one.change !== null) output.print(`      would hold if: ${plainText(one.change)}`);
    }
  }
};

export const printWhatIf = (output: Output, answer: WhatIfAnswer): void => {
  const { totals, submissions } = answer;
  if (totals.accounts === 0) output.print("nobody gains or loses anything");
  printLines(output, "gains", answer.gains, totals.gains);
  printLines(output, "loses", answer.losses, totals.losses);
  if (submissions.days > 0)
    output.print(
      `submissions of the last ${submissions.days} days: ${submissions.compared} decided again, ${submissions.otherwiseTotal} otherwise`,
    );
  if (submissions.otherwise.length > 0)
    output.print(
      renderTable(
        output,
        ["submission", "job", "submitter", "at", "decided", "because"],
        submissions.otherwise
          .slice(0, mostShown)
          .map((one) => [
            one.id ?? "was refused",
            one.job,
            one.submitter.name,
            renderTime(one.at),
            `${one.before} -> ${one.after}`,
            one.because.text,
          ]),
        "",
      ),
    );
  more(output, submissions.otherwiseTotal);
  printTests(output, answer.tests);
  for (const guard of answer.guards)
    output.print(
      `${guard.confirm ? output.paint("yellow", "to be confirmed") : output.paint("red", "refused")}: ${plainText(guard.message)} ${output.paint("dim", guard.code)}`,
    );
};
