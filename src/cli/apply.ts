/** `behalf apply -f FILE…`: definitions from YAML, all or nothing. */
import { isUtf8 } from "node:buffer";
import { readFileSync } from "node:fs";
import { fail, ProblemError, type Problem } from "#kernel/problem.ts";
import type { ApiClient } from "#cli/api-client.ts";
import type { AddCommand } from "#cli/command.ts";
import { ExitCode } from "#cli/exit-code.ts";
import { exitCodeOf, renderProblem, renderTable, type Output } from "#cli/output.ts";
import { printWhatIf, type WhatIfAnswer } from "#cli/what-if.ts";

interface ApplyAnswer {
  readonly results: readonly {
    readonly kind: string;
    readonly name: string;
    readonly change: string;
    readonly revision: number | null;
    readonly notices: readonly string[];
    readonly oneTimePassword: string | null;
  }[];
  readonly notices: readonly { readonly text: string }[];
}

const maxStandardInputBytes = 1024 * 1024;

const readStandardInput = async (): Promise<Buffer> => {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of process.stdin) {
    bytes += (piece as Buffer).length;
    if (bytes > maxStandardInputBytes) fail("input.too-large", "standard input holds more than 1 MiB");
    pieces.push(piece as Buffer);
  }
  return Buffer.concat(pieces);
};

/** Other bytes are refused, never replaced: a script would change on its way. A mark at the beginning goes. */
const decodeText = (bytes: Buffer, name: string): string => {
  if (isUtf8(bytes)) return new TextDecoder().decode(bytes);
  const lines = bytes.toString("latin1").split("\n");
  const line = lines.findIndex((text) => !isUtf8(Buffer.from(text, "latin1"))) + 1;
  return fail("cli.unreadable-file", `${name} is not UTF-8 text`, { at: { line }, hint: "save it as UTF-8" });
};

/** The text of a file, or of standard input for `-`. */
export const readInput = async (path: string): Promise<string> => {
  if (path === "-") return decodeText(await readStandardInput(), "standard input");
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    return fail("cli.unreadable-file", `the file \`${path}\` cannot be read`, { cause: error });
  }
  return decodeText(bytes, `the file \`${path}\``);
};

const between = "\n---\n";
const linesIn = (text: string): number => text.split("\n").length - 1;

/** The documents of several files as one text, and where each file begins in it. */
export const joinFiles = async (
  paths: readonly string[],
): Promise<{ readonly documents: string; readonly files: readonly { readonly name: string; readonly line: number }[] }> => {
  const texts: string[] = [];
  const files: { name: string; line: number }[] = [];
  let line = 1;
  for (const path of paths) {
    const text = await readInput(path);
    texts.push(text);
    files.push({ name: path === "-" ? "standard input" : path.slice(-500), line });
    line += linesIn(text) + linesIn(between);
  }
  return { documents: texts.join(between), files };
};

type Given = Awaited<ReturnType<typeof joinFiles>>;

/** Refusals of what was read and understood: the what-if shows what they come from. */
const refusals: readonly string[] = ["identity.confirmation-needed", "identity.last-administrator", "policy.test-failed"];

/** What applying would answer, or what it would be refused with. */
const tryApply = async (api: ApiClient, given: Given, confirm: boolean): Promise<ApplyAnswer | Problem> => {
  try {
    return await api.call<ApplyAnswer>("POST", "/api/v1/definitions", { ...given, dryRun: true, confirm });
  } catch (error) {
    if (error instanceof ProblemError && refusals.includes(error.problem.code)) return error.problem;
    throw error;
  }
};

/** Null: the caller may not see what others gain and lose. */
const askWhatIf = async (api: ApiClient, given: Given, days: number): Promise<WhatIfAnswer | null> => {
  try {
    return await api.call<WhatIfAnswer>("POST", "/api/v1/what-if", { ...given, days });
  } catch (error) {
    if (error instanceof ProblemError && exitCodeOf(error.problem) === 3) return null;
    throw error;
  }
};

const changeWords = { create: "created", edit: "changed", delete: "removed", none: "unchanged" } as const;

const printResults = (output: Output, answer: ApplyAnswer, isDryRun: boolean): void => {
  output.print(
    renderTable(
      output,
      ["kind", "name", "change", "revision"],
      answer.results.map((one) => [one.kind, one.name, isDryRun ? `would be ${one.change}` : one.change, String(one.revision ?? "-")]),
      "no documents",
    ),
  );
  for (const one of answer.results) {
    if (one.oneTimePassword !== null)
      output.print(`one-time password of ${one.name}: ${output.paint("bold", one.oneTimePassword)}   shown only now`);
  }
  for (const one of answer.results)
    for (const notice of one.notices) output.note(`${output.paint("yellow", "note")}: ${one.name}: ${notice}`);
  for (const { text } of answer.notices) output.note(`${output.paint("yellow", "note")}: ${text}`);
};

/** Says what would happen, and ends as the apply would end. */
const dryRun = async (api: ApiClient, output: Output, given: Given, options: { days: number; confirm: boolean }): Promise<void> => {
  const tried = await tryApply(api, given, options.confirm);
  const refusal = "results" in tried ? null : tried;
  const isPolicy = refusal !== null || ("results" in tried && tried.results.some(({ kind }) => kind !== "Job"));
  const whatIf = isPolicy ? await askWhatIf(api, given, options.days) : null;
  if (refusal !== null && whatIf === null) throw new ProblemError(refusal);
  const answer: ApplyAnswer =
    "results" in tried
      ? tried
      : {
          results: (whatIf?.changes ?? []).map(({ action, ...one }) => ({ ...one, change: changeWords[action], oneTimePassword: null })),
          notices: whatIf?.notices ?? [],
        };
  if (output.json) output.printJson({ ...answer, dryRun: true, whatIf, refusal });
  else {
    printResults(output, answer, true);
    if (whatIf !== null) printWhatIf(output, whatIf);
    if (refusal !== null) process.stderr.write(`${renderProblem(output, refusal)}\n`);
  }
  if (refusal !== null) throw new ExitCode(exitCodeOf(refusal));
};

const daysOf = (text: string): number =>
  /^\d{1,3}$/.test(text) && Number(text) <= 366
    ? Number(text)
    : fail("cli.usage", `\`${text.slice(0, 20)}\` is not a number of days`, { hint: "give 0 to 366, e.g. `--days 30`" });

/** An option that may be given several times. */
export const collect = (value: string, before: string[]): string[] => [...before, value];

export const addApplyCommand: AddCommand = (program, act) => {
  program
    .command("apply")
    .description("create or change what YAML documents define; all of them or none")
    .requiredOption("-f, --file <file>", "a file of YAML documents, `-` for standard input; may be given several times", collect, [])
    .option("--confirm", "go on although a change takes or widens access in a way that was asked back about")
    .option("--dry-run", "check everything, say what would change and who would gain and lose what, but change nothing")
    .option("--days <n>", "with --dry-run: decide the submissions of the last n days again (default 30; 0: none)")
    .action(
      act(async ({ api, output }, options: { file: string[]; dryRun?: boolean; confirm?: boolean; days?: string }) => {
        const days = daysOf(options.days ?? "30");
        const given = await joinFiles(options.file);
        const confirm = options.confirm === true;
        if (options.dryRun === true) return await dryRun(api(), output, given, { days, confirm });
        const answer = await api().call<ApplyAnswer>("POST", "/api/v1/definitions", { ...given, confirm });
        if (output.json) return output.printJson(answer);
        return printResults(output, answer, false);
      }),
    );
};
